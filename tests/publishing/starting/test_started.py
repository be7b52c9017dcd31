"""What is made works: its tests pass, Gremio and plain diffusers load it, and it does what it says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gremio.checking.trial.options import Options
from gremio.checking.trial.stages import try_out
from gremio.publishing.starting import KINDS, likes, start

ROOT = Path(__file__).parents[3]
ALL = [(kind, like) for kind in KINDS for like in (likes(kind) or (None,))]
# Of each template one; whatever else there is differs in numbers, and is tried below.
TESTED = [
    ("pipeline", "sd15"),
    ("pipeline", "flux"),
    ("pipeline", "wan"),
    *[each for each in ALL if each[0] != "pipeline"],
]


def test_the_tests_that_come_along_pass(started, forks, tmp_path):
    """In a process of their own, warnings being errors."""
    folders = [started(*each) for each in TESTED]
    # pytest warns where it can't rewrite what the fork's origin has imported.
    options = ["-q", "-W", "error", "-p", "no:cacheprovider", "--assert=plain", f"--basetemp={tmp_path / 'own'}"]
    command = [*forks, "pytest", *options, *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folders[0].parent)
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize(("kind", "like"), ALL)
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_a_check_of_it_passes(started, kind, like):
    """It runs as it is, and what runs is its own code."""
    report = try_out(Options(str(started(kind, like)), quick=True))
    assert report.runs, report.error
    assert report.kind == {"component": "model"}.get(kind, kind)
    assert report.findings["own_code"].verdict == "yes"


@pytest.mark.parametrize(
    ("kind", "like"), [("pipeline", "sdxl"), ("component", None), ("scheduler", None), ("blocks", None)]
)
def test_plain_diffusers_loads_it(started, kind, like):
    """One file that imports nothing of its neighbours."""
    from diffusers.utils.dynamic_modules_utils import get_class_from_dynamic_module

    import gremio

    folder = started(kind, like)
    ours = gremio.load_class(folder)
    file = next(path.name for path in folder.glob("*.py") if not path.name.startswith("test_"))
    theirs = get_class_from_dynamic_module(str(folder), file, class_name=ours.__name__, trust_remote_code=True)
    assert theirs.__name__ == ours.__name__
    assert theirs.__module__ != ours.__module__


@pytest.mark.parametrize(
    ("kind", "auto"), [("component", "AutoModel"), ("scheduler", "SchedulerMixin"), ("blocks", "ModularPipelineBlocks")]
)
def test_the_config_names_the_class(started, kind, auto):
    """Where diffusers looks for it, in the file that such a thing has."""
    import diffusers

    import gremio

    folder = started(kind)
    cls = gremio.load_class(folder)
    config = json.loads((folder / cls.config_name).read_text())
    module = cls.__module__.rpartition(".")[2]
    assert config["auto_map"] == {auto: f"{module}.{cls.__name__}"}
    assert config["_class_name"] == cls.__name__
    assert config["_diffusers_version"] == diffusers.__version__


def test_the_code_is_as_ours_has_to_be(started, tmp_path):
    """By our own rules, format included, with the longest name too."""
    pytest.importorskip("ruff")
    folders = [str(started(*each)) for each in ALL]
    for kind, like in ALL:
        folders.append(str(start(kind, "l" + "o" * 38 + "g", like=like, folder=tmp_path / f"{kind}-{like}").folder))
    for command in (["check"], ["format", "--check"]):
        line = [
            sys.executable,
            "-m",
            "ruff",
            *command,
            "--no-cache",
            "--config",
            str(ROOT / "pyproject.toml"),
            *folders,
        ]
        done = subprocess.run(line, capture_output=True, text=True, cwd=started("blocks"))
        assert done.returncode == 0, done.stdout


def test_the_written_out_loop_is_that_of_stable_diffusion(started):
    """Bit for bit, as long as nothing is changed in it."""
    import numpy as np
    import torch
    from diffusers import StableDiffusionPipeline

    import gremio
    from gremio.testing import tiny

    parts = tiny("sd15")
    stock = StableDiffusionPipeline(**parts)
    own = gremio.load_class(started("pipeline", "sd15"))(
        **{name: part for name, part in parts.items() if part is not None}
    )
    pictures = []
    for pipe in (stock, own):
        pipe.set_progress_bar_config(disable=True)
        settings = {"negative_prompt": ["blue", ""], "num_inference_steps": 3, "num_images_per_prompt": 2}
        generator = torch.Generator().manual_seed(0)
        pictures.append(pipe(["a red cat", "a tree"], **settings, generator=generator, output_type="np").images)
    assert pictures[0].shape == (4, 64, 64, 3)
    assert np.array_equal(*pictures)


@pytest.mark.parametrize(("like", "stock"), [("ddim", "DDIMScheduler"), ("euler", "EulerDiscreteScheduler")])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_evenly_spaced_the_scheduler_is_the_stock_one(started, like, stock, prediction):
    """Step by step the same numbers, and the same noise for image to image."""
    import diffusers
    import torch

    import gremio

    betas = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
    theirs = getattr(diffusers, stock)(
        **betas,
        prediction_type=prediction,
        timestep_spacing="trailing",
        **({"clip_sample": False} if like == "ddim" else {}),
    )
    ours = gremio.load_class(started("scheduler", like))(prediction_type=prediction)
    torch.manual_seed(0)
    picture, noise, *told = torch.randn(7, 1, 4, 8, 8).unbind()
    samples = []
    for scheduler in (theirs, ours):
        scheduler.set_timesteps(5)
        sample = noise * scheduler.init_noise_sigma
        for timestep, output in zip(scheduler.timesteps, told, strict=True):
            scheduler.scale_model_input(sample, timestep)
            sample = scheduler.step(output, timestep, sample).prev_sample
        noised = scheduler.add_noise(picture, noise, scheduler.timesteps[2:3])
        samples.append((scheduler.timesteps.float(), sample, noised))
    for theirs_is, ours_is in zip(*samples, strict=True):
        assert torch.allclose(theirs_is, ours_is, rtol=1e-4, atol=1e-4)


def test_weights_of_the_stock_model_are_taken_as_they_are(started, sd_folder):
    """As the README says: what they lack starts as the code says."""
    import torch

    import gremio

    cls = gremio.load_class(started("component", "unet"))
    unet = cls.from_pretrained(sd_folder, subfolder="unet", low_cpu_mem_usage=False)
    assert not unet.gain.any()
    pipe = gremio.DiffusionPipeline.from_pretrained(sd_folder, unet=unet)
    stock = gremio.DiffusionPipeline.from_pretrained(sd_folder)
    pictures = []
    for each in (pipe, stock):
        each.set_progress_bar_config(disable=True)
        generator = torch.Generator().manual_seed(0)
        pictures.append(each("a cat", num_inference_steps=2, generator=generator, output_type="pt").images)
    assert torch.equal(*pictures)


@pytest.mark.parametrize(("kind", "like"), ALL)
def test_the_readme_says_how(started, kind, like):
    """A card in the making: how to check and to publish it is for the author alone, and nothing is left to fill in."""
    folder = started(kind, like)
    shown, _, hidden = (folder / "README.md").read_text().partition("<!--")
    for part in ("gremio check .", f"gremio publish . YOUR-NAME/{folder.name} --dry-run"):
        assert part in hidden
        assert part not in shown
    assert "YOUR-NAME" not in shown
    assert "$" not in shown + hidden
