"""What a class asks for, and which kind of model that is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from gremio.checking.tiny.families import KINDS, Kind
from gremio.checking.tiny.parts import part
from gremio.code.review import ComponentSlot

# The first class of these that a class asks for tells the kind.
_TELLING = {
    "FluxTransformer2DModel": "flux",
    "SD3Transformer2DModel": "sd3",
    "HunyuanDiT2DModel": "hunyuan-dit",
    "HunyuanVideoTransformer3DModel": "hunyuan-video",
    "LTXVideoTransformer3DModel": "ltx",
    "WanTransformer3DModel": "wan",
    "CogVideoXTransformer3DModel": "cogvideox",
    "MochiTransformer3DModel": "mochi",
    "ZImageTransformer2DModel": "z-image",
    "PixArtTransformer2DModel": "pixart",
    "SanaTransformer2DModel": "sana",
    "ChatGLMModel": "kolors",
    "UNetMotionModel": "animatediff",
    "MotionAdapter": "animatediff",
    "VQModel": "kandinsky",
    "PriorTransformer": "unclip",
    "UnCLIPTextProjModel": "unclip",
}
# Where no class tells, words in the names of classes and modules.
_WORDS = {
    "flux": "flux",
    "stablediffusion3": "sd3",
    "hunyuanvideo": "hunyuan-video",
    "hunyuandit": "hunyuan-dit",
    "ltx": "ltx",
    "wan": "wan",
    "cogvideo": "cogvideox",
    "mochi": "mochi",
    "zimage": "z-image",
    "pixart": "pixart",
    "sana": "sana",
}

# Where these words say it, a class is configured like this.
_CHANGES: tuple[tuple[str, tuple[str, ...], dict[str, Any]], ...] = (
    # The latents of a picture beside those of the noise.
    (
        "UNet2DConditionModel",
        ("instructpix2pix", "marigold", "zero1to3", "zero123", "upscaleldm3d"),
        {"in_channels": 8},
    ),
    ("SD3Transformer2DModel", ("instructpix2pix",), {"in_channels": 32}),
    # The small picture beside the noise.
    ("UNet2DConditionModel", ("ifsuperresolution",), {"in_channels": 6}),
    # Also a mask of 8x8 pixels for each of the four latents that are packed into one.
    ("FluxTransformer2DModel", ("fluxfill", "fluxcontrolnetfill"), {"in_channels": 64 + 64 + 256, "out_channels": 64}),
    # A picture and its depth.
    ("AutoencoderKL", ("ldm3d",), {"in_channels": 4, "out_channels": 4}),
    # The guidance scale is embedded beside the time.
    ("UNet2DConditionModel", ("latentconsistency",), {"time_cond_proj_dim": 256}),
    # It leaves out the twentieth layer unless told otherwise.
    ("LTXVideoTransformer3DModel", ("stg",), {"num_layers": 20}),
    # Boxes with words.
    ("UNet2DConditionModel", ("groundeddiffusion", "gligen"), {"attention_type": "gated"}),
)


@dataclass(frozen=True)
class Asked:
    """The slots of a class, and the text that names its family."""

    slots: Sequence[ComponentSlot]
    family: str

    def kind(self) -> Kind:
        """The kind of model whose parts these slots mean."""
        return self._changed(KINDS[self.name()])

    @property
    def names(self) -> frozenset[str]:
        """The names of the slots."""
        return frozenset(slot.name for slot in self.slots)

    @property
    def classes(self) -> frozenset[str]:
        """The short names of all types."""
        return frozenset(short(dotted) for slot in self.slots for dotted in slot.types)

    def says(self, *words: str) -> bool:
        """Whether the family has one of these words, whatever separates their parts."""
        plain = re.sub(r"[\s_.\-]", "", self.family.lower())
        return any(word in plain for word in words)

    def name(self) -> str:
        """What that kind is called."""
        if "PriorTransformer" in self.classes and "image_encoder" in self.names and "decoder" not in self.names:
            return "kandinsky-prior"
        for class_name, kind in _TELLING.items():
            if class_name in self.classes:
                return kind
        if "transformer" in self.names:
            return next((kind for word, kind in _WORDS.items() if self.says(word)), "sd3")
        if "low_res_scheduler" in self.names:
            return "sd-upscale"
        if "text_encoder_2" in self.names or self.says("stablediffusionxl", "sdxl"):
            return "sdxl" if "text_encoder" in self.names or "t5_encoder" in self.names else "sdxl-refiner"
        if "vae" in self.names and "text_encoder" in self.names:
            return self._stable_diffusion()
        if "T5EncoderModel" in self.classes and "unet" in self.names:
            return "deepfloyd-if"
        if "vae" in self.names and "image_encoder" in self.names:
            return "sd-image"
        # Nothing to condition on: whatever type it gives, such a UNet is called with pictures and times alone.
        return "sd15" if "vae" in self.names or "text_encoder" in self.names else "unconditional"

    def _stable_diffusion(self) -> str:
        if self.says("instructpix2pix"):
            return "sd-pix2pix"
        # Repainting mixes the known latents in; what is called inpainting is mostly given them as channels.
        return "sd-inpaint" if self.says("inpaint") and not self.says("repaint") else "sd15"

    def _changed(self, kind: Kind) -> Kind:
        """What the family says of its channels and layers."""
        for class_name, words, config in _CHANGES:
            for name, stock in kind.parts.items():
                if stock.class_name == class_name and self.says(*words):
                    kind = kind.but(**{name: stock.having(config)})
        if self.says("repaint") and "scheduler" in kind.parts:
            # Its timesteps go back and forth.
            kind = kind.but(scheduler=part("RePaintScheduler", **kind.parts["scheduler"].config))
        if "t5_encoder" in self.names and "text_encoder" not in self.names:
            kind = kind.but(tokenizer=part("T5Tokenizer"))
        if self.says("controlnet"):
            kind = replace(kind, beside={**kind.beside, "OnnxRuntimeModel": {"control": True}})
        return kind


def short(dotted: str) -> str:
    """The last part of a dotted name."""
    return dotted.rpartition(".")[2]


def by_name(slot: str) -> str | None:
    """The class that a slot's name means when it gives no type that can be built."""
    for pattern, class_name in _NAMES:
        if re.fullmatch(pattern, slot):
            return class_name
    return None


