"""A single component into a folder: weights, config, code."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremio.loading.components.registered import unwrapped
from gremio.machine.writing import write_file
from gremio.publishing.code.bundle import Bundle, bundle
from gremio.publishing.index import to_bytes, with_auto_map, with_sources
from gremio.publishing.saving.class_code import is_standard, piece_of
from gremio.sources.model import CONFIGS
from gremio.sources.record import CodeSource


def save_component(component: Any, folder: Path, options: Mapping[str, Any], home: Path) -> None:
    """Write a model, scheduler, tokenizer or processor into an empty folder.

    Raises:
        CodeError: the code of its class can't be had.
    """
    component = unwrapped(component)
    found = [] if is_standard(type(component)) else [piece_of(type(component))]
    taken = inspect.signature(component.save_pretrained).parameters
    component.save_pretrained(str(folder), **{name: value for name, value in options.items() if name in taken})
    for piece, source in found:
        code = bundle([piece])
        write_code(folder, code)
        map_class(folder, *code.classes[""], source)


def map_class(folder: Path, module: str, class_name: str, *sources: CodeSource) -> None:
    """Let the config say where the class is, for AutoModel and its like, and where it came from."""
    path = next((folder / name for name in CONFIGS if (folder / name).is_file()), None)
    if path and "." not in module:
        config = with_auto_map(json.loads(path.read_bytes()), path.name, module, class_name)
        write_file(path, to_bytes(with_sources(config, sources)))


def write_code(folder: Path, code: Bundle) -> None:
    """Put the files of the code where they belong."""
    for path, data in code.files.items():
        write_file(folder / path, data)
