"""Each kind of tiny model runs, and is the same every time."""

from __future__ import annotations

import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from tests.checking.tiny.stock import STOCK

from gremio.checking.tiny import kinds, tiny
from gremio.checking.tiny.families import KINDS
from gremio.errors import OptionError

# What diffusers itself does: numpy against torch, TorchScript in Kolors, autocast on the CPU in Mochi.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:In CPU autocast:UserWarning"),
]

PROMPTED = ["sd15", "sdxl", "sd3", "flux", "kolors", "z-image", "hunyuan-dit", "pixart", "wan", "ltx", "mochi"]


def weights(components):
    """All tensors of all models."""
    models = {name: one for name, one in components.items() if isinstance(one, torch.nn.Module)}
    return {f"{name}.{key}": value for name, model in models.items() for key, value in model.state_dict().items()}


def test_the_public_names_stay_functions():
    """No module of the package takes the place of one of them once it is imported."""
    tiny("unconditional")
    from gremio import testing

    assert all(type(getattr(testing, name)).__name__ == "function" for name in testing.__all__)


def test_every_kind_has_a_stock_pipeline():
    """The table here is complete."""
    assert set(STOCK) == set(kinds())


@pytest.fixture(scope="module", params=STOCK)
def made(request):
    """Of each kind, one after the other, the components, made once for all tests of it; look, don't write."""
    state = torch.get_rng_state()
    components = tiny(request.param)
    return SimpleNamespace(
        kind=request.param,
        stock=STOCK[request.param],
        components=components,
        drew_nothing=torch.equal(torch.get_rng_state(), state),
    )


def test_two_steps(made):
    """The stock pipeline of a kind takes its components as they are and gives finite numbers of the right shape."""
    stock = made.stock
    drawn = stock.run(stock.over(made.components))
    assert tuple(drawn.shape) == stock.shape
    assert torch.isfinite(drawn).all()
    assert drawn.std() > 0.01


@pytest.mark.parametrize("kind", PROMPTED)
def test_the_prompt_matters(kind):
    """Another prompt, another picture."""
    stock = STOCK[kind]
    pipe = stock.pipeline(kind)
    assert not torch.equal(stock.run(pipe), stock.run(pipe, prompt="snow on a house"))


def test_the_same_seed_gives_the_same_weights(made):
    """Whatever lay in memory before: fresh memory is filled with NaN the second time."""
    first = weights(made.components)
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(True)
    try:
        second = weights(tiny(made.kind))
    finally:
        torch.use_deterministic_algorithms(deterministic)
    assert [key for key in first if not torch.equal(first[key], second[key])] == []


def test_another_seed_gives_other_weights():
    """Of every model."""
    first, second = tiny("sd15"), tiny("sd15", seed=1)
    for name in ("vae", "text_encoder", "unet"):
        assert not torch.equal(next(first[name].parameters()), next(second[name].parameters()))


def test_the_global_random_state_stays(made):
    """Building draws nothing from the caller's generator."""
    assert made.drew_nothing


def test_models_are_small_and_evaluate(made):
    """A few million weights at most, float32, no dropout, and no matrix of zeros."""
    models = [one for one in made.components.values() if isinstance(one, torch.nn.Module)]
    assert sum(weight.numel() for model in models for weight in model.parameters()) < 6_000_000
    assert not any(model.training for model in models)
    for model in models:
        for weight in model.parameters():
            assert weight.dtype == torch.float32
            assert weight.ndim < 2 or weight.any()


def test_an_unknown_kind_names_the_nearest():
    """And far from all, every one there is."""
    with pytest.raises(OptionError, match=r"no kind of model 'sdx'(.|\n)*sdxl"):
        tiny("sdx")
    with pytest.raises(OptionError, match=", ".join(sorted(KINDS))):
        tiny("%")


def test_importing_and_naming_kinds_loads_no_torch():
    """Nor transformers, nor diffusers."""
    code = (
        "import sys, gremio.testing as t; t.kinds(); print({'torch', 'diffusers', 'transformers'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