_NAMES = (
    (r"controlnet(_\d)?", "ControlNetModel"),
    (r"(t2i_?)?adapter", "T2IAdapter"),
    (r"motion_adapter", "MotionAdapter"),
    (r"clip_model", "CLIPModel"),
    (r"image_encoder(_\d)?|vision_(model|encoder)", "CLIPVisionModelWithProjection"),
    (r"(feature_extractor|image_processor)(_\d)?", "CLIPImageProcessor"),
    (r"(\w+_)?scheduler(_\d)?", "DDIMScheduler"),
    (r"t5_(text_)?encoder|text_encoder_3", "T5EncoderModel"),
    (r"t5_tokenizer|tokenizer_3", "T5Tokenizer"),
    (r"text_encoder(_\d)?", "CLIPTextModel"),
    (r"tokenizer(_\d)?", "CLIPTokenizer"),
    (r"vae|autoencoder", "AutoencoderKL"),
    (r"tiny_vae|taesd", "AutoencoderTiny"),
    (r"unet", "UNet2DConditionModel"),
    (r"prior", "PriorTransformer"),
    (r"\w*projection|\w*_proj", "Projection"),
)

# Types that say no more than that there is one.
ANY = frozenset(
    {
        "Any",
        "AutoModel",
        "AutoModelForCausalLM",
        "AutoProcessor",
        "AutoTokenizer",
        "ConfigMixin",
        "KarrasDiffusionSchedulers",
        "ModelMixin",
        "Module",
        "PreTrainedModel",
        "PreTrainedTokenizer",
        "PreTrainedTokenizerBase",
        "PreTrainedTokenizerFast",
        "SchedulerMixin",
        "object",
    }
)
