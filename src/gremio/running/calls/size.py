"""The size of a picture as a person writes it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gremio.errors import OptionError

_SIZE = re.compile(r"(\d{1,6})\s*[xX×]\s*(\d{1,6})", re.ASCII)  # noqa: RUF001 - people do paste that sign


@dataclass(frozen=True)
class Size:
    """Width and height in pixels, both at least 1."""

    width: int
    height: int

    @classmethod
    def parse(cls, text: str) -> Size:
        """Read ``768x512``, width first, or ``512`` for a square.

        Raises:
            OptionError: the text is no size.
        """
        sides = _SIZE.fullmatch(text.strip()) or _SIZE.fullmatch(f"{text.strip()}x{text.strip()}")
        if not sides or not int(sides[1]) or not int(sides[2]):
            raise OptionError(f"--size {text!r} is no size", next_step="Write width and height in pixels: 768x512.")
        return cls(int(sides[1]), int(sides[2]))

    def __str__(self) -> str:
        """``768x512``."""
        return f"{self.width}x{self.height}"
