"""A repository of a modular pipeline: blocks, and components that lie beside them."""

from __future__ import annotations

from gremio.loading.modular.index import ModularIndex
from gremio.publishing.proof.child.component import home_of
from gremio.publishing.proof.exchange import ProofSubject
from gremio.sources.model import MODULAR_INDEX


def own_components(subject: ProofSubject) -> list[str] | None:
    """The components of its index that lie in it, which is what was published; None where it is blocks alone."""
    home = home_of(subject)
    index = ModularIndex.of(home) if MODULAR_INDEX in home.paths() else None
    if index is None:
        return None
    folders = {path.rpartition("/")[0] for path in home.paths()}
    return sorted(name for name, entry in index.entries.items() if entry.folder and entry.folder in folders)
