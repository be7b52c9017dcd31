"""Gremio's loading for scripts that keep ``from diffusers import DiffusionPipeline``."""

from __future__ import annotations

import threading
from typing import Any

from gremio.pipelines.loading import load_pipeline
from gremio.pipelines.placement import accept_placement, refuse_placement
from gremio.pipelines.sharing import share_pipeline
from gremio.pipelines.standard import BASE, ORIGINAL, ours

_lock = threading.Lock()
_placed: list[type] = []


def _from_pretrained(cls: type, /, pretrained_model_name_or_path: Any, **kwargs: Any) -> Any:
    return load_pipeline(cls, pretrained_model_name_or_path, kwargs)


def _from_pipe(cls: type, /, pipeline: Any, **kwargs: Any) -> Any:
    return share_pipeline(cls, pipeline, kwargs)


def _init_subclass(cls: type, /, **kwargs: Any) -> None:
    super(BASE, cls).__init_subclass__(**kwargs)
    accept_placement(cls)
    _placed.append(cls)


_REPLACEMENTS: dict[str, Any] = {
    "from_pretrained": ours(classmethod(_from_pretrained)),
    "from_pipe": ours(classmethod(_from_pipe)),
    "__init_subclass__": classmethod(_init_subclass),
}


def install() -> None:
    """Put Gremio's ``from_pretrained`` and ``from_pipe`` in place on diffusers' ``DiffusionPipeline``.

    Pipeline classes that are defined while it is in place take ``device_map`` and ``dtype`` in their constructors.
    Calling it twice changes nothing more.
    """
    with _lock:
        for name, method in _REPLACEMENTS.items():
            setattr(BASE, name, method)


def uninstall() -> None:
    """Give diffusers its own methods back, and the classes defined meanwhile their own constructors."""
    with _lock:
        for name in _REPLACEMENTS:
            if name in ORIGINAL:
                setattr(BASE, name, ORIGINAL[name])
            elif name in vars(BASE):
                delattr(BASE, name)
        while _placed:
            refuse_placement(_placed.pop())


def installed() -> bool:
    """Whether ``install`` is in effect."""
    return vars(BASE)["from_pretrained"] is _REPLACEMENTS["from_pretrained"]
