"""The config of a pipeline: which of its entries are components, and keeping it as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gremio.trust.model_files import is_pair


def is_registered(name: str, value: object) -> bool:
    """Whether an entry of a pipeline's config is a component, which is told by library and class, or a setting."""
    return not name.startswith("_") and is_pair(value)


def unwrapped(component: Any) -> Any:
    """The component itself, where torch.compile has wrapped it."""
    return getattr(component, "_orig_mod", component)


def registered(pipeline: Any) -> dict[str, Any]:
    """Every component of a pipeline, those that are None too, also where its constructor knows them by other names."""
    return {n: getattr(pipeline, n, None) for n, v in pipeline.config.items() if is_registered(n, v)}


@contextmanager
def unchanged_config(*configured: Any) -> Iterator[None]:
    """Keep the configs of objects of diffusers as they are, whatever is done to them meanwhile.

    Some constructors correct the config of what they are given, and saving notes in it what it can't save.
    """
    every = [vars(each) for each in configured if hasattr(each, "__dict__")]
    before = [(own, own["_internal_dict"]) for own in every if own.get("_internal_dict") is not None]
    for own, config in before:
        # A copy, since diffusers writes into it past what it offers for that.
        own["_internal_dict"] = type(config)(config)
    try:
        yield
    finally:
        for own, config in before:
            own["_internal_dict"] = config
