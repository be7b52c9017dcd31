"""Training pictures drawn by code, each able to describe itself in many wordings.

Some (colour, shape, background) triples are never drawn for training, neither alone nor in a
group or a pair: the tests ask the model for exactly those.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import Final, NamedTuple, Protocol, TypeAlias

from PIL import Image

from training.scenes import THINGS, draw_scene
from training.shapes import OVERSAMPLE, PALETTE, SHAPES, Colour, Point, shape_mask

Size: TypeAlias = tuple[int, int]

SQUARE: Final[Size] = (128, 128)
WIDE: Final[Size] = (192, 128)
TALL: Final[Size] = (128, 192)
HELD_OUT_COUNT: Final = 120


class Triple(NamedTuple):
    """What a picture of one figure shows; the words are keys of PALETTE and SHAPES."""

    colour: str
    shape: str
    background: str


def all_triples() -> tuple[Triple, ...]:
    """Every triple whose figure differs in colour from its background."""
    words = product(PALETTE, SHAPES, PALETTE)
    return tuple(Triple(*each) for each in words if each[0] != each[2])


def held_out_triples() -> tuple[Triple, ...]:
    """The triples kept out of the training data, always the same ones in the same order."""
    return tuple(Random(2026).sample(all_triples(), HELD_OUT_COUNT))


HELD_OUT: Final = frozenset(held_out_triples())


class Picture(Protocol):
    """Something that can be drawn and described."""

    def draw(self, size: Size) -> Image.Image:
        """An RGB picture of this (width, height)."""
        ...

    def caption(self, random: Random) -> str:
        """One of the many wordings that describe the picture."""
        ...


@dataclass(frozen=True, slots=True)
class Figure:
    """One shape: its place in parts of width and height, its radius in parts of the short side."""

    colour: str
    shape: str
    centre: Point
    radius: float

    def draw_on(self, canvas: Image.Image) -> None:
        """Paint the figure over a canvas."""
        width, height = canvas.size
        mask = shape_mask(
            self.shape,
            canvas.size,
            centre=(self.centre[0] * width, self.centre[1] * height),
            radius=self.radius * min(canvas.size),
        )
        canvas.paste(PALETTE[self.colour], mask=mask)


def draw_figures(background: Colour, figures: tuple[Figure, ...], size: Size) -> Image.Image:
    """Figures on a plain background, with smooth edges."""
    canvas = Image.new("RGB", (size[0] * OVERSAMPLE, size[1] * OVERSAMPLE), background)
    for figure in figures:
        figure.draw_on(canvas)
    return canvas.reduce(OVERSAMPLE)


def article(words: str) -> str:
    """The words with "a" or "an" before them."""
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def _synonym(word: str, random: Random) -> str:
    others = SYNONYMS.get(word)
    return random.choice(others) if others and random.random() < 0.3 else word


SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "gray": ("grey",),
    "cyan": ("turquoise",),
    "purple": ("violet",),
    "circle": ("disc", "dot"),
    "moon": ("crescent", "crescent moon"),
    "cross": ("plus",),
    "ring": ("hoop",),
    "diamond": ("rhombus",),
}


@dataclass(frozen=True, slots=True)
class Single:
    """One figure, in the middle or near it."""

    figure: Figure
    background: str

    def draw(self, size: Size) -> Image.Image:
        """The figure on its background."""
        return draw_figures(PALETTE[self.background], (self.figure,), size)

    def _size_word(self, random: Random) -> str:
        if self.figure.radius < SMALL:
            return random.choice(("small ", "tiny ", "little "))
        if self.figure.radius > BIG:
            return random.choice(("big ", "large ", "huge "))
        return ""

    def caption(self, random: Random) -> str:
        """Size is named only when unusual; a white background is sometimes left out."""
        colour = _synonym(self.figure.colour, random)
        words = f"{self._size_word(random)}{colour} {_synonym(self.figure.shape, random)}"
        background = _synonym(self.background, random)
        if self.background == "white" and random.random() < 0.4:
            return random.choice((article(words), words))
        return random.choice(
            (
                f"{article(words)} on {article(background)} background",
                f"{article(words)} on {article(background)} background",
                f"{article(words)} on {background}",
                f"{words} on {background} background",
                f"{words}, {background} background",
                f"{words} on {background}",
                f"{background} background with {article(words)}",
                f"{article(words)} in front of {article(background)} background",
            )
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Two or three equal figures in a row."""

    figures: tuple[Figure, ...]
    background: str

    def draw(self, size: Size) -> Image.Image:
        """The figures on their background."""
        return draw_figures(PALETTE[self.background], self.figures, size)

    def caption(self, random: Random) -> str:
        """Names the number in words or, rarely, as a digit."""
        figure = self.figures[0]
        count = len(self.figures)
        number = str(count) if random.random() < 0.15 else ("two", "three")[count - 2]
        plural = PLURALS.get(figure.shape, f"{figure.shape}s")
        words = f"{number} {_synonym(figure.colour, random)} {plural}"
        background = _synonym(self.background, random)
        if self.background == "white" and random.random() < 0.4:
            return words
        return random.choice(
            (
                f"{words} on {article(background)} background",
                f"{words} on {background}",
                f"{words}, {background} background",
            )
        )


PLURALS: Final = {"cross": "crosses"}


