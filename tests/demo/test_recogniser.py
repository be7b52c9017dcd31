"""The recogniser has to be right on pictures drawn by code before it may judge the model."""

from collections.abc import Callable
from random import Random

import numpy as np
import pytest
from PIL import Image, ImageFilter
from tests.demo.recogniser import recognise, recognise_shape
from training.pictures import (
    SQUARE,
    Figure,
    Single,
    held_out_triples,
    place_single,
    random_triple,
)
from training.shapes import SHAPES, shape_mask

COUNT = 100


def _as_drawn(picture: Image.Image) -> Image.Image:
    return picture


def _blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(1.2))


def _noisy(picture: Image.Image) -> Image.Image:
    pixels = np.asarray(picture) + np.random.default_rng(5).normal(0, 10, (*picture.size, 3))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def _anywhere(random: Random) -> Single:
    triple = random_triple(random, training=False)
    radius = random.uniform(0.15, 0.44)
    free = 0.47 - radius
    centre = (0.5 + random.uniform(-free, free), 0.5 + random.uniform(-free, free))
    return Single(Figure(triple.colour, triple.shape, centre, radius), triple.background)


@pytest.mark.parametrize("change", [_as_drawn, _blurred, _noisy])
def test_right_on_drawn_pictures(change: Callable[[Image.Image], Image.Image]) -> None:
    """At any place and size, colour, shape and background are right in 97 % of the pictures."""
    random = Random(11)
    right = 0
    for _ in range(COUNT):
        single = _anywhere(random)
        seen = recognise(change(single.draw(SQUARE)))
        truth = (single.figure.colour, single.figure.shape, single.background)
        right += (seen.colour, seen.shape, seen.background) == truth
    assert right >= 0.97 * COUNT


def test_right_on_every_held_out_triple() -> None:
    """The triples that the model is asked for can all be told apart."""
    random = Random(12)
    triples = held_out_triples()
    seen = [recognise(place_single(triple, random).draw(SQUARE)) for triple in triples]
    right = sum(
        (each.colour, each.shape, each.background) == tuple(triple) for each, triple in zip(seen, triples, strict=True)
    )
    assert right >= 0.97 * len(triples)


@pytest.mark.parametrize("shape", SHAPES)
def test_own_outline_overlaps_nearly_wholly(shape: str) -> None:
    """Each shape is found with an overlap of more than nine tenths."""
    figure = np.asarray(shape_mask(shape, SQUARE, centre=(60, 70), radius=35)) > 127
    found, overlap = recognise_shape(figure)
    assert found == shape
    assert overlap > 0.9


def test_empty_picture_has_no_figure() -> None:
    """A plain picture has a background and nothing else."""
    seen = recognise(Image.new("RGB", SQUARE, (225, 35, 40)))
    assert (seen.background, seen.colour, seen.shape) == ("red", None, None)


def test_bar_is_no_known_shape() -> None:
    """A figure unlike all templates is refused instead of being given the nearest name."""
    picture = Image.new("RGB", SQUARE, (250, 250, 250))
    picture.paste((15, 15, 15), (10, 58, 118, 70))
    seen = recognise(picture)
    assert seen.colour == "black"
    assert seen.shape is None
