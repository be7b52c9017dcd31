"""What a call returned, as files; the same bytes that ``gremio run`` writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gremio.code import PipelineRef
from gremio.errors import OptionError
from gremio.running.outputs import Artifact, Saved, collect, making, save
from gremio.studio.drawing.order import Order, Piece

_MOST_BYTES = 1 << 30
_MOST_PIECES = 256


def said(order: Order) -> dict[str, object]:
    """What was asked for, as ``gremio run`` writes it into a file when what went in lies beside it."""
    given = order.given
    return {
        "prompt": given.get("prompt"),
        "negative-prompt": given.get("negative_prompt"),
        "seed": order.seed,
        "steps": given.get("steps"),
        "size": None,
        "set": ", ".join(f"{name}={beside(value, order)}" for name, value in given["settings"].items()),
    }


def written(result: object, made: Any, order: Order, *, class_name: str) -> tuple[tuple[Piece, ...], Saved]:
    """The pieces and what is to be said of them.

    Raises:
        OptionError: nothing came that can be saved, or more than anybody wants to look at.
    """
    artifacts = collect(result)
    check_size(artifacts, order.ref)
    metadata = making(made, said(order), ref=order.ref, class_name=class_name)
    saved = save(artifacts, f"{order.folder}/", metadata=metadata, stem=stem(order.ref))
    pieces = tuple(Piece(path.name, each.kind) for path, each in zip(saved.paths, artifacts, strict=True))
    return pieces, saved


def beside(value: str, order: Order) -> str:
    """A setting; a file that went in is named by its name alone."""
    mark, path = ("@", value[1:]) if value.startswith("@") else ("", value)
    return mark + Path(path).name if path.startswith(f"{order.folder}/") else value


def stem(ref: str) -> str:
    """What files of a ref are called."""
    return PipelineRef.parse(ref).name.rsplit("/", 1)[-1]


def check_size(artifacts: list[Artifact], ref: str) -> None:
    """Refuse more than anybody wants to look at.

    Raises:
        OptionError: it says how much there is.
    """
    size = sum(each.size for each in artifacts)
    if size > _MOST_BYTES or len(artifacts) > _MOST_PIECES:
        told = f"{len(artifacts)} pieces of {size / 2**20:.0f} MB in all"
        most = f"{_MOST_PIECES} and {_MOST_BYTES >> 20} MB"
        raise OptionError(
            f"it returned {told}, and a page shows at most {most}",
            ref=ref,
            next_step="Ask for less at once, or use `gremio run`, which saves whatever comes.",
        )
