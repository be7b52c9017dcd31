"""The palette and the flat shapes, as plain data.

A shape is a tuple of polygons in the square from -1 to 1, y pointing down. The first polygon is
filled; the ones after it are cut out again (the hole of the ring, the bite of the moon).
"""

from math import cos, pi, sin
from typing import Final, TypeAlias

from PIL import Image, ImageDraw

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]
Polygon: TypeAlias = tuple[Point, ...]

# Pillow fills polygons without smoothing; drawing larger and reducing gives smooth edges.
OVERSAMPLE: Final = 2

PALETTE: Final[dict[str, Colour]] = {
    "red": (225, 35, 40),
    "orange": (255, 140, 0),
    "yellow": (250, 225, 40),
    "green": (30, 150, 55),
    "cyan": (60, 210, 220),
    "blue": (35, 75, 215),
    "purple": (125, 45, 175),
    "pink": (255, 150, 195),
    "brown": (130, 80, 35),
    "black": (15, 15, 15),
    "gray": (140, 140, 140),
    "white": (250, 250, 250),
}


def _circle(radius: float = 1.0, x: float = 0.0, y: float = 0.0, corners: int = 64) -> Polygon:
    turns = (2 * pi * corner / corners for corner in range(corners))
    return tuple((x + radius * cos(turn), y + radius * sin(turn)) for turn in turns)


def _star(points: int = 5, inner: float = 0.42) -> Polygon:
    radii = (1.0, inner) * points
    turns = (pi * corner / points - pi / 2 for corner in range(2 * points))
    return tuple((r * cos(turn), r * sin(turn)) for r, turn in zip(radii, turns, strict=True))


def _heart(corners: int = 64) -> Polygon:
    """The usual heart curve, scaled into the unit square."""
    turns = [2 * pi * corner / corners for corner in range(corners)]
    return tuple(
        (
            sin(turn) ** 3,
            -(13 * cos(turn) - 5 * cos(2 * turn) - 2 * cos(3 * turn) - cos(4 * turn)) / 16,
        )
        for turn in turns
    )


def _cross(arm: float = 0.34) -> Polygon:
    corner: list[Point] = [(arm, -1.0), (arm, -arm), (1.0, -arm)]
    points: list[Point] = []
    for _ in range(4):
        points += corner
        corner = [(-y, x) for x, y in corner]
    return tuple(points)


SHAPES: Final[dict[str, tuple[Polygon, ...]]] = {
    "circle": (_circle(),),
    "square": (((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),),
    "triangle": (((0.0, -0.95), (1.0, 0.8), (-1.0, 0.8)),),
    "star": (_star(),),
    "heart": (_heart(),),
    "diamond": (((0.0, -1.0), (0.7, 0.0), (0.0, 1.0), (-0.7, 0.0)),),
    "ring": (_circle(), _circle(0.55)),
    "cross": (_cross(),),
    "moon": (_circle(), _circle(0.85, x=0.5, y=-0.15)),
    "hexagon": (_circle(corners=6),),
}


def place(polygon: Polygon, *, centre: Point, radius: float) -> list[Point]:
    """Scale a unit polygon to `radius` and move it to `centre`, both in pixels."""
    return [(centre[0] + radius * x, centre[1] + radius * y) for x, y in polygon]


def shape_mask(shape: str, size: tuple[int, int], *, centre: Point, radius: float) -> Image.Image:
    """A black and white picture of `size` that is white where the shape is."""
    mask = Image.new("L", size, 0)
    draw = ImageDraw.Draw(mask)
    filled, *cut_out = SHAPES[shape]
    draw.polygon(place(filled, centre=centre, radius=radius), fill=255)
    for hole in cut_out:
        draw.polygon(place(hole, centre=centre, radius=radius), fill=0)
    return mask
