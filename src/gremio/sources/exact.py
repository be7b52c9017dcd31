"""Code that was found before, fetched again from exactly where it was."""

from __future__ import annotations

from pathlib import PurePosixPath

from gremio.code import CodeTree, Origin, PipelineRef
from gremio.errors import EntryNotFound
from gremio.machine.settings import Settings
from gremio.sources.access import Access
from gremio.sources.mirror import COMMUNITY, MirrorSource
from gremio.sources.model import HubModel, code_of
from gremio.sources.repository import Repository


def fetch_exact(origin: Origin, entry: str, *, access: Access, settings: Settings) -> CodeTree:
    """The tree of a remote ``origin`` at its commit, entered at ``entry``.

    Raises:
        GremioError: it isn't there any more, or can't be reached.
    """
    if origin.path == COMMUNITY:
        name = PurePosixPath(entry).stem
        return MirrorSource(settings, access).fetch(PipelineRef.parse(f"mirror:{name}"), origin.commit)
    if origin.source == "hub":
        repository = Repository(origin.repo, settings=settings, access=access)
        return code_of(HubModel(repository, repository.listing(origin.commit)), entry)
    repository = Repository(origin.repo, settings=settings, access=access, kind="dataset")
    listing = repository.listing(origin.commit)
    path = f"{origin.path}/{entry}"
    if path not in listing.files:
        raise EntryNotFound(f"there is no {path} at commit {origin.commit}", ref=origin.repo)
    return CodeTree({entry: repository.read(listing, [path])[path]}, entry, origin)
