"""Image to image by a difference map."""

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler, HeunDiscreteScheduler
from PIL import Image

WHITE, BLACK, GREY = (Image.new("L", (64, 64), shade) for shade in (255, 0, 128))


@pytest.fixture(scope="module")
def pipe(load):
    """The pipeline, without a safety checker."""
    pipe = load("difference_map")
    pipe.safety_checker = None
    return pipe


@pytest.fixture(scope="module")
def picture():
    """A picture of noise."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))


@pytest.fixture
def halves():
    """Black at the left, white at the right."""
    image = Image.new("L", (64, 64), 0)
    image.paste(255, (32, 0, 64, 64))
    return image


def test_black_stays_and_white_changes(pipe, picture, halves):
    """Where the map is black the pixels are exactly those given; where it is white they are not."""
    before, after = np.asarray(picture), np.asarray(pipe("a cat", picture, halves, num_inference_steps=2).images[0])
    assert (before[:, :32] == after[:, :32]).all()
    assert (before[:, 32:] != after[:, 32:]).mean() > 0.5


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
@pytest.mark.parametrize("scheduler", [None, EulerDiscreteScheduler, HeunDiscreteScheduler])
def test_black_latents_are_those_of_the_picture(pipe, picture, halves, seed, monkeypatch, scheduler):
    """Whatever the scheduler, the latents under black are those of the picture at the end."""
    if scheduler:
        monkeypatch.setattr(pipe, "scheduler", scheduler.from_config(pipe.scheduler.config))
    asked = {"num_inference_steps": 3, "output_type": "latent"}
    source = pipe("a cat", picture, BLACK, **asked, generator=seed(1)).images
    half = pipe("a cat", picture, halves, **asked, generator=seed(2)).images
    torch.testing.assert_close(half[..., :4], source[..., :4])
    assert not torch.isclose(half[..., 4:], source[..., 4:]).any()


def test_grey_begins_half_way(pipe, picture, seed):
    """A map of middle grey is the same as half the steps with a white one."""
    asked = {"num_inference_steps": 4, "output_type": "latent"}
    grey = pipe("a cat", picture, GREY, **asked, generator=seed()).images
    late = pipe("a cat", picture, WHITE, **asked, strength=0.5, generator=seed()).images
    torch.testing.assert_close(grey, late)


def test_one_picture_serves_several_prompts(pipe, picture, halves, seed):
    """Prompts, pictures and maps spread over the batch where there is one; each picture has its own noise."""
    first, second = pipe(
        ["a cat", "a cat"], picture, [halves, WHITE], num_inference_steps=1, generator=[seed(1), seed(1)]
    ).images
    assert (np.asarray(first)[:, :32] == np.asarray(picture)[:, :32]).all()
    assert (np.asarray(second)[:, :32] != np.asarray(picture)[:, :32]).any()


def test_a_map_of_another_size_is_stretched(pipe, picture, halves):
    """The map need not have the size of the picture, nor be a PIL image."""
    small = np.asarray(halves.resize((16, 16)), dtype=np.float32) / 255
    after = pipe("a cat", picture, small, num_inference_steps=1).images[0]
    assert (np.asarray(after)[:, :24] == np.asarray(picture)[:, :24]).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"map": torch.full((1, 1, 64, 64), 2.0)}, "has to be between 0 and 1"),
        ({"strength": 0.0}, "none of 2 steps"),
        ({"strength": 1.5}, r"lies in \(0, 1\]"),
        ({"prompt": ["a", "b", "c"], "map": [WHITE, WHITE]}, "2 maps do not fit a batch of 3"),
    ],
)
def test_input_that_cannot_be_meant_is_refused(pipe, picture, changes, message):
    """The error says what does not fit."""
    asked = {"prompt": "a cat", "image": picture, "map": WHITE, "num_inference_steps": 2} | changes
    with pytest.raises(ValueError, match=message):
        pipe(**asked)
