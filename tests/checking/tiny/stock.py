"""For each kind, the pipeline of Diffusers that takes it, and a small call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

import torch
from PIL import Image

from gremio.checking.tiny import tiny

PICTURE = Image.new("RGB", (64, 64), "red")
MASK = Image.new("L", (64, 64), 255)
SIZE = {"height": 64, "width": 64}
UNBINNED = {**SIZE, "use_resolution_binning": False}
FILM = {**SIZE, "num_frames": 5, "output_type": "pt"}


@dataclass(frozen=True)
class Stock:
    """The class of Diffusers, the arguments of its call, and the shape of what it gives."""

    class_name: str
    shape: tuple[int, ...]
    call: dict[str, Any] = field(default_factory=dict)
    init: dict[str, Any] = field(default_factory=dict)
    module: str = "diffusers"

    def pipeline(self, kind: str, **changed: Any) -> Any:
        """The pipeline over the kind's components."""
        return self.over(tiny(kind) | changed)

    def over(self, components: Mapping[str, Any]) -> Any:
        """The pipeline over these."""
        cls = getattr(import_module(self.module), self.class_name)
        pipe = cls(**components, **self.init)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    def run(self, pipe: Any, **changed: Any) -> torch.Tensor:
        """Two steps at one seed."""
        arguments = {"generator": torch.Generator().manual_seed(0), "num_inference_steps": 2, "output_type": "pt"}
        given = {**arguments, **self.call, **changed}
        return torch.as_tensor(pipe(**{name: value for name, value in given.items() if value is not None})[0])


def text_to_image(class_name: str, size: int = 64, **call: Any) -> Stock:
    """A pipeline that draws from a prompt."""
    return Stock(class_name, (1, 3, size, size), {"prompt": "a red cat", **call})


STOCK = {
    "unconditional": Stock("DDPMPipeline", (1, 16, 16, 3), {"output_type": "np"}),
    "sd15": text_to_image("StableDiffusionPipeline"),
    "sd-inpaint": text_to_image("StableDiffusionInpaintPipeline", image=PICTURE, mask_image=MASK, **SIZE),
    "sd-pix2pix": text_to_image("StableDiffusionInstructPix2PixPipeline", image=PICTURE),
    "sd21": text_to_image("StableDiffusionPipeline"),
    "sd-upscale": text_to_image("StableDiffusionUpscalePipeline", image=PICTURE.resize((16, 16))),
    "sd-image": Stock("StableDiffusionImageVariationPipeline", (1, 3, 64, 64), {"image": PICTURE}),
    "sdxl": text_to_image("StableDiffusionXLPipeline"),
    "sdxl-refiner": Stock(
        "StableDiffusionXLImg2ImgPipeline",
        (1, 3, 64, 64),
        {"prompt": "a red cat", "image": PICTURE, "strength": 1.0},
        init={"requires_aesthetics_score": True},
    ),
    # Its package has an empty class in its place when sentencepiece is missing.
    "kolors": Stock(
        "KolorsPipeline",
        (1, 3, 64, 64),
        {"prompt": "a red cat"},
        module="diffusers.pipelines.kolors.pipeline_kolors",
    ),
    "animatediff": Stock("AnimateDiffPipeline", (1, 3, 3, 64, 64), {"prompt": "a red cat", "num_frames": 3}),
    "sd3": text_to_image("StableDiffusion3Pipeline", **SIZE),
    "flux": text_to_image("FluxPipeline", **SIZE),
    "hunyuan-dit": text_to_image("HunyuanDiTPipeline", **UNBINNED),
    "hunyuan-video": Stock("HunyuanVideoPipeline", (1, 5, 3, 64, 64), {"prompt": "a red cat", **FILM}),
    "ltx": Stock("LTXPipeline", (1, 9, 3, 64, 64), {"prompt": "a red cat", **FILM, "num_frames": 9}),
    "wan": Stock("WanPipeline", (1, 5, 3, 64, 64), {"prompt": "a red cat", **FILM}),
    "cogvideox": Stock("CogVideoXPipeline", (1, 8, 3, 64, 64), {"prompt": "a red cat", **FILM}),
    "mochi": Stock("MochiPipeline", (1, 7, 3, 64, 64), {"prompt": "a red cat", **FILM, "num_frames": 7}),
    "z-image": text_to_image("ZImagePipeline", **SIZE),
    "pixart": text_to_image("PixArtAlphaPipeline", **UNBINNED),
    "sana": text_to_image("SanaPipeline", **UNBINNED, complex_human_instruction=None),
    "deepfloyd-if": text_to_image("IFPipeline", size=16),
    "unclip": Stock(
        "UnCLIPPipeline",
        (1, 32, 32, 3),
        {
            "prompt": "a red cat",
            "output_type": "np",
            "num_inference_steps": None,
            "prior_num_inference_steps": 2,
            "decoder_num_inference_steps": 2,
            "super_res_num_inference_steps": 2,
        },
    ),
    "kandinsky-prior": Stock("KandinskyV22PriorPipeline", (1, 32), {"prompt": "a red cat"}),
    "kandinsky": Stock(
        "KandinskyV22Pipeline",
        (1, 3, 64, 64),
        {"image_embeds": torch.ones(1, 32), "negative_image_embeds": torch.zeros(1, 32), **SIZE},
    ),
}
