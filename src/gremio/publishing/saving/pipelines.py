"""A pipeline into a folder: weights by diffusers, and the code of every class that is not a library's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremio.errors import OptionError
from gremio.loading.components.constructor import Demands
from gremio.loading.components.library import has_known_base, library_name
from gremio.loading.components.registered import registered, unwrapped
from gremio.loading.modules.provenance import CodeProvenance, of
from gremio.machine.writing import write_file
from gremio.publishing.code.bundle import Bundle, bundle
from gremio.publishing.code.placing import Piece
from gremio.publishing.index import to_bytes, with_classes, with_record
from gremio.publishing.saving.components import write_code
from gremio.publishing.saving.origins import is_standard, piece_of
from gremio.publishing.saving.standard import saver, unchanged_config
from gremio.sources.model import INDEX
from gremio.sources.record import CodeSource


def save_pipeline(pipeline: Any, folder: Path, options: Mapping[str, Any]) -> None:
    """Write the pipeline into an empty folder.

    Raises:
        OptionError: a component can't be saved.
        CodeError: the code of a class can't be had.
    """
    components = _components(pipeline)
    foreign = {name: each for name, each in components.items() if each is not None and not has_known_base(type(each))}
    for name, component in foreign.items():
        _require_savable(name, component)
    _require_complete(pipeline)
    pieces, sources = pieces_of(pipeline, components)
    code = bundle(pieces)
    with unchanged_config(pipeline):
        saver(pipeline)(str(folder), **options)
    for name, component in foreign.items():
        component.save_pretrained(str(folder / name))
    write_code(folder, code)
    _complete_index(folder, pipeline, components, foreign, code, sources)


def pieces_of(pipeline: Any, components: Mapping[str, Any]) -> tuple[list[Piece], list[CodeSource]]:
    """The code of the pipeline's class and of its components', for what is not a library's."""
    provenance = of(pipeline)
    wanted: list[tuple[str, type, CodeProvenance | None]] = [
        ("", type(pipeline), provenance.pipeline if provenance else None)
    ]
    wanted += [
        (name, type(each), provenance.components.get(name) if provenance else None)
        for name, each in components.items()
        if each is not None
    ]
    found = [piece_of(cls, role, code) for role, cls, code in wanted if not is_standard(cls)]
    return [piece for piece, _ in found], [source for _, source in found]


def _components(pipeline: Any) -> dict[str, Any]:
    """What the constructor takes and diffusers registered, compiled models unwrapped."""
    expected = set(pipeline._get_signature_keys(pipeline)[0])
    return {name: unwrapped(each) for name, each in registered(pipeline).items() if name in expected}


def _require_savable(name: str, component: Any) -> None:
    cls = type(component)
    lacking = [each for each in ("save_pretrained", "from_pretrained") if not callable(getattr(cls, each, None))]
    if lacking:
        raise OptionError(
            f"the component {name} ({cls.__name__}) can't be saved and loaded again: it has no"
            f" {' and no '.join(lacking)}",
            next_step="Derive its class from ModelMixin, SchedulerMixin or a class of transformers, or set it to None.",
        )


def _require_complete(pipeline: Any) -> None:
    """A class that registers what it makes of its components under other names can't be built from what is saved."""
    demands = Demands.of(type(pipeline))
    lost = sorted(demands.required - pipeline.config.keys() - demands.nullable)
    if lost:
        raise OptionError(
            f"{type(pipeline).__name__} can't be loaded again from what would be saved: its constructor takes"
            f" {', '.join(lost)}, and it registers no components of these names",
            next_step="Register them in its __init__: self.register_modules(name=name, …).",
        )


def _complete_index(
    folder: Path,
    pipeline: Any,
    components: Mapping[str, Any],
    foreign: Mapping[str, Any],
    code: Bundle,
    sources: list[CodeSource],
) -> None:
    path = folder / INDEX
    index = json.loads(path.read_bytes())
    index.pop("_name_or_path", None)
    for name, component in foreign.items():
        index[name] = [type(component).__module__, type(component).__name__]
    for name, value in list(index.items()):
        if value == [None, None] and name not in components:
            # A setting that happens to be None; diffusers would hand the pair itself to the constructor.
            del index[name]
        elif name in components and value[0] == "diffusers":
            index[name] = [library_name(type(components[name])), value[1]]
    model = weights_of(pipeline)
    index = with_record(with_classes(index, code.classes), files=code.files, sources=sources, model=model, digest="")
    write_file(path, to_bytes(index))


def weights_of(pipeline: Any) -> tuple[str, str]:
    """The repository that the weights were loaded from, and its commit; a folder is not told."""
    known = of(pipeline)
    return (known.model, known.model_commit) if known and known.model_commit else ("", "")
