"""What to draw, and what is told while it is drawn. Both are plain data, which passes between two processes as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Happened = Literal["loading", "loaded", "unloaded", "step", "preview", "note"]


@dataclass(frozen=True)
class Weights:
    """A model and how it is loaded; ``device`` and ``dtype`` are empty for what is best here."""

    model: str
    revision: str = ""
    variant: str = ""
    device: str = ""
    dtype: str = ""


@dataclass(frozen=True)
class Code:
    """A pipeline's code: its ref, empty for the model's own, and revision."""

    ref: str = ""
    revision: str = ""
    class_name: str = ""

    def arguments(self) -> dict[str, Any]:
        """For ``from_pretrained`` and ``from_pipe``."""
        named = {"custom_pipeline": self.ref, "custom_revision": self.revision, "class_name": self.class_name}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Order:
    """One call.

    ``beside`` is the code of the pipeline over whose components this one is made, with ``from_pipe``; None for one
    that is loaded itself. ``given`` is what ``gremio.running.calls.build`` takes. ``folder`` is where files go.
    """

    weights: Weights
    code: Code
    given: Mapping[str, Any]
    seed: int
    folder: str
    beside: Code | None = None
    previews: bool = True

    @property
    def ref(self) -> str:
        """What the person named: the code, or else the model that brings its own."""
        return self.code.ref or self.weights.model

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Order:
        """What ``as_dict`` gave."""
        beside = told["beside"]
        parts = {"weights": Weights(**told["weights"]), "code": Code(**told["code"])}
        return cls(**{**told, **parts, "beside": Code(**beside) if beside else None})


@dataclass(frozen=True)
class Event:
    """Something that happened meanwhile.

    ``done`` and ``total`` are steps, ``total`` 0 where nobody knows; ``text`` is a note, or what was unloaded;
    ``file`` is the name of a preview in the order's folder.
    """

    what: Happened
    text: str = ""
    done: int = 0
    total: int = 0
    file: str = ""


@dataclass(frozen=True)
class Piece:
    """A file that was made: its name in the order's folder, and what kind of thing is in it."""

    file: str
    kind: str


@dataclass(frozen=True)
class Drawn:
    """All that one call made. ``shared`` is how many components it had from another pipeline."""

    pieces: tuple[Piece, ...]
    notes: tuple[str, ...] = ()
    class_name: str = ""
    seconds: float = 0.0
    shared: int = 0
    digest: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Drawn:
        """From a worker."""
        pieces = tuple(Piece(str(each["file"]), str(each["kind"])) for each in told["pieces"])
        return cls(**{**told, "pieces": pieces, "notes": tuple(map(str, told["notes"]))})
