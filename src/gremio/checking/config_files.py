"""Arguments for a class in the config files of its repository: YAML and JSON, read as data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from gremio.sources.folder import listed

_MOST, _LARGEST = 200, 100_000  # files, bytes
_FEWEST = 2  # keys of a mapping that is certainly meant for a class


def configured(folder: Path, names: frozenset[str]) -> Mapping[str, Any]:
    """The largest mapping below ``folder``, at any depth of a file, whose keys are all parameters of that name."""
    fitting = (each for each in _mappings(folder) if len(each) >= _FEWEST and each.keys() <= names)
    return max(fitting, key=len, default={})


@lru_cache(maxsize=1)
def _mappings(folder: Path) -> tuple[dict[str, Any], ...]:
    paths = [folder / path for path in listed(folder) if path.endswith((".yaml", ".yml", ".json"))]
    small = [path for path in paths if path.stat().st_size <= _LARGEST]
    return tuple(found for path in small[:_MOST] for found in _inside(_read(path), set()))


def _read(path: Path) -> Any:
    import yaml  # type: ignore[import-untyped]

    try:
        return json.loads(path.read_bytes()) if path.suffix == ".json" else yaml.safe_load(path.read_bytes())
    except (yaml.YAMLError, ValueError, RecursionError):
        return None


def _inside(value: Any, seen: set[int]) -> Iterator[dict[str, Any]]:
    if not isinstance(value, (dict, list)) or id(value) in seen:
        return
    # YAML can name one thing many times, and inside itself.
    seen.add(id(value))
    if isinstance(value, dict):
        yield {str(key): each for key, each in value.items()}
    for each in value.values() if isinstance(value, dict) else value:
        yield from _inside(each, seen)
