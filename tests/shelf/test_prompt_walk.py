"""Walks between prompts."""

import sys

import numpy as np
import pytest
import torch
from diffusers import EulerAncestralDiscreteScheduler

PROMPTS = ["a red cat", "a blue dog", "the moon"]


@pytest.fixture(scope="module")
def pipe(load):
    """The pipeline, without a safety checker."""
    pipe = load("prompt_walk")
    pipe.safety_checker = None
    return pipe


@pytest.fixture(scope="module")
def slerp(pipe):
    """The function in the module that diffusers made of the file."""
    return sys.modules[type(pipe).__module__].slerp


@pytest.fixture
def ancestral(pipe, monkeypatch):
    """The pipeline with a scheduler that draws noise at each step."""
    monkeypatch.setattr(pipe, "scheduler", EulerAncestralDiscreteScheduler.from_config(pipe.scheduler.config))
    return pipe


def _plain(pipe, prompt, generator):
    return pipe(prompt, num_inference_steps=2, generator=generator, output_type="np").images[0]


def test_a_walk_has_its_frames(pipe):
    """Three prompts with two frames between make seven frames of one walk."""
    output = pipe(PROMPTS, num_frames=2, num_inference_steps=1)
    assert [len(walk) for walk in output.frames] == [7]
    assert len(output.images) == 7


@pytest.mark.parametrize("interpolation", ["slerp", "lerp"])
def test_frames_at_the_prompts_are_the_plain_pictures(pipe, plain, seed, interpolation):
    """With a seed for each prompt, the first, middle and last frames are what Stable Diffusion draws for them."""
    frames = pipe(
        PROMPTS,
        num_frames=1,
        interpolation=interpolation,
        num_inference_steps=2,
        generator=[seed(number) for number in (1, 2, 3)],
        output_type="np",
    ).frames[0]
    for frame, prompt, number in zip(frames[::2], PROMPTS, (1, 2, 3), strict=True):
        np.testing.assert_allclose(frame, _plain(plain(pipe), prompt, seed(number)), atol=1e-4)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_it_holds_for_schedulers_that_draw_noise(ancestral, plain, seed):
    """Each frame sees the noise that a picture by itself would have seen."""
    generators = [seed(number) for number in (1, 2)]
    frames = ancestral(PROMPTS[:2], num_frames=1, num_inference_steps=2, generator=generators, output_type="np").frames[
        0
    ]
    for frame, prompt, number in zip(frames[::2], PROMPTS[:2], (1, 2), strict=True):
        np.testing.assert_allclose(frame, _plain(plain(ancestral), prompt, seed(number)), atol=1e-4)


def test_one_seed_keeps_the_noise_still(pipe, plain, seed):
    """With a single generator the last frame, too, is drawn from its first noise."""
    frames = pipe(PROMPTS[:2], num_frames=0, num_inference_steps=2, generator=seed(5), output_type="np").frames[0]
    for frame, prompt in zip(frames, PROMPTS, strict=False):
        np.testing.assert_allclose(frame, _plain(plain(pipe), prompt, seed(5)), atol=1e-4)


def test_frames_can_be_drawn_several_at_once(pipe, seed):
    """The number of frames in a batch changes nothing but the time it takes."""
    one, three = (
        pipe(PROMPTS, num_frames=1, num_inference_steps=2, generator=seed(), output_type="np", frames_at_once=count)
        for count in (1, 3)
    )
    np.testing.assert_allclose(one.frames[0], three.frames[0], atol=1e-4)


def test_several_walks(pipe, seed):
    """A list of walks gives the frames of each, and generators nest as the prompts do."""
    output = pipe(
        [PROMPTS, PROMPTS[:2]],
        num_frames=0,
        num_inference_steps=1,
        generator=[[seed(1), seed(2), seed(3)], [seed(1), seed(2)]],
        output_type="latent",
    )
    assert [tuple(walk.shape) for walk in output.frames] == [(3, 4, 8, 8), (2, 4, 8, 8)]
    torch.testing.assert_close(output.frames[0][:2], output.frames[1])


def test_noise_on_the_arc_keeps_its_strength(slerp, seed):
    """Half way between two noises slerp is as strong as either; parallel vectors meet in the middle."""
    first, second = torch.randn(2, 1, 4, 32, 32, generator=seed())
    assert slerp(first, second, 0.5, dims=(1, 2, 3)).std().item() == pytest.approx(1.0, abs=0.05)
    torch.testing.assert_close(slerp(first, 3 * first, 0.5), 2 * first)
    torch.testing.assert_close(slerp(first, second, 0.0), first)
    torch.testing.assert_close(slerp(first, second, 1.0), second)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"prompt": "a cat"}, "has to be a list"),
        ({"prompt": ["a cat"]}, "at least 2"),
        ({"prompt": PROMPTS, "generator": [torch.Generator()]}, "one for each prompt"),
        ({"prompt": [PROMPTS], "generator": [torch.Generator()] * 3}, "nested as the prompts"),
        ({"prompt": PROMPTS, "num_frames": -1}, "too small"),
        ({"prompt": PROMPTS, "interpolation": "cubic"}, "'slerp' or 'lerp'"),
    ],
)
def test_input_that_cannot_be_meant_is_refused(pipe, asked, message):
    """The error says what a walk needs."""
    with pytest.raises(ValueError, match=message):
        pipe(**asked)