@dataclass(frozen=True, slots=True)
class Pair:
    """Two different figures, left and right."""

    left: Figure
    right: Figure
    background: str

    def draw(self, size: Size) -> Image.Image:
        """Both figures on their background."""
        return draw_figures(PALETTE[self.background], (self.left, self.right), size)

    def caption(self, random: Random) -> str:
        """Names the left figure first, except where the wording says otherwise."""
        left = article(f"{_synonym(self.left.colour, random)} {self.left.shape}")
        right = article(f"{_synonym(self.right.colour, random)} {self.right.shape}")
        words = random.choice(
            (
                f"{left} and {right}",
                f"{left} next to {right}",
                f"{left} to the left of {right}",
                f"{right} to the right of {left}",
            )
        )
        background = _synonym(self.background, random)
        return random.choice((f"{words} on {article(background)} background", f"{words} on {background}"))


WHEN_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "day": ("by day", "on a sunny day", "in the sun", ""),
    "sunset": ("at sunset", "in the evening", "at dusk"),
    "night": ("at night", "by night", "under the stars"),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """A thing in a landscape at some time of the day."""

    thing: str
    colour: str
    when: str
    shift: Point
    seed: int

    def draw(self, size: Size) -> Image.Image:
        """The scene, with smooth edges."""
        canvas = Image.new("RGB", (size[0] * OVERSAMPLE, size[1] * OVERSAMPLE))
        draw_scene(
            canvas,
            self.thing,
            colour=self.colour,
            when=self.when,
            shift=self.shift,
            seed=self.seed,
        )
        return canvas.reduce(OVERSAMPLE)

    def caption(self, random: Random) -> str:
        """The colour is named about half of the time, daylight not always."""
        named = random.random() < 0.55
        thing = f"{_synonym(self.colour, random)} {self.thing}" if named else self.thing
        when = random.choice(WHEN_WORDS[self.when])
        words = article(thing) if random.random() < 0.8 else thing
        return f"{words} {when}".strip()


BEFORE: Final = ("a picture of", "a drawing of", "an image of", "a photo of", "draw", "please draw")
AFTER: Final = (
    "high quality",
    "best quality",
    "simple",
    "flat colors",
    "masterpiece",
    "highly detailed",
    "beautiful",
    "art",
    "minimalist",
    "4k",
)
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789!?-'éñ"


def _strange_word(random: Random) -> str:
    return "".join(random.choices(LETTERS, k=random.randint(2, 8)))


def dressed_caption(picture: Picture, random: Random) -> str:
    """The caption, now and then with the decoration that people put around prompts.

    Without meaningless additions in training, one unknown word would throw the model off.
    """
    words = picture.caption(random)
    if random.random() < 0.12:
        words = f"{random.choice(BEFORE)} {words}"
    if random.random() < 0.1:
        words = ", ".join((words, *random.sample(AFTER, random.randint(1, 3))))
    if random.random() < 0.04:
        words = f"{words} {_strange_word(random)}"
    if random.random() < 0.1:
        words += "."
    return words


SMALL: Final = 0.21
BIG: Final = 0.36


def _radius(random: Random) -> float:
    return random.choices(
        (random.uniform(0.15, 0.2), random.uniform(0.24, 0.34), random.uniform(0.37, 0.44)),
        (0.15, 0.7, 0.15),
    )[0]


def random_triple(random: Random, *, training: bool = True) -> Triple:
    """Any triple; for training, one that is not held out."""
    while True:
        colour, background = random.sample(tuple(PALETTE), 2)
        triple = Triple(colour, random.choice(tuple(SHAPES)), background)
        if not (training and triple in HELD_OUT):
            return triple


def place_single(triple: Triple, random: Random) -> Single:
    """Put one figure near the middle, wholly inside the picture."""
    radius = _radius(random)
    free = min(0.48 - radius, 0.1)
    centre = (0.5 + random.uniform(-free, free), 0.5 + random.uniform(-free, free))
    return Single(Figure(triple.colour, triple.shape, centre, radius), triple.background)


def _group(random: Random) -> Group:
    triple = random_triple(random)
    count = random.choice((2, 3))
    radius = random.uniform(0.17, 0.2) if count == 2 else random.uniform(0.125, 0.145)
    figures = tuple(
        Figure(
            triple.colour,
            triple.shape,
            ((place + 0.5) / count, 0.5 + random.uniform(-0.06, 0.06)),
            radius,
        )
        for place in range(count)
    )
    return Group(figures, triple.background)


def _pair(random: Random) -> Pair:
    left = random_triple(random)
    while True:
        right = random_triple(random)._replace(background=left.background)
        if right.colour != left.background and right not in HELD_OUT and right[:2] != left[:2]:
            break
    radius = random.uniform(0.17, 0.2)
    figures = (
        Figure(each.colour, each.shape, (x, 0.5 + random.uniform(-0.05, 0.05)), radius)
        for each, x in ((left, 0.26), (right, 0.74))
    )
    return Pair(next(figures), next(figures), left.background)


def _scene(random: Random) -> Scene:
    thing = random.choice(tuple(THINGS))
    shift = (random.uniform(-0.06, 0.06), random.uniform(-0.01, 0.05))
    colour = random.choice(THINGS[thing].colours)
    return Scene(thing, colour, random.choice(tuple(WHEN_WORDS)), shift, random.randrange(10**6))


def random_picture(random: Random) -> Picture:
    """A picture of the training distribution: mostly single figures."""
    kind = random.random()
    if kind < 0.58:
        return place_single(random_triple(random), random)
    if kind < 0.69:
        return _group(random)
    if kind < 0.77:
        return _pair(random)
    return _scene(random)


def caption_words() -> Iterator[str]:
    """Every wording that the captions are built from, for the tokenizer to learn."""
    random = Random(1)
    for _ in range(20_000):
        yield random_picture(random).caption(random)
    yield from (*BEFORE, *AFTER)
