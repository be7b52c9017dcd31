"""What a pipeline class wants in its constructor, and which of it may be left out."""

import json
from typing import Optional

import pytest

from gremio.errors import ComponentMissing
from gremio.loading.components import ModelIndex
from gremio.loading.components.constructor import ConstructorParameters


class Annotated:
    _optional_components = ("feature_extractor", "extra")

    def __init__(self, unet: int, vae: Optional[int], image_encoder: "int | None", feature_extractor, extra=None, n=1):  # noqa: UP045
        ...


class Bare:
    def __init__(self, unet, safety_checker, scale=1.0, *, flag=True, **kwargs): ...


class Unknown:
    def __init__(self, unet: "NotThere", vae: "NotThere | None"): ...  # noqa: F821


def _index(**components):
    return ModelIndex.parse(json.dumps({"_class_name": "P"} | components).encode(), ref="m")


def test_the_constructor_is_read_as_diffusers_reads_it():
    """Without a default it is a component, listed as optional it is one too, and the rest are settings."""
    demands = ConstructorParameters.of(Annotated)
    assert demands.required == {"unet", "vae", "image_encoder", "feature_extractor"}
    assert demands.optional == {"extra"}
    assert demands.settings == {"n"}
    assert demands.nullable == {"vae", "image_encoder", "feature_extractor", "extra"}


def test_annotations_are_not_needed():
    """Names alone say what is a component; a checker may be left out whatever its annotation."""
    demands = ConstructorParameters.of(Bare)
    assert (demands.required, demands.settings) == ({"unet", "safety_checker"}, {"scale", "flag"})
    assert demands.nullable == {"safety_checker"}


def test_an_annotation_that_can_not_be_resolved_is_read_as_text():
    """Hints that are there for type checkers alone do no harm."""
    assert ConstructorParameters.of(Unknown).nullable == {"vae"}


UNET, NONE = ["diffusers", "UNet2DConditionModel"], [None, None]
ABSENT = {
    "all there": (Bare, {"unet": UNET, "safety_checker": UNET}, [], []),
    "null in the index": (Bare, {"unet": UNET, "safety_checker": NONE}, [], ["safety_checker"]),
    "missing from the index": (Bare, {"unet": UNET}, [], ["safety_checker"]),
    "passed instead": (Bare, {"safety_checker": NONE}, ["unet"], ["safety_checker"]),
    "null though not optional": (Bare, {"unet": NONE, "safety_checker": UNET}, [], ["unet"]),
    "optional by annotation": (Unknown, {"unet": UNET}, [], ["vae"]),
}


@pytest.mark.parametrize(("cls", "components", "passed", "absent"), ABSENT.values(), ids=ABSENT.keys())
def test_what_is_handed_in_as_none(cls, components, passed, absent):
    """Each row: the class, the index, what the caller passes, and what is then None."""
    assert ConstructorParameters.of(cls).absent(_index(**components), passed, ref="m", class_name="C") == absent


def test_what_the_model_lacks_is_named():
    """The error has every name and says how to pass the first."""
    with pytest.raises(ComponentMissing, match="C needs unet, which") as caught:
        ConstructorParameters.of(Bare).absent(_index(), [], ref="maria/castle", class_name="C")
    assert (caught.value.names, caught.value.ref) == (("unet",), "maria/castle")
    assert "unet=" in caught.value.next_step
