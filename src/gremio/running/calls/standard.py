"""The options that every run has, and the names that pipelines have for them."""

from __future__ import annotations

import re
from typing import Literal

from gremio.running.calls.signature import CallSignature, Parameter

OptionName = Literal["prompt", "negative_prompt", "seed", "steps", "count", "width", "height", "resolution", "image"]

# As they are written.
FORMS: dict[OptionName, str] = {
    "prompt": '--prompt "…"',
    "negative_prompt": '--negative-prompt "…"',
    "seed": "--seed N",
    "steps": "--steps N",
    "count": "-n N",
    "width": "--size WxH",
    "height": "--size WxH",
    "resolution": "--size WxH",
    "image": "--image FILE",
}
_MASK = re.compile(r"(.*_)?masks?(_images?)?|map", re.IGNORECASE)
FLAGS = {option: form.split()[0] for option, form in FORMS.items()}

# The first is what Diffusers itself says; the others are what its community writes.
_NAMES: dict[OptionName, tuple[str, ...]] = {
    "prompt": ("prompt", "prompts", "text", "text_prompt", "positive_prompt", "input_text", "caption"),
    "negative_prompt": ("negative_prompt", "negative_prompts", "neg_prompt", "n_prompt", "uncond_prompt"),
    "seed": ("generator", "seed", "random_seed", "manual_seed"),
    "steps": (
        "num_inference_steps",
        "steps",
        "num_steps",
        "inference_steps",
        "denoising_steps",
        "sampling_steps",
        "num_sampling_steps",
        "diffusion_steps",
        "ddim_steps",
    ),
    "count": (
        "num_images_per_prompt",
        "num_videos_per_prompt",
        "num_waveforms_per_prompt",
        "num_images",
        "num_videos",
        "num_samples",
        "n_samples",
        "num_outputs",
        "batch_size",
    ),
    "width": ("width", "image_width", "canvas_width"),
    "height": ("height", "image_height", "canvas_height"),
    "resolution": ("resolution", "image_size"),
    "image": ("image", "init_image", "images", "input_image", "input_images", "img", "source_image", "original_image"),
}


def is_mask(name: str) -> bool:
    """Whether a picture that is called so is a mask."""
    return _MASK.fullmatch(name) is not None


def find(signature: CallSignature, option: OptionName) -> str | None:
    """The name that this pipeline has for a standard option, or None.

    A pipeline that takes ``**kwargs`` and nothing else passes them on to somebody; Diffusers' own name is then used.
    """
    if signature.is_forwarder:
        return _NAMES[option][0]
    named = next((name for name in _NAMES[option] if name in signature.names and _means(signature, name)), None)
    return named or (_only_picture(signature) if option == "image" else None)


def option_for(signature: CallSignature, name: str) -> OptionName | None:
    """The standard option that fills this parameter, if one does."""
    return next((option for option in _NAMES if find(signature, option) == name), None)


def pictures(signature: CallSignature) -> list[Parameter]:
    """The parameters that take pictures, by their annotation."""
    return [parameter for parameter in signature.parameters if parameter.wanted.takes_image]


def _means(signature: CallSignature, name: str) -> bool:
    """Whether a name means here what it means as a rule."""
    if name == "steps":
        # unclip_text_interpolation: `steps` pictures on the way, beside `decoder_num_inference_steps`.
        return not any(each.endswith("num_inference_steps") for each in signature.names)
    if name == "batch_size":
        # It is the number of pictures where nothing else says how many, and a matter of memory everywhere else.
        return not (find(signature, "prompt") or find(signature, "image") or pictures(signature))
    return True


def _only_picture(signature: CallSignature) -> str | None:
    names = [parameter.name for parameter in pictures(signature)]
    # A mask is no picture on its own, and an IP adapter's picture works only where an adapter was loaded.
    mains = [name for name in names if "mask" not in name and "ip_adapter" not in name]
    return mains[0] if len(mains) == 1 else None
