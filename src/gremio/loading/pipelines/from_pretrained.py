"""``from_pretrained``: one resolution, one gate, then diffusers' own loading."""

from __future__ import annotations

from typing import Any

from gremio.loading.pipelines.choosing import choose
from gremio.loading.pipelines.joining import Joining
from gremio.loading.pipelines.options import Placement
from gremio.loading.pipelines.request import LoadRequest
from gremio.loading.pipelines.resolving import Resolved, resolve
from gremio.loading.pipelines.standard import is_explicit


def load_pipeline(cls: type, model: Any, arguments: dict[str, Any]) -> Any:
    """Load the model's components into the pipeline class that the call means."""
    rest = dict(arguments)
    placement = Placement.take(rest)
    return load_resolved(cls, resolve(LoadRequest.parse(model, rest), explicit=is_explicit(cls)), placement)


def load_resolved(cls: type, resolved: Resolved, placement: Placement) -> Any:
    """The same for a call that was resolved before; nothing is asked for again."""
    return Joining(choose(cls, resolved), resolved, placement).pipeline()
