"""Who may run: the only maker of ``ApprovedCode``."""

from gremio.trust.approval import ApprovedCode, authorize, recall
from gremio.trust.grant import Grant
from gremio.trust.request import CodeRequest

__all__ = ["ApprovedCode", "CodeRequest", "Grant", "authorize", "recall"]
