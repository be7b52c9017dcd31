"""What a lock says of one pipeline: its code and its model, each at a commit, with a hash per file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gremio.code import CodeTree, Digest, Origin
from gremio.sources.mirror import COMMUNITY
from gremio.trust.approvals import Approval


@dataclass(frozen=True)
class LockedCode:
    """Code at one commit: where it lies, the digest of the whole, and the SHA-256 of every file by logical path.

    ``packages`` are what the code imports, and what it was locked with, by their versions; empty where a package was
    not installed. ``approval`` says who let it run; without one it does not.
    """

    origin: Origin
    entry: str
    digest: Digest
    files: Mapping[str, str] = field(repr=False)
    packages: Mapping[str, str] = field(default_factory=dict, repr=False)
    approval: Approval | None = None

    @property
    def ref(self) -> str:
        """The ref that names exactly this code."""
        origin = self.origin
        if origin.source == "hub":
            return f"hub:{origin.repo}@{origin.commit}:{self.entry}"
        if origin.source == "local":
            return f"./{origin.repo}"
        revision = origin.path if origin.path != COMMUNITY else origin.commit
        return f"mirror:{self.entry.removesuffix('.py')}@{revision}"

    @classmethod
    def of(cls, tree: CodeTree, packages: Mapping[str, str], approval: Approval | None) -> LockedCode:
        """Read off a tree."""
        files = {path: str(Digest.of_bytes(data)) for path, data in tree.files.items()}
        return cls(tree.origin, tree.entry, tree.digest, files, packages, approval)

    def tree(self, files: Mapping[str, bytes], origin: Origin) -> CodeTree:
        """The tree again, from its files and from where they lie on this machine."""
        return CodeTree(files, self.entry, origin)


@dataclass(frozen=True)
class LockedModel:
    """A model's repository at a commit, or a local folder (whose ``commit`` is empty), with a hash per file.

    ``code`` is what lies in it and would be executed: its pipeline's class, its components'.
    """

    repo: str
    commit: str
    files: Mapping[str, str] = field(repr=False)
    variant: str = ""
    code: LockedCode | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a folder."""
        return not self.commit


@dataclass(frozen=True)
class LockEntry:
    """One pipeline of a project.

    ``ref``, ``revision``, ``class_name``, ``model``, ``model_revision`` and ``variant`` are what was asked for, as it
    was written; ``code`` and ``weights`` are what that was. One of the two may be missing: code without weights is
    for ``from_pipe``, and a model may need none but standard code. ``sandbox`` says that it runs confined only, for
    which nobody has to approve its code.
    """

    name: str
    ref: str = ""
    revision: str = ""
    class_name: str = ""
    model: str = ""
    model_revision: str = ""
    variant: str = ""
    code: LockedCode | None = None
    weights: LockedModel | None = None
    sandbox: bool = False

    @property
    def codes(self) -> tuple[LockedCode, ...]:
        """All code that a load of this executes."""
        found = (self.code, self.weights.code if self.weights else None)
        return tuple(code for code in found if code is not None)

    @property
    def digest(self) -> Digest:
        """Of everything that decides what runs and draws; approvals and versions of packages apart."""
        said: dict[str, Any] = {
            "class": self.class_name,
            "variant": self.variant,
            "codes": [[code.digest.hex, code.entry] for code in self.codes],
            "files": dict(sorted(self.weights.files.items())) if self.weights else {},
        }
        return Digest(hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest())
