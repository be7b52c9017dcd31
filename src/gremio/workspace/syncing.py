"""Having on this machine what a lock says, and finding what differs from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from gremio.code import CodeTree
from gremio.errors import GremioError, NotAsLocked
from gremio.sources.exact import fetch_exact
from gremio.sources.model import HubModel, code_of
from gremio.sources.trees import Trees
from gremio.workspace.entry import LockedCode, LockedModel, LockEntry
from gremio.workspace.locked_model import LockedHome
from gremio.workspace.project import Project
from gremio.workspace.resolving import Resolver, drift


@dataclass(frozen=True)
class Differing:
    """One thing of an entry that is not what the lock says, in words."""

    name: str
    what: str

    def __str__(self) -> str:
        """``fox: …``."""
        return f"{self.name}: {self.what}"


@dataclass(frozen=True)
class Synced:
    """What a sync fetched for one entry, by path; nothing where all was there."""

    name: str
    fetched: tuple[str, ...] = ()


def sync(resolver: Resolver, entry: LockEntry) -> Synced:
    """Fetch what is missing or damaged, and check it."""
    fetched: list[str] = []
    for code in entry.codes:
        if Trees(resolver.project.settings.home).files(code.digest) is None:
            fetched += _fetch_code(resolver, entry, code)
    if entry.weights:
        home = resolver.project.model(entry)
        lacking = home.differing(entry.weights.files)
        if lacking and not entry.weights.is_local:
            _fetch_files(resolver, entry.weights, home, lacking)
        home.fetch(entry.weights.files)
        fetched += lacking
    return Synced(entry.name, tuple(fetched))


def verify(project: Project, entry: LockEntry) -> Iterator[Differing]:
    """Everything that differs, every file read and hashed again; what is installed in another version; local code."""
    for code in entry.codes:
        try:
            project.tree(entry, code)
            project.require_approved(entry)
        except GremioError as error:
            yield Differing(entry.name, error.message)
        for each in drift(code.packages):
            yield Differing(entry.name, f"installed is {each}")
        if code is entry.code and code.origin.source == "local" and _has_changed(project, entry, code):
            what = f"{entry.ref} has changed since; the locked copy is what runs until `gremio update {entry.name}`"
            yield Differing(entry.name, what)
    if entry.weights is None:
        return
    try:
        home = project.model(entry)
    except GremioError:
        return
    for path in home.differing(entry.weights.files, again=True):
        what = "is missing" if home.size(path) is None else "has other bytes than the lock says"
        yield Differing(entry.name, f"{path} of {entry.weights.repo} {what}")


def _has_changed(project: Project, entry: LockEntry, code: LockedCode) -> bool:
    """Whether local code is another now; where it is gone nothing has changed, for the copy is here."""
    try:
        return Resolver(project).code(entry).digest != code.digest
    except GremioError:
        return False


def _fetch_code(resolver: Resolver, entry: LockEntry, code: LockedCode) -> list[str]:
    tree = _code_now(resolver, entry, code)
    if tree.digest != code.digest:
        raise NotAsLocked(
            f"its code at {code.origin} is {tree.digest} now, and the lock says {code.digest}",
            paths=[path for path in code.files if path not in tree.files],
            ref=entry.name,
            next_step=f"`gremio update {entry.name}` shows what changed, and locks it if you approve.",
        )
    Trees(resolver.project.settings.home).keep(tree)
    return list(tree.files)


def _code_now(resolver: Resolver, entry: LockEntry, code: LockedCode) -> CodeTree:
    if code.origin.source != "local":
        return fetch_exact(code.origin, code.entry, access=resolver.project.access, settings=resolver.project.settings)
    if code is entry.code:
        return resolver.code(entry)
    assert entry.weights is not None
    return code_of(resolver.model_home(entry.weights), code.entry)


def _fetch_files(resolver: Resolver, model: LockedModel, home: LockedHome, paths: list[str]) -> None:
    """Download them at the locked commit; what is there with other bytes is downloaded over."""
    damaged = [path for path in paths if home.size(path) is not None]
    for wanted, anew in ((damaged, True), ([path for path in paths if path not in damaged], False)):
        if wanted:
            project = resolver.project
            reach = replace(project, access=replace(project.access, force_download=anew))
            found = Resolver(reach).model_home(model)
            assert isinstance(found, HubModel)
            found.fetch(wanted)
