"""What the shelf's tests share: a tiny model, and plain diffusers told to keep its copies of code out of the home."""

import shutil
import sys
from pathlib import Path

import diffusers.utils.dynamic_modules_utils as dynamic_modules
import pytest
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline
from tests.samples import tiny_sd

SHELF = Path(__file__).parents[2] / "shelf"


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """A tiny Stable Diffusion with a safety checker, saved."""
    return tiny_sd(tmp_path_factory.mktemp("model"), safety_checker=True)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    """For tensors as small as these, handing them to threads takes longer than working on them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", autouse=True)
def _code_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dynamic_modules, "HF_MODULES_CACHE", str(tmp_path_factory.mktemp("modules")))
        patch.setattr(sys, "path", list(sys.path))
        yield


@pytest.fixture(scope="session")
def load(model, tmp_path_factory):
    """Load a pipeline of the shelf by plain diffusers, from its folder or as one file of a community folder."""

    def load(name, *, as_file=False, **kwargs):
        # Plain diffusers gives every local `pipeline.py` the same module name.
        for module in [module for module in sys.modules if module.startswith("diffusers_modules.local.")]:
            del sys.modules[module]
        code = SHELF / name
        if as_file:
            code = Path(shutil.copy(code / "pipeline.py", tmp_path_factory.mktemp("community") / f"{name}.py"))
        pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline=str(code), trust_remote_code=True, **kwargs)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    return load


@pytest.fixture
def plain():
    """The plain pipeline over the very components of another."""

    def plain(pipe, cls=StableDiffusionPipeline):
        twin = cls(**pipe.components)
        twin.set_progress_bar_config(disable=True)
        return twin

    return plain


@pytest.fixture
def seed():
    """A generator for a seed."""
    return lambda number=0: torch.Generator().manual_seed(number)
