"""Numbers of real models made small: the same one alike wherever it stands, so that what fits together still does."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gremio.checking.tiny.defaults.sizes import WIDTH

_KEPT = re.compile(r"vocab|image|max_|seq|position|patch|kernel|stride|timesteps|token|frames|queries|embeds$")
_COUNTS = re.compile(r"(^|_)(layers?|depths?|blocks?|block_num)($|_(?!out|chan|types))")
_HEADS = re.compile(r"heads?$|(^|_)groups?(_num)?$|num_groups$|head_num$")
_HEAD_WIDTHS = re.compile(r"head_dim$|dim_head$|d_kv$|kv_channels$")
_WIDTHS = re.compile(r"channels?$|dims?$|size$|widths?$|features$|d_model$|d_ff$|hidden|embed")


def small(name: str, value: Any) -> Any:
    """The value of a parameter, small where its name says that it is a width or a count."""
    if isinstance(value, Mapping):
        return {key: small(str(key), each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(small(name, each) for each in value)
    if isinstance(value, bool) or not isinstance(value, int) or _KEPT.search(name):
        return value
    if name == "sample_size":
        return min(value, 8)
    if _COUNTS.search(name):
        return min(value, 2)
    if _HEADS.search(name):
        return min(value, 4)
    if _HEAD_WIDTHS.search(name):
        return min(value, 8)
    return min(value, WIDTH) if _WIDTHS.search(name) else value


def guessed(name: str, annotation: str) -> Any:
    """A value for a parameter that has no default."""
    if "bool" in annotation:
        return False
    if "str" in annotation:
        return ""
    if "float" in annotation:
        return 1.0
    if _COUNTS.search(name) or _HEADS.search(name):
        return 2
    return 4 if re.search(r"(in|out|latent|input)_channels$", name) else WIDTH
