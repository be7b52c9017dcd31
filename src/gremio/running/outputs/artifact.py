"""One thing that a pipeline made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["image", "frames", "audio", "array", "text"]


@dataclass(frozen=True, eq=False)
class Artifact:
    """``value`` is, by ``kind``:

    - ``image``: a PIL image
    - ``frames``: a tuple of PIL images of one size, ``rate`` of them per second
    - ``audio``: a numpy array (channels, samples) of int16, ``rate`` samples per second
    - ``array``: a numpy array, whatever it means
    - ``text``: a string

    ``note`` says what a person should know about it, empty when there is nothing.
    """

    kind: Kind
    value: Any
    rate: float = 0.0
    note: str = ""

    @property
    def size(self) -> int:
        """Bytes that it takes in memory."""
        if self.kind == "text":
            return len(self.value)
        if self.kind in ("image", "frames"):
            pictures = self.value if self.kind == "frames" else (self.value,)
            return sum(each.width * each.height * len(each.getbands()) for each in pictures)
        return int(self.value.nbytes)
