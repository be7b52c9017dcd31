"""The facade: community classes joined with components, as ordinary diffusers pipelines.

``request``, ``resolving`` and ``classes`` need no torch, so that what is refused is refused before anything heavy
loads; the rest imports it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremio.loading.pipelines.classes import load_class
    from gremio.loading.pipelines.facade import DiffusionPipeline

_PLACES = {"DiffusionPipeline": "facade", "load_class": "classes"}

__all__ = ["DiffusionPipeline", "load_class"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'gremio.loading.pipelines' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gremio.loading.pipelines.{_PLACES[name]}"), name)
