"""The kinds of models, as the parts that their stock pipelines take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from gremio.checking.tiny.defaults.adapters import ADAPTER_XL, CONTROLNET_KOLORS, CONTROLNET_XL
from gremio.checking.tiny.defaults.autoencoders import KL_16, KL_UPSCALER
from gremio.checking.tiny.defaults.sizes import WIDTH
from gremio.checking.tiny.defaults.unets import (
    KOLORS,
    SUPER_RESOLUTION,
    UNET_IF,
    UNET_KANDINSKY,
    UNET_REFINER,
    UNET_UNCLIP,
    UNET_XL,
)
from gremio.checking.tiny.parts import Part, part
from gremio.errors import OptionError


@dataclass(frozen=True)
class Kind:
    """The parts by slot; ``beside`` has, by class, what other classes are configured with next to these parts."""

    parts: Mapping[str, Part]
    beside: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def but(self, **parts: Part) -> Kind:
        """The same with these parts instead."""
        return replace(self, parts={**self.parts, **parts})


_BETAS: dict[str, Any] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
_CLIP = part("CLIPTextModel")
_CLIP_PROJECTED = part("CLIPTextModelWithProjection")
_CLIP_WORDS = part("CLIPTokenizer")
_T5 = part("T5EncoderModel")
_T5_WORDS = part("T5Tokenizer")
_VISION = part("CLIPVisionModelWithProjection")
_PIXELS = part("CLIPImageProcessor")
_FLOW = part("FlowMatchEulerDiscreteScheduler", shift=3.0)

_SD15 = Kind(
    {
        "vae": part("AutoencoderKL"),
        "text_encoder": _CLIP,
        "tokenizer": _CLIP_WORDS,
        "unet": part("UNet2DConditionModel"),
        "scheduler": part("DDIMScheduler", **_BETAS),
        "safety_checker": part(),
        "feature_extractor": part(),
    }
)
_SD_UPSCALE = Kind(
    {
        "vae": part("AutoencoderKL", **KL_UPSCALER),
        "text_encoder": _CLIP,
        "tokenizer": _CLIP_WORDS,
        "unet": part("UNet2DConditionModel", in_channels=7, num_class_embeds=1000, sample_size=16),
        "low_res_scheduler": part("DDPMScheduler", **_BETAS),
        "scheduler": part("DDIMScheduler", **_BETAS),
    }
)
_SDXL = Kind(
    {
        "vae": part("AutoencoderKL", scaling_factor=0.13025),
        "text_encoder": _CLIP,
        "text_encoder_2": _CLIP_PROJECTED,
        "tokenizer": _CLIP_WORDS,
        "tokenizer_2": _CLIP_WORDS,
        "unet": part("UNet2DConditionModel", **UNET_XL),
        "scheduler": part("EulerDiscreteScheduler", **_BETAS),
    },
    beside={"ControlNetModel": CONTROLNET_XL, "MultiControlNetModel": CONTROLNET_XL, "T2IAdapter": ADAPTER_XL},
)
_KOLORS = Kind(
    {
        "vae": part("AutoencoderKL", scaling_factor=0.13025),
        "text_encoder": part("ChatGLMModel"),
        "tokenizer": part("ChatGLMTokenizer"),
        "unet": part("UNet2DConditionModel", **UNET_XL | KOLORS),
        "scheduler": part("EulerDiscreteScheduler", **_BETAS),
    },
    beside={"ControlNetModel": CONTROLNET_KOLORS, "MultiControlNetModel": CONTROLNET_KOLORS},
)
_UNCLIP_PRIOR = part(
    "UnCLIPScheduler",
    variance_type="fixed_small_log",
    prediction_type="sample",
    num_train_timesteps=1000,
    clip_sample_range=5.0,
)

KINDS: Mapping[str, Kind] = {
    "unconditional": Kind({"unet": part("UNet2DModel"), "scheduler": part("DDPMScheduler")}),
    "sd15": _SD15,
    "sd-inpaint": _SD15.but(unet=part("UNet2DConditionModel", in_channels=9)),
    "sd-pix2pix": _SD15.but(unet=part("UNet2DConditionModel", in_channels=8)),
    "sd21": _SD15.but(
        unet=part("UNet2DConditionModel", attention_head_dim=(2, 4), use_linear_projection=True),
        scheduler=part("DDIMScheduler", **_BETAS, prediction_type="v_prediction"),
    ),
    "sd-upscale": _SD_UPSCALE,
    "sd-image": Kind(
        {
            "vae": part("AutoencoderKL"),
            "image_encoder": _VISION,
            "unet": part("UNet2DConditionModel"),
            "scheduler": part("DDIMScheduler", **_BETAS),
            "safety_checker": part(),
            "feature_extractor": _PIXELS,
        }
    ),
    "sdxl": _SDXL,
    "sdxl-refiner": _SDXL.but(text_encoder=part(), tokenizer=part(), unet=part("UNet2DConditionModel", **UNET_REFINER)),
    "kolors": _KOLORS,
    "animatediff": Kind(
        {
            "vae": part("AutoencoderKL"),
            "text_encoder": _CLIP,
            "tokenizer": _CLIP_WORDS,
            "unet": part("UNet2DConditionModel"),
            "motion_adapter": part("MotionAdapter"),
            "scheduler": part("DDIMScheduler", **_BETAS | {"beta_schedule": "linear"}),
        }
    ),
    "sd3": Kind(
        {
            "transformer": part("SD3Transformer2DModel"),
            "scheduler": _FLOW,
            "vae": part("AutoencoderKL", **KL_16),
            "text_encoder": _CLIP_PROJECTED,
            "tokenizer": _CLIP_WORDS,
            "text_encoder_2": _CLIP_PROJECTED,
            "tokenizer_2": _CLIP_WORDS,
            "text_encoder_3": part("T5EncoderModel", d_model=2 * WIDTH),
            "tokenizer_3": _T5_WORDS,
        }
    ),
    "flux": Kind(
        {
            "scheduler": part("FlowMatchEulerDiscreteScheduler", shift=3.0, use_dynamic_shifting=True),
            "vae": part("AutoencoderKL", **KL_16),
            "text_encoder": _CLIP,
            "tokenizer": _CLIP_WORDS,
            "text_encoder_2": _T5,
            "tokenizer_2": _T5_WORDS,
            "transformer": part("FluxTransformer2DModel"),
        }
    ),
    "hunyuan-dit": Kind(
        {
            "vae": part("AutoencoderKL"),
            "text_encoder": part("BertModel"),
            "tokenizer": part("BertTokenizer"),
            "transformer": part("HunyuanDiT2DModel"),
            "scheduler": part("DDPMScheduler", **_BETAS | {"prediction_type": "v_prediction"}),
            "safety_checker": part(),
            "feature_extractor": part(),
            "text_encoder_2": _T5,
            "tokenizer_2": _T5_WORDS,
        }
    ),
    "hunyuan-video": Kind(
        {
            "text_encoder": part("LlamaModel"),
            "tokenizer": part("LlamaTokenizer"),
            "transformer": part("HunyuanVideoTransformer3DModel"),
            "vae": part("AutoencoderKLHunyuanVideo"),
            "scheduler": part("FlowMatchEulerDiscreteScheduler", shift=7.0),
            "text_encoder_2": _CLIP,
            "tokenizer_2": _CLIP_WORDS,
        }
    ),
    "ltx": Kind(
        {
            "scheduler": part("FlowMatchEulerDiscreteScheduler"),
            "vae": part("AutoencoderKLLTXVideo"),
            "text_encoder": _T5,
            "tokenizer": _T5_WORDS,
            "transformer": part("LTXVideoTransformer3DModel"),
        }
    ),
    "wan": Kind(
        {
            "tokenizer": _T5_WORDS,
            "text_encoder": part("UMT5EncoderModel"),
            "transformer": part("WanTransformer3DModel"),
            "vae": part("AutoencoderKLWan"),
            "scheduler": part("FlowMatchEulerDiscreteScheduler", shift=7.0),
        }
    ),
    "cogvideox": Kind(
        {
            "tokenizer": _T5_WORDS,
            "text_encoder": _T5,
            "vae": part("AutoencoderKLCogVideoX"),
            "transformer": part("CogVideoXTransformer3DModel"),
            "scheduler": part("CogVideoXDDIMScheduler"),
        }
    ),
    "mochi": Kind(
        {
            "scheduler": part("FlowMatchEulerDiscreteScheduler"),
            "vae": part("AutoencoderKLMochi"),
            "text_encoder": _T5,
            "tokenizer": _T5_WORDS,
            "transformer": part("MochiTransformer3DModel"),
        }
    ),
    "z-image": Kind(
        {
            "scheduler": _FLOW,
            "vae": part("AutoencoderKL", **KL_16),
            "text_encoder": part("Qwen3Model"),
            "tokenizer": part("Qwen2Tokenizer"),
            "transformer": part("ZImageTransformer2DModel"),
        }
    ),
    "pixart": Kind(
        {
            "tokenizer": _T5_WORDS,
            "text_encoder": _T5,
            "vae": part("AutoencoderKL"),
            "transformer": part("PixArtTransformer2DModel"),
            "scheduler": part("DDIMScheduler"),
        }
    ),
    "sana": Kind(
        {
            "tokenizer": part("GemmaTokenizer"),
            "text_encoder": part("Gemma2Model"),
            "vae": part("AutoencoderDC"),
            "transformer": part("SanaTransformer2DModel"),
            "scheduler": _FLOW,
        }
    ),
    "deepfloyd-if": Kind(
        {
            "tokenizer": part("T5Tokenizer", model_max_length=77),
            "text_encoder": _T5,
            "unet": part("UNet2DConditionModel", **UNET_IF),
            "scheduler": part(
                "DDPMScheduler",
                beta_schedule="squaredcos_cap_v2",
                thresholding=True,
                dynamic_thresholding_ratio=0.95,
                sample_max_value=1.0,
                variance_type="learned_range",
            ),
            "safety_checker": part(),
            "feature_extractor": part(),
            "watermarker": part(),
        }
    ),
    "unclip": Kind(
        {
            "prior": part("PriorTransformer"),
            "decoder": part("UNet2DConditionModel", **UNET_UNCLIP),
            "text_encoder": _CLIP_PROJECTED,
            "tokenizer": _CLIP_WORDS,
            "text_proj": part("UnCLIPTextProjModel"),
            "super_res_first": part("UNet2DModel", **SUPER_RESOLUTION),
            "super_res_last": part("UNet2DModel", **SUPER_RESOLUTION),
            "prior_scheduler": _UNCLIP_PRIOR,
            "decoder_scheduler": part("UnCLIPScheduler", variance_type="learned_range"),
            "super_res_scheduler": part("UnCLIPScheduler", variance_type="fixed_small_log"),
        }
    ),
    "kandinsky-prior": Kind(
        {
            "prior": part("PriorTransformer"),
            "image_encoder": _VISION,
            "text_encoder": _CLIP_PROJECTED,
            "tokenizer": _CLIP_WORDS,
            "scheduler": _UNCLIP_PRIOR,
            "image_processor": _PIXELS,
        }
    ),
    "kandinsky": Kind(
        {
            "unet": part("UNet2DConditionModel", **UNET_KANDINSKY),
            "scheduler": part("DDPMScheduler", **_BETAS | {"variance_type": "learned_range"}),
            "movq": part("VQModel"),
        }
    ),
}


def find(kind: str) -> Kind:
    """A kind by its name.

    Raises:
        OptionError: there is none of this name.
    """
    if kind in KINDS:
        return KINDS[kind]
    nearest = get_close_matches(kind, KINDS, n=3, cutoff=0.4) or sorted(KINDS)
    raise OptionError(f"there is no kind of model {kind!r}", next_step=f"Nearest: {', '.join(nearest)}.")
