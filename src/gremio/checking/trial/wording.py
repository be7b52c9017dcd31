"""Values in a few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST = 80


def shown(arguments: Mapping[str, Any]) -> dict[str, str]:
    """Each argument in a few words."""
    return {name: few_words(value) for name, value in arguments.items()}


def few_words(value: Any) -> str:
    """``picture 64x64 RGB``, ``Tensor (1, 4)``, ``Generator(0)``, or as Python writes it."""
    if hasattr(value, "getbands"):
        return f"picture {value.width}x{value.height} {value.mode}"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{type(value).__name__} {tuple(value.shape)}"
    if isinstance(value, list) and value and hasattr(value[0], "getbands"):
        return f"{len(value)} x {few_words(value[0])}"
    if callable(value):
        return "a function"
    text = f"Generator({value.initial_seed()})" if hasattr(value, "initial_seed") else repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
