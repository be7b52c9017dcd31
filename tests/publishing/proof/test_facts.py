"""Comparing what two processes say."""

from __future__ import annotations

import pytest

from gremio.publishing.proof.facts import ComponentFacts, Facts, differences

WHOLE = ComponentFacts("Castle")


def facts(**components: ComponentFacts | None) -> Facts:
    """Of a pipeline."""
    return Facts("pipeline", WHOLE, components)


def unet(**parts: str) -> ComponentFacts:
    """A component of the pipeline's own."""
    return ComponentFacts("Unet", "", parts)


def test_the_same_has_no_differences() -> None:
    """Nor does the order of parts matter."""
    one, other = facts(unet=unet(a="1", b="2"), vae=None), facts(vae=None, unet=unet(b="2", a="1"))
    assert differences(one, other) == ()
    assert differences(one, facts(unet=unet(a="1", b="3"), vae=None)) != ()


@pytest.mark.parametrize(
    ("expected", "found", "told"),
    [
        (facts(unet=unet()), facts(), "unet: it is missing"),
        (facts(), facts(unet=unet()), "unet: no such component was expected"),
        (facts(unet=None), facts(unet=unet()), "unet: it is Unet of its own code and should be None"),
        (
            facts(unet=unet()),
            facts(unet=ComponentFacts("Unet", "diffusers")),
            "unet: it is Unet of diffusers and should be Unet of its own code",
        ),
        (facts(unet=unet(a="1")), facts(unet=unet(a="2")), "unet: a is 2 and should be 1"),
        (facts(unet=unet(a="x " + "ab" * 32)), facts(unet=unet(a="y")), "unet: a is y and should be x abababababab…"),
        (facts(unet=unet(a="1", b="1")), facts(unet=unet()), "unet: a, b are missing"),
        (facts(unet=unet()), facts(unet=unet(a="1")), "unet: a is there and not expected"),
        (
            facts(unet=unet(**dict.fromkeys("abcdef", "1"))),
            facts(unet=unet(**dict.fromkeys("abcde", "2"), f="1")),
            "unet: 5 of 6 differ: a, b, c and 2 more",
        ),
        (facts(), Facts("code", WHOLE), "it is a code and should be a pipeline"),
    ],
)
def test_every_difference_is_told_in_words(expected: Facts, found: Facts, told: str) -> None:
    """With what there is and what there should be."""
    assert differences(expected, found) == (told,)


@pytest.mark.parametrize("values", [{}, {"what": "x"}, {"what": "x", "whole": {"y": 1}, "components": {}}])
def test_what_are_no_facts_is_refused(values: dict[str, object]) -> None:
    """It may come from a process that prints anything."""
    with pytest.raises(ValueError, match="these are no facts"):
        Facts.from_dict(values)
