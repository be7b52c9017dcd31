"""A single component, or modular blocks, into a folder: weights, config, code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremio.errors import CodeError
from gremio.loading.components.registered import unwrapped
from gremio.machine.writing import write_file
from gremio.publishing.code.bundle import Bundle, bundle
from gremio.publishing.folder.author import auto_keys
from gremio.publishing.index import to_bytes, with_auto_map, with_sources
from gremio.publishing.saving.origins import is_standard, piece_of
from gremio.publishing.saving.standard import unchanged_config
from gremio.sources.model import BLOCKS, CONFIGS
from gremio.sources.record import CodeSource


def save_component(component: Any, folder: Path, options: Mapping[str, Any]) -> None:
    """Write a model, scheduler, tokenizer or processor into an empty folder.

    Raises:
        CodeError: the code of its class can't be had.
    """
    component = unwrapped(component)
    found = [] if is_standard(type(component)) else [piece_of(type(component))]
    code = bundle([piece for piece, _ in found])
    component.save_pretrained(str(folder), **_accepted(component, options))
    write_code(folder, code)
    for _, source in found:
        map_class(folder, *code.classes[""], source=source)


def save_blocks(blocks: Any, folder: Path) -> None:
    """Write modular blocks into an empty folder: their code, and the config that names their class.

    Raises:
        CodeError: they have no class of their own, or its code can't be had.
    """
    if is_standard(type(blocks)):
        raise CodeError(
            f"{type(blocks).__name__} is a class of diffusers itself, so there is no code that makes these blocks anew",
            next_step="Blocks that were put together from others need a class: derive one from SequentialPipelineBlocks"
            " with block_classes and block_names, and use that.",
        )
    piece, source = piece_of(type(blocks))
    code = bundle([piece])
    with unchanged_config(blocks):
        blocks.save_pretrained(str(folder))
    write_code(folder, code)
    config = json.loads((folder / BLOCKS).read_bytes())
    keys = list(config.get("auto_map") or {"ModularPipelineBlocks": ""})
    write_file(folder / BLOCKS, to_bytes(with_sources(with_auto_map(config, keys, *code.classes[""]), [source])))


def map_class(folder: Path, module: str, class_name: str, *, source: CodeSource | None = None) -> None:
    """Let the config say where the class is, for AutoModel and its like, and where it came from."""
    for name in CONFIGS:
        if (folder / name).is_file() and "." not in module:
            config = json.loads((folder / name).read_bytes())
            config = with_auto_map(config, auto_keys(name, config), module, class_name)
            write_file(folder / name, to_bytes(with_sources(config, [source] if source else [])))
            return


def write_code(folder: Path, code: Bundle) -> None:
    """Put the files of the code where they belong."""
    for path, data in code.files.items():
        write_file(folder / path, data)


def _accepted(component: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that its ``save_pretrained`` takes."""
    import inspect

    taken = inspect.signature(component.save_pretrained).parameters
    return {name: value for name, value in options.items() if name in taken}
