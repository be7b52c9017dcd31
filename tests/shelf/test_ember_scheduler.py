"""The scheduler that steps through angles."""

import json
import math
import shutil
import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DiffusionPipeline,
    DPMSolverMultistepScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
)
from PIL import Image

from .conftest import SHELF

MEAN, SPREAD = 0.7, 0.5
KINDS = ["epsilon", "v_prediction", "sample"]


@pytest.fixture(scope="module")
def ember():
    """The class, imported from its file."""
    spec = spec_from_file_location("ember_scheduler", SHELF / "ember_scheduler" / "scheduler" / "ember_scheduler.py")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "dont_write_bytecode", True)
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.EmberScheduler


def _denoise(scheduler, steps, start, generator=None):
    """Run an ideal model of data with a known mean and spread."""
    scheduler.set_timesteps(steps)
    sample = start
    for angle, step in zip(scheduler.angles, scheduler.timesteps, strict=False):
        signal, noise = math.cos(angle), math.sin(angle)
        variance = (signal * SPREAD) ** 2 + noise**2
        picture = MEAN + signal * SPREAD**2 / variance * (sample - signal * MEAN)
        epsilon = (sample - signal * picture) / noise
        said = {"epsilon": epsilon, "sample": picture, "v_prediction": signal * epsilon - noise * picture}
        kind = scheduler.config.prediction_type
        sample = scheduler.step(said[kind], step, sample, generator=generator, return_dict=False)[0]
    return sample


def _exact(scheduler, start):
    """Where the ideal model leads with steps without end."""
    signal, noise = scheduler.train_angles[-1].cos(), scheduler.train_angles[-1].sin()
    return MEAN + SPREAD * (start - signal * MEAN) / ((signal * SPREAD) ** 2 + noise**2).sqrt()


def _error(scheduler, steps):
    start = torch.randn(1000, generator=torch.Generator().manual_seed(0))
    return (_denoise(scheduler, steps, start) - _exact(scheduler, start)).abs().mean().item()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("embers", [0.0, 0.5, 1.0])
def test_it_arrives_at_the_data(ember, seed, kind, embers):
    """With an ideal model, samples have the mean and spread of the data, with embers and without."""
    scheduler = ember(prediction_type=kind, embers=embers)
    samples = _denoise(scheduler, 60, torch.randn(40_000, generator=seed()), seed(1))
    assert samples.mean().item() == pytest.approx(MEAN, abs=0.03)
    assert samples.std().item() == pytest.approx(SPREAD, rel=0.02)


@pytest.mark.parametrize(("second_order", "factor"), [(True, 3.3), (False, 1.7)])
@pytest.mark.parametrize("ease", [0.0, 0.5])
def test_order_of_accuracy(ember, second_order, factor, ease):
    """Twice the steps cut the error to nearly a quarter; without the slope, to nearly a half."""
    scheduler = ember(second_order=second_order, ease=ease, prediction_type="v_prediction")
    coarse, fine = _error(scheduler, 8), _error(scheduler, 16)
    assert coarse / fine > factor
    assert second_order or coarse / fine < 2.2


def test_it_is_nearer_than_a_first_order_solver(ember):
    """In 20 steps it comes several times nearer to the exact result than first-order steps at the same levels."""
    assert _error(ember(), 20) * 4 < _error(ember(second_order=False), 20)


def test_zero_terminal_snr_needs_no_care(ember, seed):
    """A schedule that ends in pure noise starts at a right angle and stays finite."""
    scheduler = ember(rescale_betas_zero_snr=True, prediction_type="v_prediction", embers=0.5)
    samples = _denoise(scheduler, 30, torch.randn(20_000, generator=seed()), seed(1))
    assert scheduler.angles[0] == pytest.approx(math.pi / 2)
    assert samples.mean().item() == pytest.approx(MEAN, abs=0.02)


