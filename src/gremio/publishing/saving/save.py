"""``gremio.save_pretrained``: what can be saved, and how."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diffusers

from gremio.errors import OptionError
from gremio.machine.writing import write_file
from gremio.publishing.folder import read_folder
from gremio.publishing.publication import Publication
from gremio.publishing.saving.component import save_component
from gremio.publishing.saving.modular import save_blocks, save_modular
from gremio.publishing.saving.pipeline import save_pipeline
from gremio.publishing.saving.whole_folder import filling


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
    saving = Saving(variant, max_shard_size, safe_serialization)
    saving.check(obj, ref=str(folder))
    with filling(folder) as new:
        saving.write(obj, new, home=folder)
    return folder


@dataclass(frozen=True)
class Saving:
    """The options of a save; see ``save_pretrained``."""

    variant: str | None = None
    max_shard_size: int | str | None = None
    safe_serialization: bool = True

    def check(self, obj: Any, *, ref: str) -> None:
        """Refuse what can't be saved, or not so, before anything is written.

        Raises:
            OptionError: it is nothing that can be saved, or was to be pickled.
        """
        if not self.safe_serialization:
            raise OptionError(
                "safe_serialization=False asks for pickles, which run code when they are loaded",
                ref=ref,
                next_step="Leave it out: weights are saved as safetensors.",
            )
        _saver(obj)

    def write(self, obj: Any, folder: Path, *, home: Path) -> Publication:
        """Fill an empty folder, which will be ``home``, with all that belongs to it.

        The index, the configs and the digest of the code are put down as a publication says them; that is returned.
        """
        options: dict[str, Any] = {"variant": self.variant}
        if self.max_shard_size is not None:
            options["max_shard_size"] = self.max_shard_size
        _saver(obj)(obj, folder, options, home.absolute())
        publication = read_folder(folder)
        for path, content in publication.files.items():
            if isinstance(content, bytes):
                write_file(folder / path, content)
        return publication


def _saver(obj: Any) -> Callable[[Any, Path, Mapping[str, Any], Path], None]:
    """What writes an object of this kind into an empty folder, which will be the second one.

    Raises:
        OptionError: it is of none that can be saved.
    """
    if isinstance(obj, diffusers.DiffusionPipeline):
        return save_pipeline
    if isinstance(obj, diffusers.ModularPipeline):
        return save_modular
    if isinstance(obj, diffusers.ModularPipelineBlocks):
        return save_blocks
    if not isinstance(obj, type) and callable(getattr(obj, "save_pretrained", None)):
        return save_component
    name = obj.__name__ if isinstance(obj, type) else type(obj).__name__
    raise OptionError(
        f"{name} can't be saved: it is no pipeline, component or modular blocks",
        next_step="Pass the object, not its class; for code without weights there is `gremio publish FILE.py`.",
    )
