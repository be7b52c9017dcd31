"""A project: its folder, how it reaches the Hub, and what of its entries lies on this machine."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gremio.code import CodeTree, Origin
from gremio.errors import LockError, NotAsLocked, NotTrusted
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.sources.trees import Trees
from gremio.trust.approvals import Approvals
from gremio.workspace.entry import LockedCode, LockEntry
from gremio.workspace.locked_model import LockedHome


@dataclass(frozen=True)
class Project:
    """``folder`` holds ``gremio.lock``; local paths in the lock are relative to it."""

    folder: Path
    settings: Settings
    access: Access

    def absolute(self, origin: Origin) -> Origin:
        """Where code lies as this machine knows it."""
        if origin.source != "local":
            return origin
        return replace(origin, repo=os.path.realpath(self.folder / origin.repo))

    def relative(self, place: str) -> str:
        """A place on this machine as the lock has it."""
        return Path(os.path.relpath(place, self.folder)).as_posix()

    def tree(self, entry: LockEntry, code: LockedCode) -> CodeTree:
        """Locked code from the store, hashed again.

        Raises:
            NotAsLocked: it isn't here.
        """
        files = Trees(self.settings.home).files(code.digest)
        if files is None:
            raise NotAsLocked(
                f"its code {code.digest.short} is not on this machine",
                paths=list(code.files),
                ref=entry.name,
                next_step=f"`gremio sync {entry.name}` fetches it.",
            )
        return code.tree(files, self.absolute(code.origin))

    def model(self, entry: LockEntry) -> LockedHome:
        """The model of an entry, as it is locked.

        Raises:
            LockError: it has none.
            NotAsLocked: the code in it isn't here.
        """
        weights = entry.weights
        if weights is None:
            raise LockError(
                "the entry has code and no model",
                ref=entry.name,
                next_step=f"Workspace.from_pipe({entry.name!r}, pipe) makes it over a loaded pipeline.",
            )
        code: Mapping[str, bytes] = self.tree(entry, weights.code).files if weights.code else {}
        return LockedHome(
            weights, code, project=self.folder, settings=self.settings, access=self.access, ref=entry.name
        )

    def unapproved(self, entry: LockEntry) -> list[LockedCode]:
        """The code of an entry that nobody approved, in the lock or on this machine; in a sandbox none needs to be."""
        if entry.sandbox:
            return []
        known = Approvals(self.settings)
        return [code for code in entry.codes if code.approval is None and known.get(code.digest) is None]

    def require_approved(self, entry: LockEntry) -> None:
        """Refuse an entry with code that nobody approved.

        Raises:
            NotTrusted: there is some; the error has its digest.
        """
        for code in self.unapproved(entry):
            raise NotTrusted(
                f"nobody approved its code ({code.origin}, {code.digest}, entry {code.entry})",
                digest=str(code.digest),
                ref=entry.name,
                next_step=f"Read it with `gremio review {code.ref}`, then `gremio approve {code.ref}`.",
            )
