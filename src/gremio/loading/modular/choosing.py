"""Which class of diffusers a modular pipeline is made of."""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path
from typing import Any, cast

import diffusers

from gremio.errors import BadModelIndex, ModelError
from gremio.loading.modular.index import ModularIndex
from gremio.sources.model import BLOCKS, INDEX, ModelHome

log = logging.getLogger("gremio")

BASE = diffusers.ModularPipeline


def pipeline_class(index: ModularIndex | None, blocks: Any, home: ModelHome | None) -> type:
    """The class that the index names, or that diffusers has for the ordinary pipeline there; else that of the blocks.

    Raises:
        BadModelIndex: the index names a class that is no modular pipeline, or blocks that nobody has.
        ModelError: there are no blocks for this model.
    """
    ref = home.name if home is not None else ""
    cls: Any = _named(index, ref) if index is not None and not index.is_plain else None
    if cls is None and index is not None:
        cls = _for_plain(index)
    if blocks is not None:
        return cls or type(diffusers.ModularPipelineBlocks.init_pipeline(blocks))
    if index is None:
        raise _nothing(home)
    if cls is None or (index.is_plain and cls.default_blocks_name is None):
        raise _no_blocks(index, ref)
    _check_blocks_name(index, cls, ref)
    return cast(type, cls)


def _named(index: ModularIndex, ref: str) -> Any:
    found = getattr(diffusers, index.class_name, None)
    if isinstance(found, type) and issubclass(found, BASE):
        return found
    if isinstance(found, type) and issubclass(found, diffusers.DiffusionPipeline):
        message, step = f"{index.class_name} is no modular pipeline", "Call DiffusionPipeline.from_pretrained."
    else:
        message = f"diffusers {diffusers.__version__} has no modular pipeline {index.class_name}"
        step = "Another version of diffusers may have it."
    raise BadModelIndex(f"{message}, and {index.file} names it", ref=ref, next_step=step)


def _for_plain(index: ModularIndex) -> Any:
    """What diffusers makes of such an index: it looks at the class and at settings, never at components."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, INDEX).write_text(json.dumps({**index.raw, "_class_name": index.class_name}))
        try:
            return type(BASE.from_pretrained(folder))
        except (AttributeError, NameError, OSError, TypeError, ValueError):
            return None


def _check_blocks_name(index: ModularIndex, cls: Any, ref: str) -> None:
    """diffusers takes the default blocks of the class in the place of blocks that it doesn't have, and says nothing."""
    named, step = index.blocks_name, "Pass blocks= with code that has them, or ask the author to upload it."
    found = getattr(diffusers, named, None) if named else None
    if named and found is None:
        where = f"which are neither in diffusers {diffusers.__version__} nor in the repository"
        raise BadModelIndex(f"{index.file} says that its blocks are {named}, {where}", ref=ref, next_step=step)
    if getattr(found, "block_classes", None) or index.is_plain:
        return
    if cls.default_blocks_name is None:
        raise BadModelIndex(f"{index.file} does not say which blocks it is made of", ref=ref, next_step=step)
    if named:
        log.warning("%s: its blocks were put together and are told nowhere; taking %s", ref, cls.default_blocks_name)


def _nothing(home: ModelHome | None) -> ModelError:
    files = [path for path in home.paths() if path.endswith(".py") and "/" not in path] if home is not None else []
    has = f" It has {', '.join(files[:4])}." if files else ""
    return ModelError(
        f"it has neither an index nor blocks that a {BLOCKS} names",
        ref=home.name if home is not None else "",
        next_step=f"Pass blocks= with code that has some: a path, owner/repo, or what load_blocks returns.{has}",
    )


def _no_blocks(index: ModularIndex, ref: str) -> ModelError:
    return ModelError(
        f"it is a model for {index.class_name}, for which diffusers {diffusers.__version__} has no modular blocks",
        ref=ref,
        next_step="Call DiffusionPipeline.from_pretrained, or pass blocks= with code that has blocks for it.",
    )


def with_blocks_name(index: ModularIndex | None, cls: type) -> dict[str, Any]:
    """The index for the constructor; an ordinary one names no blocks, and means those of the class."""
    document = index.for_diffusers() if index is not None else {}
    document.setdefault("_blocks_class_name", cast(Any, cls).default_blocks_name)
    return document