@pytest.mark.parametrize("ease", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("steps", [1, 2, 20, 500])
def test_levels_fall_to_zero(ember, ease, steps):
    """Angles fall from the last level of the training to zero, and the timesteps told to the model with them."""
    scheduler = ember(ease=ease)
    scheduler.set_timesteps(steps)
    angles = torch.tensor(scheduler.angles)
    assert len(scheduler.timesteps) == steps == len(angles) - 1
    assert (angles.diff() < 0).all()
    assert angles[-1] == 0
    assert scheduler.timesteps[0] == len(scheduler) - 1
    assert (scheduler.timesteps.diff() < 0).all()
    assert (scheduler.timesteps >= 0).all()


@pytest.mark.parametrize("schedule", ["linear", "scaled_linear", "squaredcos_cap_v2"])
@pytest.mark.parametrize("zero_snr", [False, True])
def test_noise_is_added_as_ddim_adds_it(ember, seed, schedule, zero_snr):
    """Training levels, added noise and velocities are those of diffusers' own scheduler for the same betas."""
    config = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": schedule, "rescale_betas_zero_snr": zero_snr}
    mine, theirs = ember(**config), DDIMScheduler(**config)
    picture, noise = torch.randn(2, 4, 3, 8, 8, generator=seed())
    steps = torch.tensor([0, 10, 500, 999])
    for method in ("add_noise", "get_velocity"):
        ours, reference = (getattr(each, method)(picture, noise, steps) for each in (mine, theirs))
        torch.testing.assert_close(ours, reference, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("other", [DDIMScheduler, DPMSolverMultistepScheduler])
def test_it_is_made_from_the_config_of_another(ember, other):
    """What says how the model was trained is taken over; what is another's own is left out."""
    config = other(prediction_type="v_prediction", beta_schedule="scaled_linear", beta_end=0.02).config
    scheduler = ember.from_config(config)
    assert scheduler.config.prediction_type == "v_prediction"
    assert scheduler.config.beta_end == 0.02
    assert other.from_config(scheduler.config).config.prediction_type == "v_prediction"


@pytest.mark.parametrize("embers", [0.0, 0.7])
def test_it_draws_pictures_from_a_seed(ember, model, seed, embers):
    """In Stable Diffusion, from text and from a picture, a seed gives the same picture again."""
    pipe = StableDiffusionPipeline.from_pretrained(model, safety_checker=None)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = ember.from_config(pipe.scheduler.config, embers=embers)
    asked = {"num_inference_steps": 15, "guidance_scale": 1.0}
    first, again = (pipe("a cat", **asked, generator=seed(4)).images[0] for _ in range(2))
    assert first.tobytes() == again.tobytes()
    to_image = StableDiffusionImg2ImgPipeline(**pipe.components, requires_safety_checker=False)
    to_image.set_progress_bar_config(disable=True)
    assert to_image("a cat", Image.new("RGB", (64, 64)), strength=0.4, num_inference_steps=5).images[0].getextrema()


def test_embers_come_from_the_generator(ember, seed):
    """Different seeds renew different noise; without embers the generator is not asked."""
    start = torch.randn(100, generator=seed())
    scheduler = ember(embers=0.5)
    assert not torch.equal(_denoise(scheduler, 5, start, seed(1)), _denoise(scheduler, 5, start, seed(2)))
    still = ember()
    assert torch.equal(_denoise(still, 5, start, seed(1)), _denoise(still, 5, start, seed(2)))


def test_half_precision_stays_half_precision(ember):
    """Samples come back in the type they came in."""
    scheduler = ember()
    scheduler.set_timesteps(2)
    sample = torch.ones(1, 4, 2, 2, dtype=torch.float16)
    output = scheduler.step(sample, scheduler.timesteps[0], sample)
    assert output.prev_sample.dtype == output.pred_original_sample.dtype == torch.float16


def test_the_folder_is_the_layout_of_a_repository(ember, model, tmp_path):
    """Beside the other components, and named in the index as the README says, plain diffusers loads it."""
    repository = tmp_path / "repository"
    shutil.copytree(model, repository)
    shutil.copytree(SHELF / "ember_scheduler" / "scheduler", repository / "scheduler", dirs_exist_ok=True)
    index = json.loads((repository / "model_index.json").read_text())
    index["scheduler"] = ["ember_scheduler", "EmberScheduler"]
    (repository / "model_index.json").write_text(json.dumps(index))
    pipe = DiffusionPipeline.from_pretrained(repository, trust_remote_code=True)
    assert type(pipe.scheduler).__name__ == "EmberScheduler"
    assert dict(ember.from_pretrained(repository, subfolder="scheduler").config).items() >= {"ease": 0.5}.items()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"prediction_type": "flow"}, "epsilon, v_prediction or sample"),
        ({"beta_schedule": "cubic"}, "linear, scaled_linear or squaredcos_cap_v2"),
        ({"embers": 2.0}, "between 0 and 1"),
    ],
)
def test_a_config_that_cannot_be_meant_is_refused(ember, config, message):
    """The error lists what is possible."""
    with pytest.raises(ValueError, match=message):
        ember(**config)


def test_steps_out_of_turn_are_refused(ember):
    """Steps before the levels are chosen, or after the last, say what to do."""
    scheduler, sample = ember(), torch.zeros(1)
    with pytest.raises(ValueError, match="Call `set_timesteps`"):
        scheduler.step(sample, 0, sample)
    scheduler.set_timesteps(1)
    scheduler.step(sample, scheduler.timesteps[0], sample)
    with pytest.raises(ValueError, match="All 1 steps are done"):
        scheduler.step(sample, scheduler.timesteps[0], sample)
    with pytest.raises(ValueError, match="positive whole number"):
        scheduler.set_timesteps(0)
