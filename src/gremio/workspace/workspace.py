"""``Workspace``: a project's locked pipelines, and everything that can be done with them but running them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from gremio.code import CodeTree
from gremio.errors import LockError
from gremio.machine.settings import Settings
from gremio.machine.writing import locked
from gremio.sources import Access
from gremio.sources.trees import Trees
from gremio.trust.approvals import Approval
from gremio.workspace import bundle as bundling
from gremio.workspace import syncing
from gremio.workspace.bundle import Bundled
from gremio.workspace.changes import Changes
from gremio.workspace.entry import LockedCode, LockEntry
from gremio.workspace.lockfile import LOCK, check_name, read_lock, write_lock
from gremio.workspace.project import Project
from gremio.workspace.resolving import Resolver
from gremio.workspace.syncing import Differing, Synced


class Workspace:
    """The pipelines that a project's ``gremio.lock`` names.

        work = Workspace(".")
        pipe = work.load("fox", device_map="cuda")

    Loading runs only what the lock says, checked against its hashes, and makes no request.
    """

    def __init__(self, path: str | os.PathLike[str] = ".", **access: Any) -> None:
        """Of the folder ``path``; ``access`` is ``token``, ``cache_dir``, ``local_files_only`` as everywhere.

        Raises:
            LockError: there is no such folder.
        """
        self.folder = Path(path).expanduser().resolve()
        if not self.folder.is_dir():
            raise LockError(
                "there is no such folder", ref=str(path), next_step="Name the folder that holds gremio.lock."
            )
        self.file = self.folder / LOCK
        settings = Settings.from_environment()
        self.project = Project(self.folder, settings, Access.of(settings, **access))
        self._resolver = Resolver(self.project)

    def __repr__(self) -> str:
        """Which folder's."""
        return f"Workspace({str(self.folder)!r})"

    @property
    def entries(self) -> dict[str, LockEntry]:
        """What the lock says now, by name.

        Raises:
            LockError: it can't be read.
        """
        return read_lock(self.file)

    def entry(self, name: str) -> LockEntry:
        """One of them.

        Raises:
            LockError: there is no such entry; the error says which there are.
        """
        entries = self.entries
        if name not in entries:
            has = f"It has {', '.join(entries)}" if entries else "It has none yet"
            raise LockError(
                f"{self.file} has no entry of that name",
                ref=name,
                next_step=f"{has}; `gremio add {name} REF --model MODEL` adds one.",
            )
        return entries[name]

    def resolve(self, asked: LockEntry) -> tuple[LockEntry, tuple[CodeTree, ...]]:
        """What an entry would be now: commits, digests, hashes; and its code."""
        check_name(asked.name)
        return self._resolver.resolve(asked)

    def changes(self, before: LockEntry, after: LockEntry, trees: Iterable[CodeTree]) -> Changes:
        """What would be different if the one took the place of the other."""
        kept = Trees(self.project.settings.home)
        known = ((code, kept.files(code.digest)) for code in before.codes)
        old = [code.tree(files, code.origin) for code, files in known if files]
        return Changes.between(before, after, old, list(trees))

    def put(self, entry: LockEntry, trees: Iterable[CodeTree] = (), *, new: bool = False) -> None:
        """Write an entry into the lock, and keep its code.

        Raises:
            NotTrusted: nobody approved some of its code.
            LockError: ``new`` and there is one of that name.
        """
        self.project.require_approved(entry)
        for tree in trees:
            Trees(self.project.settings.home).keep(tree)
        with self._changing() as entries:
            if new:
                self.refuse_second(entry.name, entries)
            entries[entry.name] = entry

    def refuse_second(self, name: str, entries: Mapping[str, LockEntry] | None = None) -> None:
        """Refuse a name that is taken.

        Raises:
            LockError: there is an entry of that name.
        """
        if name in (self.entries if entries is None else entries):
            raise LockError(
                "there is an entry of that name",
                ref=name,
                next_step=f"`gremio update {name}` renews it, `gremio remove {name}` removes it.",
            )

    def remove(self, name: str) -> LockEntry:
        """Take an entry out of the lock; nothing else is deleted.

        Raises:
            LockError: there is no such entry.
        """
        found = self.entry(name)
        with self._changing() as entries:
            entries.pop(name, None)
        return found

    def approved(self, entry: LockEntry, *given: Approval) -> LockEntry:
        """The entry with approvals of code in it."""
        by_digest = {approval.digest: approval for approval in given}

        def judge(code: LockedCode | None) -> LockedCode | None:
            approval = by_digest.get(code.digest) if code else None
            return replace(code, approval=approval) if code and approval else code

        weights = entry.weights
        if weights:
            weights = replace(weights, code=judge(weights.code))
        return replace(entry, code=judge(entry.code), weights=weights)

    def is_stale(self, entry: LockEntry) -> bool:
        """Whether an entry lacks what it asks for, or code or a model on this machine has changed since."""
        if (entry.ref and not entry.code) or (entry.model and not entry.weights):
            return True
        local = any(code.origin.source == "local" for code in entry.codes)
        if not local and not (entry.weights and entry.weights.is_local):
            return False
        return self.resolve(entry)[0].digest != entry.digest

    def sync(self, names: Iterable[str] = ()) -> list[Synced]:
        """Have everything that is locked on this machine, checked; afterwards loading needs no network.

        Raises:
            NotAsLocked: what is there now has other bytes than the lock says.
            GremioError: it can't be fetched.
        """
        return [syncing.sync(self._resolver, entry) for entry in self._chosen(names)]

    def verify(self, names: Iterable[str] = ()) -> list[Differing]:
        """Everything here that differs from the lock; every file is read and hashed again."""
        return [found for entry in self._chosen(names) for found in syncing.verify(self.project, entry)]

    def load(self, name: str, **arguments: Any) -> Any:
        """The pipeline of an entry: what the lock says and nothing else, without any request.

        Args:
            name: of the entry.
            **arguments: ``dtype``, ``device_map``, components and whatever else ``DiffusionPipeline.from_pretrained``
                takes; not what the lock decides: code, revisions, variant, trust. Of an entry with ``sandbox = true``
                comes a ``gremio.Sandbox``, and ``memory``, ``timeout`` and its other limits can be given too.

        Raises:
            NotAsLocked: a file is missing or has other bytes.
            NotTrusted: nobody approved the code, or the policy lets nothing run.
        """
        from gremio.workspace.loading import load

        return load(self.project, self.entry(name), arguments)

    def confine(self, name: str, **arguments: Any) -> Any:
        """A ``gremio.Sandbox`` with the pipeline of an entry, whatever the lock says; as ``load`` otherwise."""
        from gremio.workspace.loading import confine

        return confine(self.project, self.entry(name), arguments)

    def from_pipe(self, name: str, pipeline: Any, **arguments: Any) -> Any:
        """The class of an entry over the components of a pipeline; as ``DiffusionPipeline.from_pipe``.

        Raises:
            LockError: the entry has no code of its own.
            NotTrusted: nobody approved the code.
        """
        from gremio.workspace.loading import share

        return share(self.project, self.entry(name), pipeline, arguments)

    def export(self, bundle: str | os.PathLike[str], names: Iterable[str] = (), *, weights: bool = False) -> Bundled:
        """Write one file with the lock and all its code, and with ``weights`` all its files of models.

        Raises:
            NotAsLocked: something isn't here; sync first.
        """
        return bundling.export(self.project, Path(bundle), self._chosen(names), weights=weights)

    def import_bundle(self, bundle: str | os.PathLike[str], *, approve: bool = False) -> Bundled:
        """Take over what a bundle holds, checked against the lock inside it.

        The word of whoever made the bundle counts for nothing here unless ``approve`` says so: its code is then
        approved by the user of this machine. Code that the policy lets run, or that was approved here before, is.

        Raises:
            NotAsLocked: the bundle is damaged or was changed.
            LockError: it is no bundle, or an entry here has a name of its and is another.
        """
        found, told = bundling.take(Path(bundle), self.project.settings)
        entries = [self._resolver.judged(entry) for entry in found]
        if approve:
            lacking = [[Approval.now(code.digest) for code in self.project.unapproved(entry)] for entry in entries]
            entries = [self.approved(entry, *given) for entry, given in zip(entries, lacking, strict=True)]
        with self._changing() as here:
            for entry in entries:
                if entry.name in here and here[entry.name].digest != entry.digest:
                    raise LockError(
                        "there is another entry of that name in the lock here",
                        ref=entry.name,
                        next_step=f"`gremio remove {entry.name}` first, or import into another folder.",
                    )
            here |= {entry.name: entry for entry in entries if entry.name not in here}
            unapproved = [e.name for e in here.values() if e.name in told.entries and self.project.unapproved(e)]
        return replace(told, unapproved=tuple(unapproved))

    @contextmanager
    def _changing(self) -> Iterator[dict[str, LockEntry]]:
        """The entries, to be changed and written back; two processes that change them take turns."""
        with locked(self.file):
            entries = read_lock(self.file)
            yield entries
            write_lock(self.file, entries.values())

    def _chosen(self, names: Iterable[str]) -> list[LockEntry]:
        wanted = list(names)
        return [self.entry(name) for name in wanted] if wanted else list(self.entries.values())
