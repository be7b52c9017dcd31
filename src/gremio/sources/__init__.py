"""Where code and models come from, at one immutable commit: Diffusers' community folder, the Hub, this machine.

In come a ``PipelineRef`` and a revision; out comes a ``CodeTree`` with its origin (``fetch``), or the files of a
model (``model.py``). A ref is resolved to a commit once; what was fetched before needs no network.

Open ``mirror.py``, ``hub.py`` or ``local.py`` for one kind of place, ``source.py`` for a new one, ``repository.py`` for
how the Hub is asked, ``unreachable.py`` for what is said when it does not answer, ``trees.py`` for how trees are kept
by digest, ``record.py`` for what a published index says of its code, ``reading.py`` for ``gremio.read``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gremio.code import CodeTree, PipelineRef
from gremio.errors import AccessDenied, GremioError, NotFound, Unavailable
from gremio.machine.settings import Settings
from gremio.sources.access import Access
from gremio.sources.hub import HubSource
from gremio.sources.local import LocalSource
from gremio.sources.mirror import MirrorSource
from gremio.sources.repository import Listing, Repository
from gremio.sources.source import Source

__all__ = ["Access", "Listing", "Repository", "Source", "fetch", "told_of"]

_SOURCES: dict[str, type[Source]] = {"mirror": MirrorSource, "hub": HubSource, "local": LocalSource}


def fetch(ref: PipelineRef, *, revision: str | None, access: Access, settings: Settings) -> CodeTree:
    """The code that ``ref`` names, at one immutable commit.

    Raises:
        RefNotFound, RevisionNotFound, EntryNotFound: it isn't there; the error suggests what is.
        AccessDenied: the repository is private or gated.
        Unavailable: neither the network nor the cache has it.
    """
    with told_of(ref):
        return _SOURCES[ref.source](settings, access).fetch(ref, revision or ref.revision)


@contextmanager
def told_of(ref: PipelineRef) -> Iterator[None]:
    """Have errors tell the ref as it was written; and what lies here under that name, where it isn't found."""
    try:
        yield
    except GremioError as error:
        error.ref = ref.text
        if isinstance(error, NotFound | AccessDenied | Unavailable):
            error.next_step = f"{ref.hint_at_local}{error.next_step}"
        raise
