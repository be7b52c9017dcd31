"""Which entries of a pipeline's config are components."""

from __future__ import annotations

from typing import Any


def is_registered(name: str, value: object) -> bool:
    """Whether an entry of a pipeline's config is a component, which is told by library and class, or a setting."""
    if name.startswith("_") or not isinstance(value, list | tuple) or len(value) != 2:
        return False
    return all(each is None or isinstance(each, str) for each in value)


def unwrapped(component: Any) -> Any:
    """The component itself, where torch.compile has wrapped it."""
    return getattr(component, "_orig_mod", component)


def registered(pipeline: Any) -> dict[str, Any]:
    """Every component of a pipeline, those that are None too, also where its constructor knows them by other names."""
    return {n: getattr(pipeline, n, None) for n, v in pipeline.config.items() if is_registered(n, v)}
