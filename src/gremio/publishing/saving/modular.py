"""Modular blocks into a folder; and a modular pipeline: the components it has loaded, its index, its blocks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremio.errors import CodeError
from gremio.loading.components.registered import unchanged_config
from gremio.machine.writing import write_file
from gremio.publishing.code.bundle import bundle
from gremio.publishing.index import to_bytes, with_auto_map, with_sources
from gremio.publishing.saving.class_code import is_standard, piece_of
from gremio.publishing.saving.component import map_class, write_code
from gremio.sources.model import BLOCKS, MODULAR_INDEX
from gremio.trust.model_files import modular_entries


def save_blocks(blocks: Any, folder: Path, options: Mapping[str, Any], home: Path) -> None:
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
    config = with_auto_map(json.loads((folder / BLOCKS).read_bytes()), BLOCKS, *code.classes[""])
    write_file(folder / BLOCKS, to_bytes(with_sources(config, [source])))


def save_modular(pipeline: Any, folder: Path, options: Mapping[str, Any], home: Path) -> None:
    """Write a modular pipeline into an empty folder, which will be ``home``.

    Raises:
        CodeError: the code of its blocks or of a component can't be had.
    """
    loaded = {name: type(each) for name, each in pipeline.components.items() if each is not None}
    custom = {name: cls for name, cls in loaded.items() if not is_standard(cls)}
    code = bundle([piece_of(cls, name)[0] for name, cls in custom.items()])
    with unchanged_config(pipeline):
        pipeline.save_pretrained(str(folder), overwrite_modular_index=True, **options)
    write_code(folder, code)
    for name, pair in code.classes.items():
        map_class(folder / name, *pair)
    if not is_standard(type(pipeline.blocks)):
        save_blocks(pipeline.blocks, folder, {}, home)
    index = json.loads((folder / MODULAR_INDEX).read_bytes())
    index.pop("_name_or_path", None)
    for name, entry in modular_entries(index).items():
        # Components that lie here are named as lying here; those with code are loaded by AutoModel, which takes it.
        if entry[2].get("pretrained_model_name_or_path") == str(folder):
            entry[2]["pretrained_model_name_or_path"] = str(home)
        if name in custom:
            entry[:2] = ["diffusers", "AutoModel"]
            entry[2]["type_hint"] = ["diffusers", "AutoModel"]
    write_file(folder / MODULAR_INDEX, to_bytes(index))
