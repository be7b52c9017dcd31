"""Every pipeline of the shelf loads with plain diffusers, in both layouts, and draws in the usual ways."""

import numpy as np
import pytest
import torch
from PIL import Image

PICTURE = Image.new("RGB", (64, 64), "teal")
INPUTS = {
    "long_prompt": {"prompt": "a (red:1.3) cat"},
    "difference_map": {"prompt": "a red cat", "image": PICTURE, "map": Image.linear_gradient("L")},
    "seamless_tiling": {"prompt": "a red cat"},
    "prompt_walk": {"prompt": ["a red cat", "a blue dog"], "num_frames": 0},
}
CLASSES = {
    "long_prompt": "LongPromptPipeline",
    "difference_map": "DifferenceMapPipeline",
    "seamless_tiling": "SeamlessTilingPipeline",
    "prompt_walk": "PromptWalkPipeline",
}


def _first(output):
    return output[0][0][0] if isinstance(output[0][0], list) else output[0][0]


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("name", INPUTS)
def test_it_loads_and_draws(load, name, as_file):
    """From a folder and from a file, the class is the shelf's, and it draws a picture that the safety checker saw."""
    pipe = load(name, as_file=as_file)
    output = pipe(**INPUTS[name], num_inference_steps=2)
    assert type(pipe).__name__ == CLASSES[name]
    assert output.images[0].size == (64, 64)
    assert output.nsfw_content_detected is not None


@pytest.mark.parametrize("name", INPUTS)
def test_it_draws_in_half_precision(load, name):
    """In bfloat16 it draws numbers, not NaN, as arrays and as a tuple."""
    pipe = load(name, dtype=torch.bfloat16)
    frames = pipe(**INPUTS[name], num_inference_steps=2, output_type="np", return_dict=False)
    picture = np.asarray(frames[0][0])[-64:].reshape(-1, 64, 64, 3)
    assert np.isfinite(picture).all()


@pytest.mark.parametrize("name", INPUTS)
def test_it_is_reproducible_and_guided(load, seed, name):
    """A seed gives the same picture again; guidance changes it, and 1 switches it off."""
    pipe = load(name)
    asked = {**INPUTS[name], "num_inference_steps": 2, "output_type": "latent"}
    first, again, unguided, half = (
        torch.as_tensor(_first(pipe(**asked, guidance_scale=scale, generator=seed(3), return_dict=False)))
        for scale in (7.5, 7.5, 1.0, 0.5)
    )
    assert torch.equal(first, again)
    assert torch.equal(unguided, half)
    assert not torch.allclose(first, unguided)


@pytest.mark.parametrize("name", INPUTS)
def test_a_callback_sees_every_step(load, name):
    """`callback_on_step_end` is called for each step with the latents."""
    seen = []

    def callback(pipe, index, step, tensors):
        seen.append((index, tuple(tensors["latents"].shape)))
        return tensors

    load(name)(**INPUTS[name], num_inference_steps=2, callback_on_step_end=callback)
    assert seen[:2] == [(0, (1, 4, 8, 8)), (1, (1, 4, 8, 8))]
