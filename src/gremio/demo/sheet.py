"""One picture with all pictures of the tour on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gremio.demo.tour import Stop

if TYPE_CHECKING:
    from PIL.Image import Image

_CELL = 192  # pixels
_GAP = 16
_HEAD = 54
_PAPER, _INK, _PALE = (250, 249, 246), (30, 30, 34), (110, 110, 118)


def contact_sheet(stops: Sequence[Stop]) -> Image:
    """A row for each stop, with its title and its code above."""
    from PIL import Image, ImageDraw, ImageFont

    columns = max(len(stop.pictures) for stop in stops)
    row = _HEAD + _CELL + _GAP
    sheet = Image.new("RGB", (_GAP + columns * (_CELL + _GAP), _GAP + len(stops) * row), _PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, stop in enumerate(stops):
        top = _GAP + number * row
        draw.text((_GAP, top), stop.title, fill=_INK, font=ImageFont.load_default(20))
        draw.text((_GAP, top + 28), stop.code, fill=_PALE, font=ImageFont.load_default(13))
        for column, picture in enumerate(stop.pictures):
            large = picture.resize((_CELL, _CELL), Image.Resampling.LANCZOS)
            sheet.paste(large, (_GAP + column * (_CELL + _GAP), top + _HEAD))
    return sheet
