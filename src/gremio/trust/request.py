"""What somebody wants to execute."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gremio.code import CodeTree
from gremio.trust.grant import Grant

Role = Literal["named", "found"]


@dataclass(frozen=True)
class CodeRequest:
    """A tree, how the caller came to it, and what the caller granted.

    ``role`` is ``named`` for code that the caller names as code (``custom_pipeline``, ``load_class``) and ``found``
    for code that lies in the model. ``sole`` says that the call names no other code, so that
    ``trust_remote_code=True`` means this one. ``component`` is the one that the code is for, where it lies in another
    repository than the model.
    """

    ref: str
    tree: CodeTree
    grant: Grant
    role: Role = "named"
    sole: bool = True
    component: str = ""

    @property
    def granted(self) -> bool:
        """Whether the caller's grant covers this tree, by digest, place, or ``True``."""
        meant = self.role == "named" or self.sole
        return self.by_digest or self.grant.names_place(self.tree) or (self.grant.named and meant)

    @property
    def by_digest(self) -> bool:
        """Whether exactly these bytes were granted."""
        return self.tree.digest in self.grant.digests

    def pinned_by(self, commit: str) -> str:
        """The argument that keeps this code at a commit."""
        if self.role == "named":
            return f"custom_revision={commit!r}"
        return f"revision={ ({self.component: commit} if self.component else commit)!r}"
