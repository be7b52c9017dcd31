"""A folder that diffusers can load from: an index it can read, and links to the files; no weights are copied."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gremio.loading.components.index import ModelIndex
from gremio.machine.writing import build_once, link
from gremio.sources.model import INDEX


def stage(home: Path, folder: Path, index: Mapping[str, Any], paths: Iterable[str]) -> Path:
    """Link ``paths`` of ``folder`` below a folder of the store, beside ``index`` as its model index.

    The place depends on the folder, the index and the paths alone, so that a component's recorded path stays good.
    What else lies in the folder never reaches the libraries. Python files never are linked: diffusers would take one
    for code that it may load.
    """
    document = json.dumps(index, indent=2, sort_keys=True).encode()
    wanted = sorted(p for p in paths if p != INDEX and not p.endswith(".py"))
    key = hashlib.sha256("\0".join([str(folder), document.decode(), *wanted]).encode()).hexdigest()
    place = home / "staged" / key[:32]

    def is_whole() -> bool:
        return (place / INDEX).is_file() and all((place / path).exists() for path in wanted)

    def fill(new: Path) -> None:
        (new / INDEX).write_bytes(document)
        for path in wanted:
            link(folder / path, new / path)

    return build_once(place, is_whole, fill)


def for_diffusers(index: ModelIndex, *, class_name: str, libraries: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    """The index with a bare class name and, for custom components, the libraries that hold them."""
    document = dict(index.raw)
    if index.module is not None:
        document["_class_name"] = class_name
    for name, pair in libraries.items():
        document[name] = list(pair)
    return document
