"""Arguments made up from signatures, and what is changed when a call says that it wanted something else."""

from types import SimpleNamespace
from typing import Callable  # noqa: UP035 - as the community writes them

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from tests.checking.trial.conftest import plan_of

from gremio.checking.trial.call_errors import corrected
from gremio.checking.trial.calling import first_call
from gremio.checking.trial.config_errors import refitted
from gremio.checking.trial.role_values import nested
from gremio.checking.trial.roles import role_of
from gremio.running.calls import Parameter


def test_prompts_pictures_and_numbers():
    """What most pipelines take."""

    def call(
        self,
        prompt: str | list[str] | None = None,
        image: Image.Image = None,
        mask_image=None,
        height: int | None = None,
        width: int | None = None,
        strength: float = 0.3,
        num_inference_steps: int = 50,
        negative_prompt: str | None = None,
        latents: torch.Tensor | None = None,
        ip_adapter_image=None,
        generator: torch.Generator | None = None,
        output_type: str = "pil",
        guidance_scale: float = 7.5,
        callback: Callable | None = None,
    ):
        pass

    made = plan_of(call).arguments()
    assert made.keys() == {
        *("prompt", "image", "mask_image", "height", "width", "num_inference_steps", "generator", "output_type"),
    }
    assert isinstance(made["prompt"], str)
    assert (made["image"].mode, made["image"].size) == ("RGB", (64, 64))
    assert made["mask_image"].mode == "L"
    assert made["height"] == made["width"] == 64
    assert made["num_inference_steps"] * 0.3 >= 1
    assert made["generator"].initial_seed() == 5
    assert made["output_type"] == "np"


def test_each_call_has_its_own_copy():
    """What a call does to its arguments stays with it."""

    def call(self, image, generator=None):
        pass

    plan = plan_of(call)
    first, second = plan.arguments(), plan.arguments()
    first["image"].putpixel((0, 0), (1, 2, 3))
    torch.rand(1, generator=first["generator"])
    assert second["image"].getpixel((0, 0)) != (1, 2, 3)
    assert torch.equal(second["generator"].get_state(), plan.arguments()["generator"].get_state())


def test_one_control_picture_for_each_controlnet():
    """And one main picture."""

    def call(self, image=None, control_image=None):
        pass

    made = plan_of(call, controlnet=SimpleNamespace(nets=[1, 2])).arguments()
    assert len(made["control_image"]) == 2
    assert isinstance(made["image"], Image.Image)


@pytest.mark.parametrize(
    ("annotation", "depth"),
    [("str", 0), ("Union[str, List[str]]", 0), ("List[str]", 1), ("Optional[List[List[str]]]", 2), ("", 0)],
)
def test_texts_in_as_many_lists_as_annotated(annotation, depth):
    """Plain where that is allowed."""
    value = nested(Parameter("prompt", annotation, None, required=True), "a cat")
    for _ in range(depth):
        assert isinstance(value, list)
        value = value[0]
    assert value == "a cat"


def test_what_must_be_given_and_says_little():
    """By annotation, else a tensor."""

    def call(self, measurement: torch.Tensor, operator: torch.nn.Module, loss_fn: Callable, many: bool, n: int, points):
        pass

    made = plan_of(call).arguments()
    assert made["measurement"].shape == (1, 3, 64, 64)
    assert made["operator"](3) == 3
    assert made["loss_fn"](torch.zeros(2), torch.ones(2)) == 1
    assert made["many"] is False
    assert made["n"] == 1
    assert made["points"] == [[16, 16]]


@given(st.text(min_size=1, max_size=30), st.sampled_from(["", "int", "Optional[float]", "List[", "Tuple[int, ...]"]))
def test_any_parameter_has_a_role_or_none(name, annotation):
    """No name and no annotation is too strange."""
    assert role_of(Parameter(name, annotation, None, required=True)) in {None, *_ROLES}


_ROLES = {
    *("text", "image", "mask", "frames", "film_file", "phrases", "boxes", "sound", "side", "sides", "off"),
    *("count_of_frames", "steps", "output_type", "layers"),
}


def _call(self, prompt=None, image=None, images: list[tuple] = None, mode: int = None, num_inference_steps=2):  # noqa: RUF013
    pass


@pytest.mark.parametrize(
    ("error", "name", "value"),
    [
        (ValueError("`prompt` has to be a list of lists but is str"), "prompt", 2),
        (ValueError("`prompt` must be a list"), "prompt", 1),
        (ValueError("The value for `mode` is expected!"), "mode", 0),
    ],
)
def test_a_demand_is_met(error, name, value):
    """What the error names is given as it says."""
    found = corrected(plan_of(_call), error).arguments()[name]
    depth = 0
    while isinstance(found, list):
        found, depth = found[0], depth + 1
    assert depth == value
    assert found is not None


def test_of_two_that_exclude_each_other_the_special_one_stays():
    """``image`` is what every pipeline has."""
    error = ValueError("Cannot pass both `image` and `images`.")
    made = corrected(plan_of(_call), error).arguments()
    assert "image" not in made
    assert "images" in made


def test_a_larger_unit():
    """Sizes grow to what divides."""

    def call(self, height=None, width=None):
        pass

    made = corrected(plan_of(call), ValueError("`height` has to be divisible by 96 but is 64")).arguments()
    assert made["height"] == 192
    assert corrected(plan_of(call), ValueError("has to be divisible by 9999")) is None


def test_an_error_without_a_demand_is_left():
    """Nothing is changed on a guess."""
    assert corrected(plan_of(_call), KeyError("sample")) is None
    assert corrected(plan_of(_call), AttributeError("'Encoder' object has no attribute 'text_model'")) is None


def test_the_first_natural_error_is_told():
    """When no other form of the arguments helps either."""

    def call(self, image=None, num_inference_steps=2):
        raise ValueError(f"bad size of {type(image).__name__}, {image.size}")

    plan = plan_of(call)
    with pytest.raises(ValueError, match=r"bad size of Image, \(64, 64\)"):
        first_call(plan.pipeline, plan)


def test_another_form_is_tried():
    """A tensor where a picture won't do."""

    def call(self, image=None):
        return image.shape

    plan = plan_of(call)
    caller, result = first_call(plan.pipeline, plan)
    assert result == (1, 3, 64, 64)
    assert caller.plan.tensors


@pytest.mark.parametrize(
    ("text", "config"),
    [
        ("Input image size (224*224) doesn't match model (32*32).", {"image_encoder": {"image_size": 224}}),
        ("index out of range in self", {"text_encoder": {"vocab_size": 49408}}),
        ("`pipeline.unet` expects 4 but received latent channels: 4, mask: 1, image: 4.", {"unet": {"in_channels": 9}}),
        ("something else", None),
    ],
)
def test_numbers_that_the_code_counts_on(text, config):
    """Read off the error, for the component that it is about."""
    names = ("unet", "image_encoder", "text_encoder")
    pipeline = SimpleNamespace(config=dict.fromkeys(names), image_encoder=1, text_encoder=1)
    pipeline.unet = SimpleNamespace(config={"in_channels": 4})
    assert refitted(pipeline, RuntimeError(text)) == config
