"""A pipeline into a folder: weights by diffusers, and the code of every class that is not a library's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremio.errors import OptionError
from gremio.loading.components.constructor import ConstructorParameters
from gremio.loading.components.library import has_known_base, library_name
from gremio.loading.components.registered import registered, unchanged_config, unwrapped
from gremio.loading.modules.provenance import of
from gremio.machine.writing import write_file
from gremio.publishing.code.bundle import bundle
from gremio.publishing.index import published_index, to_bytes
from gremio.publishing.saving.class_code import is_standard, piece_of
from gremio.publishing.saving.component import write_code
from gremio.publishing.saving.diffusers_saving import saver
from gremio.sources.model import INDEX


def save_pipeline(pipeline: Any, folder: Path, options: Mapping[str, Any], home: Path) -> None:
    """Write the pipeline into an empty folder.

    Raises:
        OptionError: a component can't be saved.
        CodeError: the code of a class can't be had.
    """
    expected = pipeline._get_signature_keys(pipeline)[0]
    components = {name: unwrapped(each) for name, each in registered(pipeline).items() if name in expected}
    there = {name: each for name, each in components.items() if each is not None}
    foreign = {name: each for name, each in there.items() if not has_known_base(type(each))}
    for name, component in foreign.items():
        _require_savable(name, type(component))
    _require_complete(pipeline)
    # What is known of where code and weights came from, if Gremio loaded the pipeline.
    known = of(pipeline)
    codes = {"": known.pipeline, **known.components} if known else {}
    classes = {"": type(pipeline), **{name: type(each) for name, each in there.items()}}
    found = [piece_of(cls, role, codes.get(role)) for role, cls in classes.items() if not is_standard(cls)]
    code = bundle([piece for piece, _ in found])
    with unchanged_config(pipeline):
        saver(pipeline)(str(folder), **options)
    for name, component in foreign.items():
        component.save_pretrained(str(folder / name))
    write_code(folder, code)
    index = _completed(json.loads((folder / INDEX).read_bytes()), components, foreign)
    # A folder that the weights were loaded from is not told.
    model = (known.model, known.model_commit) if known and known.model_commit else ("", "")
    write_file(folder / INDEX, to_bytes(published_index(index, code, [source for _, source in found], model)))


def _require_savable(name: str, cls: type) -> None:
    lacking = [each for each in ("save_pretrained", "from_pretrained") if not callable(getattr(cls, each, None))]
    if lacking:
        raise OptionError(
            f"the component {name} ({cls.__name__}) can't be saved and loaded again: it has no"
            f" {' and no '.join(lacking)}",
            next_step="Derive its class from ModelMixin, SchedulerMixin or a class of transformers, or set it to None.",
        )


def _require_complete(pipeline: Any) -> None:
    """A class that registers what it makes of its components under other names can't be built from what is saved."""
    demands = ConstructorParameters.of(type(pipeline))
    lost = sorted(demands.required - pipeline.config.keys() - demands.nullable)
    if lost:
        raise OptionError(
            f"{type(pipeline).__name__} can't be loaded again from what would be saved: its constructor takes"
            f" {', '.join(lost)}, and it registers no components of these names",
            next_step="Register them in its __init__: self.register_modules(name=name, …).",
        )


def _completed(index: dict[str, Any], components: Mapping[str, Any], foreign: Mapping[str, Any]) -> dict[str, Any]:
    """The index that diffusers wrote, with components that it does not know, and without what are none."""
    for name, value in list(index.items()):
        if value == [None, None] and name not in components:
            # A setting that happens to be None; diffusers would hand the pair itself to the constructor.
            del index[name]
        elif name in components and value[0] == "diffusers":
            index[name] = [library_name(type(components[name])), value[1]]
    return index | {name: [type(each).__module__, type(each).__name__] for name, each in foreign.items()}
