"""A folder with a model index: a pipeline with its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from gremio.code.review import Review
from gremio.publishing.code.bundle import bundle
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.publishing.folder.finishing import finished, sources_of
from gremio.publishing.folder.index_entries import is_moved, last, pieces
from gremio.publishing.index import published_index, to_bytes
from gremio.publishing.publication import Publication
from gremio.sources.model import INDEX
from gremio.sources.record import recorded_model
from gremio.trust.model_files import component_pairs


def read_pipeline(folder: AuthorFolder) -> Publication:
    """The model with the code of its classes; the index and the configs say where that is."""
    index = folder.json(INDEX)
    wanted = pieces(folder, index)
    code = bundle(wanted)
    folder.take_components(component_pairs(index), code.classes)
    sources, model = sources_of(wanted, index), recorded_model(index)
    new = published_index(index, code, sources, model)
    folder.files[INDEX] = to_bytes(new)
    found = finished(folder, "pipeline", str(last(new.get("_class_name"))), code, sources, model)
    return replace(found, limits=(*found.limits, *_limits(component_pairs(index), found.review)))


def _limits(components: Mapping[str, tuple[str | None, str | None]], review: Review | None) -> Iterator[str]:
    """What of the index plain diffusers can't load, whatever code comes along."""
    moved = [name for name, (library, cls) in components.items() if library and is_moved(library, str(cls))]
    if moved:
        yield f"the package of diffusers that {', '.join(moved)} came from has been moved since"
    demanded = {slot.name for slot in review.components if not slot.optional} if review else set()
    absent = [name for name, (library, _) in components.items() if library is None and name in demanded]
    if absent:
        yield f"the class takes {', '.join(absent)}, which is None here and is not in its _optional_components"
