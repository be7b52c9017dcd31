"""Seamless textures."""

from threading import Thread

import pytest
import torch


@pytest.fixture(scope="module")
def pipe(load):
    """The pipeline."""
    return load("seamless_tiling")


def _draw(pipe, latents, **kwargs):
    asked = {"num_inference_steps": 2, "output_type": "pt"}
    return pipe.__class__.__call__(pipe, "a red cat", latents=latents, **asked, **kwargs).images


@pytest.fixture
def noise(seed):
    """Latents to begin with."""
    return torch.randn(1, 4, 8, 8, generator=seed())


@pytest.fixture
def bare(pipe):
    """The pipeline without its safety checker, which sees a shifted picture differently."""
    checker, pipe.safety_checker = pipe.safety_checker, None
    yield pipe
    pipe.safety_checker = checker


@pytest.mark.parametrize(
    ("tile", "axis", "seamless"),
    [("both", 2, True), ("both", 3, True), ("x", 3, True), ("x", 2, False), ("y", 2, True), ("y", 3, False)],
)
def test_shifted_noise_gives_the_shifted_picture(bare, noise, tile, axis, seamless):
    """Along a seamless axis the picture has no edge: noise shifted round the corner shifts it by as much."""
    still = _draw(bare, noise, tile=tile)
    shifted = _draw(bare, noise.roll(4, axis), tile=tile)
    assert torch.allclose(still.roll(32, axis), shifted, atol=1e-3) is seamless


def test_edges_meet(bare, seed):
    """Across the border a seamless picture changes no more than beside it; a plain one does."""
    noise = torch.randn(8, 4, 8, 8, generator=seed())

    def seam(tile):
        pictures = torch.cat([_draw(bare, each[None], tile=tile) for each in noise])
        steps = (pictures - pictures.roll(1, -1)).abs().mean((0, 1, 2))
        return (steps[0] / torch.cat([steps[1:5], steps[-4:]]).mean()).item()

    assert seam("x") < 1.1
    assert seam(None) > 1.3


def test_without_tiling_it_is_the_plain_pipeline(bare, plain, noise):
    """`tile=None` draws what Stable Diffusion draws."""
    assert torch.equal(_draw(bare, noise, tile=None), _draw(plain(bare), noise))


def test_shared_components_are_left_as_they_were(bare, plain, noise):
    """A pipeline over the same components draws the same before and after, also when a call fails half way."""
    other = plain(bare)
    before, settings = _draw(other, noise), [repr(bare.unet), repr(bare.vae)]

    def fail(*args):
        raise KeyboardInterrupt

    _draw(bare, noise, tile="both")
    with pytest.raises(KeyboardInterrupt):
        _draw(bare, noise, tile="both", callback_on_step_end=fail)
    assert [repr(bare.unet), repr(bare.vae)] == settings
    assert torch.equal(_draw(other, noise), before)


def test_another_thread_draws_as_before(bare, plain, noise):
    """While a seamless picture is drawn, a plain one over the same components has its plain edges."""
    other, drawn = plain(bare), []
    before = _draw(other, noise)

    def meanwhile(pipe, index, step, tensors):
        thread = Thread(target=lambda: drawn.append(_draw(other, noise)))
        thread.start()
        thread.join()
        return tensors

    scheduler, other.scheduler = other.scheduler, type(other.scheduler).from_config(other.scheduler.config)
    _draw(bare, noise, tile="both", callback_on_step_end=meanwhile)
    assert all(torch.equal(picture, before) for picture in drawn)
    assert len(drawn) == 2
    assert scheduler is bare.scheduler


def test_an_unknown_axis_is_refused(pipe):
    """The error lists what `tile` can be."""
    with pytest.raises(ValueError, match="'both', 'x', 'y' or None"):
        pipe("a red cat", tile="z")
