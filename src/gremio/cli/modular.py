"""What `gremio run` does for modular pipelines: blocks over a model, or a model with blocks of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gremio.cli.consent import asking
from gremio.errors import GremioError, NoClass
from gremio.loading.modular.request import ModularRequest
from gremio.loading.modular.resolving import ResolvedModular, resolve
from gremio.running.calls import CallSignature, build, find

if TYPE_CHECKING:
    from gremio.loading.pipelines.options import Placement


def instead(model: str, arguments: Mapping[str, Any], error: GremioError) -> ResolvedModular:
    """The modular pipeline that is meant where no ordinary one is there.

    Raises:
        GremioError: it is no modular one either, of which ``error`` tells; or it is a broken one, or may not run.
    """
    given = {"blocks" if name == "custom_pipeline" else name: value for name, value in arguments.items()}
    try:
        found = asking(lambda: resolve(ModularRequest.parse(model, given)))
    except NoClass:
        raise error from None
    if found.found is None and (found.index is None or found.index.is_plain):
        raise error
    return found


def load(resolved: ResolvedModular, placement: Placement, given: Mapping[str, Any]) -> Any:
    """The pipeline with its components, in place; arguments that don't fit are refused before any are loaded."""
    from gremio.loading.modular.facade import ModularPipeline
    from gremio.loading.modular.from_pretrained import load_resolved

    pipeline = load_resolved(ModularPipeline, resolved)
    taken = CallSignature.of_blocks(pipeline.blocks)
    build(taken, **given, seed=0 if find(taken, "seed") else None, device=None)
    asking(lambda: pipeline.load_components(dtype=placement.dtype))
    pipeline.to(placement.device_map)
    return pipeline


def signature(pipeline: Any) -> CallSignature:
    """What a pipeline takes, modular or not."""
    blocks = _blocks(pipeline)
    return CallSignature.of(type(pipeline)) if blocks is None else CallSignature.of_blocks(blocks)


def outputs(pipeline: Any) -> dict[str, list[str]]:
    """What to ask a modular pipeline for, which else hands out all that its blocks know."""
    blocks = _blocks(pipeline)
    return {"output": _last(blocks)} if blocks is not None else {}


def _blocks(pipeline: Any) -> Any:
    import diffusers

    return pipeline.blocks if isinstance(pipeline, diffusers.ModularPipeline) else None


def _last(blocks: Any) -> list[str]:
    """What the last of them makes."""
    import diffusers

    last = list(blocks.sub_blocks.values())[-1:] if isinstance(blocks, diffusers.SequentialPipelineBlocks) else []
    return [name for each in last for name in _last(each)] or [each.name for each in blocks.outputs if each.name]
