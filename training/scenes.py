"""Small scenes: one thing on a ground, under the sky of the day, the sunset or the night."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from PIL import Image, ImageDraw

from training.shapes import PALETTE, Colour, Point

SKIES: Final[dict[str, Colour]] = {
    "day": (130, 200, 250),
    "sunset": (250, 150, 90),
    "night": (20, 25, 75),
}
GRASS: Final[dict[str, Colour]] = {
    "day": (95, 185, 75),
    "sunset": (120, 120, 50),
    "night": (25, 75, 50),
}
SEA: Final[dict[str, Colour]] = {
    "day": (45, 115, 200),
    "sunset": (150, 75, 110),
    "night": (15, 45, 115),
}
ROAD: Final[dict[str, Colour]] = {
    "day": (125, 125, 130),
    "sunset": (115, 95, 95),
    "night": (60, 60, 70),
}
DARK: Final[Colour] = (30, 25, 30)
WINDOW: Final[dict[str, Colour]] = {
    "day": (210, 240, 255),
    "sunset": (255, 230, 150),
    "night": (255, 225, 90),
}


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws in units of the shorter side, from a given origin, y pointing down."""

    draw: ImageDraw.ImageDraw
    origin: Point
    unit: float

    def _pixels(self, point: Point) -> Point:
        return (self.origin[0] + self.unit * point[0], self.origin[1] + self.unit * point[1])

    def polygon(self, colour: Colour, *points: Point) -> None:
        """Fill the polygon with these corners."""
        self.draw.polygon([self._pixels(point) for point in points], fill=colour)

    def box(self, colour: Colour, left: float, top: float, right: float, bottom: float) -> None:
        """Fill an upright rectangle."""
        self.draw.rectangle([self._pixels((left, top)), self._pixels((right, bottom))], fill=colour)

    def oval(self, colour: Colour, x: float, y: float, width: float, height: float) -> None:
        """Fill an ellipse around (x, y) with these half axes."""
        corners = [self._pixels((x - width, y - height)), self._pixels((x + width, y + height))]
        self.draw.ellipse(corners, fill=colour)

    def arc(self, colour: Colour, x: float, y: float, radius: float, degrees: Point) -> None:
        """Draw part of a circle as a thick line, angles clockwise from three o'clock."""
        corners = [self._pixels((x - radius, y - radius)), self._pixels((x + radius, y + radius))]
        self.draw.arc(corners, *degrees, fill=colour, width=round(0.035 * self.unit))


def _house(brush: Brush, colour: Colour, when: str) -> None:
    brush.box(colour, -0.24, -0.3, 0.24, 0.08)
    roof = PALETTE["brown"] if colour != PALETTE["brown"] else PALETTE["red"]
    brush.polygon(roof, (-0.31, -0.29), (0.0, -0.54), (0.31, -0.29))
    brush.box(DARK, -0.05, -0.12, 0.06, 0.08)
    brush.box(WINDOW[when], -0.19, -0.21, -0.09, -0.11)
    brush.box(WINDOW[when], 0.1, -0.21, 0.2, -0.11)


def _tree(brush: Brush, colour: Colour, when: str) -> None:
    brush.box(PALETTE["brown"], -0.045, -0.25, 0.045, 0.08)
    brush.oval(colour, 0.0, -0.36, 0.21, 0.21)
    brush.oval(colour, -0.13, -0.27, 0.14, 0.13)
    brush.oval(colour, 0.13, -0.27, 0.14, 0.13)


def _boat(brush: Brush, colour: Colour, when: str) -> None:
    brush.box(DARK, -0.015, -0.5, 0.015, -0.02)
    brush.polygon(PALETTE["white"], (0.03, -0.48), (0.27, -0.1), (0.03, -0.1))
    brush.polygon(PALETTE["white"], (-0.03, -0.4), (-0.2, -0.1), (-0.03, -0.1))
    brush.polygon(colour, (-0.32, -0.06), (0.32, -0.06), (0.22, 0.1), (-0.22, 0.1))


def _mountain(brush: Brush, colour: Colour, when: str) -> None:
    brush.polygon(colour, (-0.5, 0.02), (-0.08, -0.5), (0.36, 0.02))
    brush.polygon(colour, (-0.05, 0.02), (0.26, -0.3), (0.55, 0.02))
    snow = PALETTE["white"]
    brush.polygon(snow, (-0.08, -0.5), (0.03, -0.37), (-0.04, -0.33), (-0.09, -0.38), (-0.19, -0.36))


def _flower(brush: Brush, colour: Colour, when: str) -> None:
    brush.box((35, 120, 45), -0.02, -0.2, 0.02, 0.14)
    brush.oval((35, 120, 45), 0.09, 0.0, 0.09, 0.04)
    for x, y in ((0.0, -0.15), (0.14, -0.05), (0.09, 0.12), (-0.09, 0.12), (-0.14, -0.05)):
        brush.oval(colour, x, y - 0.32, 0.095, 0.095)
    middle = PALETTE["yellow"] if colour != PALETTE["yellow"] else PALETTE["brown"]
    brush.oval(middle, 0.0, -0.32, 0.085, 0.085)


def _head(brush: Brush, colour: Colour) -> None:
    brush.oval(colour, 0.0, -0.18, 0.32, 0.32)
    eyes = DARK if sum(colour) > 150 else PALETTE["white"]
    for x in (-0.12, 0.12):
        brush.oval(eyes, x, -0.26, 0.045, 0.06)


