"""A modular pipeline into a folder: the components it has loaded, its index, its blocks with their code."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gremio.machine.writing import write_file
from gremio.publishing.code.bundle import bundle
from gremio.publishing.index import to_bytes
from gremio.publishing.saving.components import map_class, save_blocks, write_code
from gremio.publishing.saving.origins import is_standard, piece_of
from gremio.publishing.saving.standard import unchanged_config
from gremio.sources.model import MODULAR_INDEX


def save_modular(pipeline: Any, folder: Path, options: Mapping[str, Any], *, home: Path) -> None:
    """Write a modular pipeline into an empty folder, which will be ``home``.

    Raises:
        CodeError: the code of its blocks or of a component can't be had.
    """
    custom = {
        name: each for name, each in pipeline.components.items() if each is not None and not is_standard(type(each))
    }
    pieces = [piece_of(type(each), name)[0] for name, each in custom.items()]
    code = bundle(pieces)
    with unchanged_config(pipeline):
        pipeline.save_pretrained(str(folder), overwrite_modular_index=True, **options)
    write_code(folder, code)
    for name, (module, class_name) in code.classes.items():
        map_class(folder / name, module, class_name)
    if not is_standard(type(pipeline.blocks)):
        save_blocks(pipeline.blocks, folder)
    _settle_index(folder, custom, home)


def _settle_index(folder: Path, custom: Mapping[str, Any], home: Path) -> None:
    """Components that lie here are named as lying here; those with code are loaded by AutoModel, which takes it."""
    path = folder / MODULAR_INDEX
    index = json.loads(path.read_bytes())
    for name, entry in index.items():
        if isinstance(entry, list) and len(entry) == 3 and isinstance(entry[2], dict):
            if entry[2].get("pretrained_model_name_or_path") == str(folder):
                entry[2]["pretrained_model_name_or_path"] = str(home)
            if name in custom:
                entry[:2] = ["diffusers", "AutoModel"]
                entry[2]["type_hint"] = ["diffusers", "AutoModel"]
    index.pop("_name_or_path", None)
    write_file(path, to_bytes(index))
