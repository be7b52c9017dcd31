"""From pipelines and components in memory to folders that can be published: weights, index, code. Imports torch."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremio.publishing.saving.push import push_to_hub
    from gremio.publishing.saving.save import save_pretrained

# `install` needs one module of this package; the rest is for those who save.
_PLACES = {"push_to_hub": "push", "save_pretrained": "save"}

__all__ = ["push_to_hub", "save_pretrained"]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'gremio.publishing.saving' has no attribute {name!r}")
    return getattr(importlib.import_module(f"gremio.publishing.saving.{_PLACES[name]}"), name)