def _happy_face(brush: Brush, colour: Colour, when: str) -> None:
    _head(brush, colour)
    brush.arc(DARK, 0.0, -0.16, 0.18, (20, 160))


def _sad_face(brush: Brush, colour: Colour, when: str) -> None:
    _head(brush, colour)
    brush.arc(DARK, 0.0, 0.09, 0.16, (210, 330))


def _fish(brush: Brush, colour: Colour, when: str) -> None:
    brush.polygon(colour, (0.15, -0.1), (0.38, -0.25), (0.38, 0.05))
    brush.oval(colour, -0.05, -0.1, 0.28, 0.17)
    brush.oval(PALETTE["white"], -0.19, -0.14, 0.05, 0.05)
    brush.oval(DARK, -0.19, -0.14, 0.025, 0.025)


def _cat(brush: Brush, colour: Colour, when: str) -> None:
    eyes = PALETTE["yellow"] if sum(colour) < 150 else DARK
    brush.oval(colour, 0.0, -0.04, 0.2, 0.17)
    brush.oval(colour, 0.0, -0.3, 0.18, 0.16)
    brush.polygon(colour, (-0.17, -0.3), (-0.16, -0.54), (-0.03, -0.42))
    brush.polygon(colour, (0.17, -0.3), (0.16, -0.54), (0.03, -0.42))
    brush.oval(eyes, -0.07, -0.32, 0.03, 0.04)
    brush.oval(eyes, 0.07, -0.32, 0.03, 0.04)
    brush.polygon(PALETTE["pink"], (-0.03, -0.26), (0.03, -0.26), (0.0, -0.22))


def _car(brush: Brush, colour: Colour, when: str) -> None:
    brush.polygon(colour, (-0.2, -0.15), (-0.12, -0.31), (0.12, -0.31), (0.22, -0.15))
    brush.polygon(WINDOW[when], (-0.14, -0.16), (-0.09, -0.27), (0.1, -0.27), (0.15, -0.16))
    brush.box(colour, -0.36, -0.16, 0.36, 0.02)
    for x in (-0.2, 0.2):
        brush.oval(DARK, x, 0.02, 0.09, 0.09)
        brush.oval(PALETTE["gray"], x, 0.02, 0.04, 0.04)


@dataclass(frozen=True, slots=True)
class Thing:
    """What a scene is about: how to draw it, its usual colours, and the ground it stands on."""

    draw: Callable[[Brush, Colour, str], None]
    colours: tuple[str, ...]
    ground: dict[str, Colour]


BRIGHT: Final = ("red", "orange", "yellow", "blue", "purple", "pink", "white")
THINGS: Final[dict[str, Thing]] = {
    "house": Thing(_house, (*BRIGHT, "brown"), GRASS),
    "tree": Thing(_tree, ("green", "green", "green", "orange", "pink"), GRASS),
    "boat": Thing(_boat, (*BRIGHT, "brown", "green"), SEA),
    "mountain": Thing(_mountain, ("gray", "gray", "brown", "purple"), GRASS),
    "flower": Thing(_flower, BRIGHT, GRASS),
    "happy face": Thing(_happy_face, ("yellow", "yellow", "pink", "green"), GRASS),
    "sad face": Thing(_sad_face, ("yellow", "yellow", "pink", "green"), GRASS),
    "fish": Thing(_fish, (*BRIGHT, "green"), SEA),
    "cat": Thing(_cat, ("orange", "black", "gray", "white", "brown"), GRASS),
    "car": Thing(_car, (*BRIGHT, "green", "black"), ROAD),
}


def _sky(brush: Brush, when: str, *, half_width: float, random: Random) -> None:
    """Sun, or moon and stars; the horizon is at y = 0."""
    side = random.choice((-1, 1)) * random.uniform(0.6, 0.75) * half_width
    if when == "day":
        brush.oval((255, 230, 60), side, -0.5, 0.09, 0.09)
    elif when == "sunset":
        brush.box((240, 110, 90), -half_width, -0.22, half_width, 0.0)
        brush.oval((255, 220, 90), side, -0.03, 0.17, 0.17)
    else:
        brush.oval((240, 240, 210), side, -0.5, 0.08, 0.08)
        for _ in range(round(14 * half_width)):
            x, y = random.uniform(-half_width, half_width), random.uniform(-0.64, -0.3)
            brush.oval((250, 250, 220), x, y, 0.012, 0.012)


def draw_scene(canvas: Image.Image, thing: str, *, colour: str, when: str, shift: Point, seed: int) -> None:
    """Draw a thing and its surroundings over the whole canvas; `shift` moves the thing."""
    width, height = canvas.size
    unit = min(canvas.size)
    half_width, depth = width / unit / 2, height / unit
    horizon = height * 0.68
    draw = ImageDraw.Draw(canvas)
    world = Brush(draw, (width / 2, horizon), unit)
    world.box(SKIES[when], -half_width, -depth, half_width, 0.0)
    _sky(world, when, half_width=half_width, random=Random(seed))
    ground = THINGS[thing].ground[when]
    world.box(ground, -half_width, 0.0, half_width, depth)
    # A fish swims: all around it is water.
    if thing == "fish":
        world.box(ground, -half_width, -0.4, half_width, depth)
    at = (width / 2 + shift[0] * unit, horizon + shift[1] * unit)
    THINGS[thing].draw(Brush(draw, at, unit), PALETTE[colour], when)
