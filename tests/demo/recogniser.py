"""Says what a picture of one figure shows, by geometry alone: no learned model, no judging by eye.

The background is the colour along the border. The figure is what lies nearer to the second colour
than to the background. Its shape is the outline it overlaps most, once both are moved to the same
centre and scaled to the same area; a poor overlap counts as no shape at all.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from training.shapes import PALETTE, SHAPES, shape_mask

Pixels: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

BORDER: Final = 4
# In RGB units; the two nearest colours of the palette are 94 apart.
DIFFERENT: Final = 45.0
SMALLEST_FIGURE: Final = 0.015
SMALLEST_HOLE: Final = 0.04
GRID: Final = 64
# The side of the comparison grid, as a multiple of the square root of the figure's area.
GRID_SIDE: Final = 2.6
LEAST_OVERLAP: Final = 0.8

COLOURS: Final = tuple(PALETTE)
COLOUR_VALUES: Final = np.array([PALETTE[name] for name in COLOURS], dtype=float)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was found; `colour` and `shape` are None where there is no clear figure."""

    background: str
    colour: str | None = None
    shape: str | None = None
    overlap: float = 0.0


def _distance(pixels: Pixels, colour: Pixels) -> Pixels:
    return np.linalg.norm(pixels - colour, axis=-1)


def nearest_colour(colour: Pixels) -> str:
    """The palette's name for an RGB value."""
    return COLOURS[int(_distance(COLOUR_VALUES, colour).argmin())]


def _border_colour(pixels: Pixels) -> Pixels:
    inside = np.zeros(pixels.shape[:2], dtype=bool)
    inside[BORDER:-BORDER, BORDER:-BORDER] = True
    return np.median(pixels[~inside], axis=0)


def _shrunk(mask: Mask) -> Mask:
    """Without the pixels at its edge, whose colour is a mixture."""
    kept = mask.copy()
    for axis in (0, 1):
        for step in (-1, 1):
            kept &= np.roll(mask, step, axis)
    return kept


def _figure_colour(pixels: Pixels, background: Pixels) -> Pixels | None:
    """The median of the most common colour that is not the background."""
    figure = _shrunk(_distance(pixels, background) > DIFFERENT)
    if figure.mean() < SMALLEST_FIGURE / 2:
        return None
    candidates = pixels[figure]
    names = _distance(candidates[:, None], COLOUR_VALUES).argmin(axis=1)
    most_common = Counter(names.tolist()).most_common(1)[0][0]
    return np.median(candidates[names == most_common], axis=0)


def _pieces(mask: Mask) -> Iterator[Mask]:
    """The connected parts of a mask."""
    # Bytes in one row, with an edge all around where nothing is, are walked through several times as fast as an array.
    framed = np.pad(mask, 1)
    left, below = bytearray(framed.tobytes()), framed.shape[1]
    start = left.find(1)
    while start >= 0:
        left[start] = 0
        found = [start]
        for place in found:  # which grows meanwhile
            for near in (place + below, place - below, place + 1, place - 1):
                if left[near]:
                    left[near] = 0
                    found.append(near)
        piece = np.zeros(framed.size, dtype=bool)
        piece[found] = True
        yield piece.reshape(framed.shape)[1:-1, 1:-1]
        start = left.find(1, start)


def _touches_border(mask: Mask) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


def count_holes(figure: Mask) -> int:
    """How many parts of the surroundings are closed in, tiny ones not counted."""
    least = SMALLEST_HOLE * figure.sum()
    return sum(piece.sum() > least and not _touches_border(piece) for piece in _pieces(~figure))


def normalised(figure: Mask) -> Mask:
    """The figure on a grid of fixed size, with its centre of gravity and area always the same."""
    rows, columns = figure.nonzero()
    steps = (np.arange(GRID) + 0.5) / GRID - 0.5
    spread = steps * GRID_SIDE * np.sqrt(figure.sum())
    row = np.clip(np.rint(rows.mean() + spread), 0, figure.shape[0] - 1).astype(int)
    column = np.clip(np.rint(columns.mean() + spread), 0, figure.shape[1] - 1).astype(int)
    return figure[np.ix_(row, column)]


@cache
def template(shape: str) -> Mask:
    """The normalised outline of a shape."""
    drawn = shape_mask(shape, (384, 384), centre=(192, 192), radius=110)
    return normalised(np.asarray(drawn) > 127)


@cache
def template_holes(shape: str) -> int:
    """How many holes the shape has."""
    return count_holes(template(shape))


def _overlap(one: Mask, other: Mask) -> float:
    return float((one & other).sum() / (one | other).sum())


def recognise_shape(figure: Mask) -> tuple[str | None, float]:
    """The best template with as many holes as the figure, and its overlap from 0 to 1."""
    outline = normalised(figure)
    holes = count_holes(outline)
    scores = {shape: _overlap(outline, template(shape)) for shape in SHAPES if template_holes(shape) == holes}
    best = max(scores, key=scores.__getitem__, default=None)
    if best is None or scores[best] < LEAST_OVERLAP:
        return None, 0.0
    return best, scores[best]


def recognise(picture: Image.Image) -> Seen:
    """Name background, colour and shape of a picture with one figure on a plain background."""
    pixels = np.asarray(picture.convert("RGB"), dtype=float)
    background = _border_colour(pixels)
    name = nearest_colour(background)
    colour = _figure_colour(pixels, background)
    if colour is None:
        return Seen(name)
    nearer = _distance(pixels, colour) < _distance(pixels, background)
    figure = max(_pieces(nearer), key=np.sum)
    if figure.mean() < SMALLEST_FIGURE:
        return Seen(name)
    shape, overlap = recognise_shape(figure)
    return Seen(name, nearest_colour(colour), shape, overlap)
