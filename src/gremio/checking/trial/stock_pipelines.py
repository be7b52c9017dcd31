"""Where a component belongs: the tiny pipeline of Diffusers in which it can be tried."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gremio.checking.tiny.parts import Part

STOCK_PIPELINES: Mapping[str, str] = {
    "sd15": "StableDiffusionPipeline",
    "sdxl": "StableDiffusionXLPipeline",
    "sd3": "StableDiffusion3Pipeline",
    "flux": "FluxPipeline",
    "wan": "WanPipeline",
    "ltx": "LTXPipeline",
    "cogvideox": "CogVideoXPipeline",
    "mochi": "MochiPipeline",
    "hunyuan-video": "HunyuanVideoPipeline",
    "hunyuan-dit": "HunyuanDiTPipeline",
    "z-image": "ZImagePipeline",
    "pixart": "PixArtAlphaPipeline",
    "sana": "SanaPipeline",
    "unconditional": "DDPMPipeline",
}
"""The stock pipeline of each kind of model that holds components one may want to replace, the plainest first."""

# What a model's forward takes tells what it stands for, where its bases don't. The first that fits counts.
_TAKES: tuple[tuple[frozenset[str], str, str], ...] = (
    (frozenset({"sample", "timestep", "encoder_hidden_states"}), "sd15", "unet"),
    (frozenset({"sample", "timestep"}), "unconditional", "unet"),
    (frozenset({"hidden_states", "timestep", "pooled_projections", "img_ids"}), "flux", "transformer"),
    (frozenset({"hidden_states", "timestep", "pooled_projections"}), "sd3", "transformer"),
    (frozenset({"hidden_states", "timestep", "encoder_hidden_states"}), "pixart", "transformer"),
)


@dataclass(frozen=True)
class Home:
    """A kind of tiny model, the slot that the component takes there, and the pipeline of Diffusers around it.

    ``guessed`` is for a place that is likely only: what fails there proves nothing.
    """

    kind: str
    slot: str
    guessed: bool = False

    def __str__(self) -> str:
        """``the unet of StableDiffusionPipeline``."""
        return f"the {self.slot} of {STOCK_PIPELINES[self.kind]}"

    @property
    def stock(self) -> Part:
        """What stands there otherwise."""
        from gremio.checking.tiny.families import KINDS

        return KINDS[self.kind].parts[self.slot]

    def pipeline(self, component: Any, *, seed: int) -> Any:
        """The pipeline, tiny, with the component in its place."""
        import diffusers

        from gremio.checking.tiny import tiny

        return getattr(diffusers, STOCK_PIPELINES[self.kind])(**{**tiny(self.kind, seed=seed), self.slot: component})


def home_of_model(cls: type) -> Home | None:
    """By the class of the libraries that it derives from, else by what it takes; None where neither tells."""
    from gremio.checking.tiny.families import KINDS

    for base in cls.__mro__:
        for kind in STOCK_PIPELINES:
            for slot, part in KINDS[kind].parts.items():
                if part.class_name == base.__name__ and base.__module__.startswith(("diffusers.", "transformers.")):
                    return Home(kind, slot)
    if all(callable(getattr(cls, name, None)) for name in ("encode", "decode")):
        return Home("sd15", "vae", guessed=True)
    takes = set(inspect.signature(getattr(cls, "forward", cls)).parameters)
    return next((Home(kind, slot, guessed=True) for names, kind, slot in _TAKES if names <= takes), None)


def home_of_scheduler(cls: type) -> Home:
    """Stable Diffusion shows its model a scaled sample; what has no notion of that is for flow matching."""
    return Home("sd15" if hasattr(cls, "scale_model_input") else "sd3", "scheduler")
