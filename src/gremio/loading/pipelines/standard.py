"""diffusers' own loading, reached past our facade and past ``install``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import diffusers

BASE = diffusers.DiffusionPipeline

# Taken when this module is first imported, which is before `install` can have replaced them.
ORIGINAL: dict[str, Any] = {name: vars(BASE)[name] for name in ("from_pretrained", "from_pipe")}

_ours: set[object] = set()


def ours(method: Any) -> Any:
    """Mark a class method as one of our replacements, so that loading steps over it."""
    _ours.add(method.__func__)
    return method


def is_explicit(cls: type) -> bool:
    """Whether the caller chose a class, rather than the base that takes the repository's."""
    return cls.__name__ != "DiffusionPipeline"


def load_with(cls: type, folder: Path, arguments: dict[str, Any]) -> Any:
    """``cls.from_pretrained(folder, **arguments)`` as diffusers, or the class itself, defines it."""
    optional = getattr(cls, "_optional_components", None)
    if isinstance(optional, tuple | set | frozenset):
        # diffusers adds it to a list, which takes no other kind.
        cls._optional_components = list(optional)  # type: ignore[attr-defined]
    return _loader(cls)(str(folder), **arguments)


def _loader(cls: type) -> Callable[..., Any]:
    for ancestor in cls.__mro__:
        found = vars(ancestor).get("from_pretrained")
        if found is None or getattr(found, "__func__", None) in _ours:
            continue
        if ancestor is BASE:
            break
        return cast("Callable[..., Any]", found.__get__(None, cls))
    return cast("Callable[..., Any]", ORIGINAL["from_pretrained"].__get__(None, cls))
