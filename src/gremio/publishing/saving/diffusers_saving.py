"""diffusers' own saving, reached past ``gremio.install()``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers

BASE = diffusers.DiffusionPipeline

# Taken when this module is first imported, which is before `install` can have replaced them.
ORIGINAL: Any = vars(BASE)["save_pretrained"]

_ours: set[object] = set()


def ours(method: Any) -> Any:
    """Mark a method as one of our replacements, so that saving steps over it."""
    _ours.add(method)
    return method


def saver(pipeline: Any) -> Callable[..., None]:
    """``pipeline.save_pretrained`` as diffusers, or its own class, defines it."""
    for ancestor in type(pipeline).__mro__:
        found = vars(ancestor).get("save_pretrained")
        if found is not None and found not in _ours:
            method: Callable[..., None] = found.__get__(pipeline)
            return method
    return ORIGINAL.__get__(pipeline)  # type: ignore[no-any-return]
