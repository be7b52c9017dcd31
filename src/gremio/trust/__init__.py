"""The gate: the only maker of ``ApprovedCode``, which is the only thing that can be executed.

In comes a ``CodeRequest`` (a tree, who asks for it as what, and the caller's grant); out comes ``ApprovedCode``, or a
refusal that says how to go on.

Open ``gate.py`` for a rule of who may run, ``grant.py`` for what ``trust_remote_code`` means, ``request.py`` for
what is known of code when it is asked for; ``model_files`` for what a model's other files may not hold.
"""

from gremio.trust.gate import ApprovedCode, authorize, recall
from gremio.trust.grant import Grant
from gremio.trust.request import CodeRequest

__all__ = ["ApprovedCode", "CodeRequest", "Grant", "authorize", "recall"]
