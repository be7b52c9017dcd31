"""From approved code to an instance of its blocks."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import diffusers

from gremio.errors import CodeFailed, NoClass
from gremio.loading.modules.provenance import CodeProvenance
from gremio.loading.pipelines.classes import execute
from gremio.loading.pipelines.resolving import ApprovedClass


def made(found: ApprovedClass, arguments: dict[str, Any]) -> Any:
    """The blocks, made with ``arguments``; ``blocks.gremio`` says where their code came from.

    Raises:
        CodeFailed: the code raised.
        NoClass: the class is no blocks.
        TypeError: its constructor takes other arguments.
    """
    loaded = execute(found)
    cls: Any = loaded.cls
    if not issubclass(cls, diffusers.ModularPipelineBlocks):
        step = "Say which class is blocks: class_name=. A pipeline is loaded by DiffusionPipeline.from_pretrained."
        raise NoClass(f"{cls.__name__} is no class of blocks", ref=found.ref, next_step=step)
    try:
        inspect.signature(cls).bind(**arguments)
    except TypeError as error:
        raise TypeError(f"load_blocks() and {cls.__name__}(): {error}") from None
    try:
        blocks = cls(**arguments)
    except Exception as error:
        raise CodeFailed(
            f"making {cls.__name__} raised {type(error).__name__}: {error}",
            ref=found.ref,
            next_step="The traceback above has the line; `gremio check` tries it by itself.",
        ) from error
    entry = found.code.tree.entry
    # Past whatever the class does when attributes are set.
    vars(blocks)["gremio"] = CodeProvenance.of(loaded, ref=found.ref, entry=entry, before=found.before)
    return blocks


def origins(blocks: Any) -> tuple[CodeProvenance | None, dict[str, CodeProvenance]]:
    """Where the code of blocks came from, and that of blocks that were put in among them, by their names there."""
    return vars(blocks).get("gremio"), dict(_inner(blocks, ""))


def _inner(blocks: Any, above: str) -> Iterator[tuple[str, CodeProvenance]]:
    for name, each in blocks.sub_blocks.items():
        told = vars(each).get("gremio")
        if told is not None:
            yield f"{above}{name}", told
        yield from _inner(each, f"{above}{name}.")
