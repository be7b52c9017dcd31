"""Modular pipelines: blocks from approved code, each component from its own place through the same gate. Imports torch.

In come a model with a modular index (or an ordinary one), or a ref for blocks; out comes diffusers' own modular
pipeline for them, whose ``load_components`` asks the gate for every repository with code.

Open ``resolving.py`` and ``from_pretrained.py`` to follow a load, ``finding.py`` and ``components.py`` for how a spec
becomes a component, ``index.py`` for what a modular index may say. ``request``, ``index`` and ``resolving`` need no
torch.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gremio.loading.modular.facade import ModularPipeline, load_blocks

_NAMES = ("ModularPipeline", "load_blocks")

__all__ = ["ModularPipeline", "load_blocks"]


def __getattr__(name: str) -> object:
    if name not in _NAMES:
        raise AttributeError(f"module 'gremio.loading.modular' has no attribute {name!r}")
    return getattr(importlib.import_module("gremio.loading.modular.facade"), name)
