"""One argument of a call, as a form shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "prompt",
    "text",
    "picture",
    "mask",
    "pictures",
    "video",
    "number",
    "integer",
    "choice",
    "boolean",
    "list",
    "json",
    "tensors",
]
Group = Literal["main", "more"]


@dataclass(frozen=True)
class Control:
    """What a person fills in for one parameter.

    Attributes:
        name: of the parameter.
        kind: of control.
        label: the name in words.
        tip: what the docstring says of it, empty where it says nothing.
        default: what the code takes by itself; None where it takes none, or none that can be shown.
        required: whether the call fails without it.
        least, most: the range that the docstring tells, None where it tells no such end.
        step: of a number.
        choices: all that it may be, empty where that is not told.
        group: ``main`` for what matters first.
        over: of a mask, the parameter of the picture that it is drawn on, empty where there is none.
        files: of a video, whether the call takes a file and not its frames.
        lines: of a prompt, whether the call takes several, which are then written one a line.
    """

    name: str
    kind: Kind
    label: str
    tip: str = ""
    default: object = None
    required: bool = False
    least: float | None = None
    most: float | None = None
    step: float | None = None
    choices: tuple[object, ...] = ()
    group: Group = "more"
    over: str = ""
    files: bool = False
    lines: bool = False


@dataclass(frozen=True)
class LeftOut:
    """A parameter that has no control, and why; it stays at its default, which it has none of where ``required``.

    A tensor may be given as a file all the same.
    """

    name: str
    why: str
    required: bool = False
