"""``gremio.save_pretrained``: what can be saved, and how."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import diffusers

from gremio.errors import OptionError
from gremio.publishing.folder import read_folder
from gremio.saving.components import save_blocks, save_component
from gremio.saving.modular import save_modular
from gremio.saving.pipelines import save_pipeline
from gremio.saving.target import filling
from gremio.store.writing import write_file

Thing = Literal["pipeline", "modular", "blocks", "component"]


def save_pretrained(
    obj: Any,
    save_directory: str | os.PathLike[str],
    *,
    variant: str | None = None,
    max_shard_size: int | str | None = None,
    safe_serialization: bool = True,
) -> Path:
    """Save a pipeline, a component or modular blocks with their code, so that the folder loads anywhere.

    Weights and configs are written by diffusers and transformers themselves. The files of every class that is not
    theirs come along with what they import, and the index names them.

    Args:
        obj: a diffusers pipeline however it was built, a model, scheduler or other component, or modular blocks.
        save_directory: the folder; what is there already and is none of this stays.
        variant: goes into the names of the weight files: ``fp16``.
        max_shard_size: the largest weight file, as ``"5GB"`` or in bytes.
        safe_serialization: only True; weights are always safetensors.

    Returns:
        The folder.

    Raises:
        OptionError: it is nothing that can be saved, or was to be pickled.
        CodeError: the code of a class can't be had, or is no longer what ran.
        StoreError: the place can't be written.
    """
    folder = Path(save_directory).expanduser()
    if not safe_serialization:
        raise OptionError(
            "safe_serialization=False asks for pickles, which run code when they are loaded",
            ref=str(folder),
            next_step="Leave it out: weights are saved as safetensors.",
        )
    thing = what_is(obj)
    options = {"variant": variant} | ({"max_shard_size": max_shard_size} if max_shard_size is not None else {})
    with filling(folder) as new:
        _write(thing, obj, new, options, folder)
        settle(new)
    return folder


def _write(thing: Thing, obj: Any, new: Path, options: Mapping[str, Any], home: Path) -> None:
    match thing:
        case "pipeline":
            save_pipeline(obj, new, options)
        case "modular":
            save_modular(obj, new, options, home=home.absolute())
        case "blocks":
            save_blocks(obj, new)
        case "component":
            save_component(obj, new, options)


def what_is(obj: Any) -> Thing:
    """What kind of thing is to be saved.

    Raises:
        OptionError: none that can be.
    """
    if isinstance(obj, diffusers.DiffusionPipeline):
        return "pipeline"
    if isinstance(obj, diffusers.ModularPipeline):
        return "modular"
    if isinstance(obj, diffusers.ModularPipelineBlocks):
        return "blocks"
    if not isinstance(obj, type) and callable(getattr(obj, "save_pretrained", None)):
        return "component"
    name = obj.__name__ if isinstance(obj, type) else type(obj).__name__
    raise OptionError(
        f"{name} can't be saved: it is no pipeline, component or modular blocks",
        next_step="Pass the object, not its class; for code without weights there is `gremio publish FILE.py`.",
    )


def settle(folder: Path) -> None:
    """Put down what a publication says of the folder: the index, the configs, the digest of the code."""
    for path, content in read_folder(folder).files.items():
        if isinstance(content, bytes):
            write_file(folder / path, content)
