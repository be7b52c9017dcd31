"""``from_pretrained``: one resolution, one gate, then diffusers' own loading."""

from __future__ import annotations

from typing import Any

from gremio.loading.components import ModelIndex
from gremio.loading.pipelines.choosing import choose
from gremio.loading.pipelines.joining import Joining
from gremio.loading.pipelines.request import LoadRequest
from gremio.sources.model import open_model, read_index


def load_pipeline(cls: type, model: Any, arguments: dict[str, Any]) -> Any:
    """Load the model's components into the pipeline class that the call means."""
    request = LoadRequest.parse(model, arguments)
    home = open_model(request.model, revision=request.revision, access=request.access, settings=request.settings)
    index = ModelIndex.parse(read_index(home), ref=home.name)
    chosen = choose(cls, index, home, request)
    return Joining(chosen, index, home, request).pipeline()
