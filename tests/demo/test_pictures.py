"""The training data keeps its promise about what it leaves out."""

from random import Random

from training.pictures import (
    HELD_OUT_COUNT,
    Group,
    Pair,
    Single,
    all_triples,
    held_out_triples,
    random_picture,
)
from training.shapes import PALETTE, SHAPES


def test_held_out_triples_are_fixed() -> None:
    """Each call gives the same distinct triples, and all shapes and colours are among them."""
    triples = held_out_triples()
    assert triples == held_out_triples()
    assert len(set(triples)) == HELD_OUT_COUNT < len(all_triples()) / 10
    assert {each.shape for each in triples} == set(SHAPES)
    assert {each.colour for each in triples} == set(PALETTE)


def test_training_never_draws_a_held_out_triple() -> None:
    """Neither alone nor in groups or pairs does training show a held-out triple."""
    random = Random(4)
    drawn = set()
    for _ in range(20_000):
        match random_picture(random):
            case Single(figure, background):
                drawn.add((figure.colour, figure.shape, background))
            case Group(figures, background):
                drawn |= {(each.colour, each.shape, background) for each in figures}
            case Pair(left, right, background):
                drawn |= {(each.colour, each.shape, background) for each in (left, right)}
    assert len(drawn) > 1000
    assert drawn.isdisjoint(held_out_triples())
