"""``ModularPipeline.from_pretrained``: one resolution, one gate, then diffusers' own pipeline for the blocks."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from gremio.loading.modular import blocks as making
from gremio.loading.modular.choosing import BASE, pipeline_class, with_blocks_name
from gremio.loading.modular.places import Places
from gremio.loading.modular.request import ModularRequest
from gremio.loading.modular.resolving import ResolvedModular, resolve
from gremio.loading.modules.provenance import Provenance, note
from gremio.loading.pipelines.options import take_dtype

PLACES = "_gremio_places"
_joined: dict[tuple[type, type], type] = {}


def load_modular(gated: type, model: Any, arguments: dict[str, Any]) -> Any:
    """A pipeline of blocks that knows where its components are to come from; none of them is loaded yet.

    Args:
        gated: our class, or one that derives from it and from the class of diffusers that the caller chose.
        model: a repository or folder; None for blocks that need none.
        arguments: of the call.
    """
    request = ModularRequest.parse(model, arguments)
    take_dtype(dict(request.components))  # A dtype that is none is refused before anything is fetched.
    return load_resolved(gated, resolve(request))


def load_resolved(gated: type, resolved: ResolvedModular) -> Any:
    """The same for a call that was resolved before; nothing is asked for again."""
    request, home, index, name = resolved.request, resolved.home, resolved.index, resolved.name
    # A copy as diffusers makes one: blocks may be put into several pipelines.
    blocks = making.made(resolved.found, {}) if resolved.found is not None else deepcopy(request.blocks)
    explicit = next((each for each in gated.__mro__ if each.__module__.startswith("diffusers.")), BASE)
    cls: Any = explicit if explicit is not BASE else pipeline_class(index, blocks, home)
    pipeline = _join(gated, cls)(
        blocks=blocks,
        pretrained_model_name_or_path=name or None,
        modular_config_dict=with_blocks_name(index, cls),
        **request.rest,
    )
    code, inner = making.origins(pipeline.blocks)
    vars(pipeline)[PLACES] = Places.of(request, home, index, [*([code] if code else []), *inner.values()])
    note(pipeline, Provenance(name, home.origin.commit if home is not None else "", code, blocks=inner))
    return pipeline


def _join(gated: type, cls: type) -> type:
    """``gated`` over a class of diffusers, under its name: that is what an index calls it when it is saved."""
    if gated.__module__ == cls.__module__:
        return gated
    if (gated, cls) not in _joined:
        body = {"__module__": cls.__module__, "__qualname__": cls.__qualname__, "__doc__": cls.__doc__}
        _joined[gated, cls] = type(cls.__name__, (gated, cls), body)
    return _joined[gated, cls]
