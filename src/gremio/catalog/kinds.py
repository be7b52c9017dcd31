"""Which task a pipeline is for, and which models: told by what its code says, by tables. What nothing tells is unknown.

The code's own types count for more than names, and names for more than words of a description. A new family is one
line of ``FAMILIES``, a new task one of ``TASKS``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from gremio.code.review import ComponentSlot, Parameter
from gremio.publishing.card.task import task


@dataclass(frozen=True)
class Family:
    """A family of models.

    ``types`` are beginnings of the names of component classes that it alone has; ``named`` is what stands in names of
    classes, files, and models; ``model`` has weights of it.
    """

    name: str
    types: tuple[str, ...]
    named: str
    model: str = ""


FAMILIES = (
    Family("kolors", ("ChatGLM",), r"kolors", "Kwai-Kolors/Kolors-diffusers"),
    Family("flux", ("FluxTransformer", "FluxControlNet"), r"flux", "black-forest-labs/FLUX.1-dev"),
    Family(
        "stable-diffusion-3",
        ("SD3Transformer", "SD3ControlNet"),
        r"stable_?diffusion_?3(?!d)|sd_?3(?!d)",
        "stabilityai/stable-diffusion-3-medium-diffusers",
    ),
    Family("z-image", ("ZImageTransformer",), r"z_?image", "Tongyi-MAI/Z-Image-Turbo"),
    Family("qwen-image", ("QwenImage",), r"qwen_?image", "Qwen/Qwen-Image"),
    Family("hunyuan-video", ("HunyuanVideo",), r"hunyuan_?video", "hunyuanvideo-community/HunyuanVideo"),
    Family("hunyuan-dit", ("HunyuanDiT",), r"hunyuan_?dit", "Tencent-Hunyuan/HunyuanDiT-v1.2-Diffusers"),
    Family("ltx-video", ("LTX",), r"ltx", "Lightricks/LTX-Video"),
    Family("mochi", ("Mochi",), r"mochi", "genmo/mochi-1-preview"),
    Family("cogvideox", ("CogVideoX",), r"cogvideo", "THUDM/CogVideoX-2b"),
    Family("wan", ("Wan",), r"(?<![a-z])wan(?![a-z])|wanx", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers"),
    Family("pixart", ("PixArt",), r"pixart", "PixArt-alpha/PixArt-XL-2-1024-MS"),
    Family("sana", ("Sana",), r"(?<![a-z])sana(?![a-z])", "Efficient-Large-Model/Sana_1600M_1024px_diffusers"),
    Family("lumina", ("Lumina",), r"lumina", "Alpha-VLLM/Lumina-Next-SFT-diffusers"),
    Family("aura-flow", ("AuraFlow",), r"aura_?flow", "fal/AuraFlow"),
    Family("stable-cascade", ("StableCascade",), r"stable_?cascade|wuerstchen", "stabilityai/stable-cascade"),
    Family("kandinsky", ("Kandinsky", "VQModelKandinsky"), r"kandinsky"),
    Family("unclip", ("UnCLIPScheduler", "UnCLIPTextProj"), r"unclip", "kakaobrain/karlo-v1-alpha"),
    Family("matryoshka", ("MatryoshkaU", "NestedUNet"), r"matryoshka"),
    Family("marigold", (), r"marigold", "prs-eth/marigold-v1-0"),
    Family("ldm3d", (), r"ldm3d", "Intel/ldm3d-4c"),
    Family("zero123", ("CLIPCameraProj",), r"zero_?1_?(to|2)_?3", "kxic/zero123-xl"),
    Family(
        "latent-consistency", ("LCMScheduler",), r"latent_?consistency|(?<![a-z])lcm", "SimianLuo/LCM_Dreamshaper_v7"
    ),
    Family("animatediff", ("UNetMotion", "MotionAdapter"), r"animate_?diff", "SG161222/Realistic_Vision_V5.1_noVAE"),
    Family(
        "stable-diffusion-xl",
        ("StableDiffusionXL",),
        r"stable_?diffusion_?xl|sdxl|(?<![a-z])xl(?![a-z])",
        "stabilityai/stable-diffusion-xl-base-1.0",
    ),
    Family(
        "stable-diffusion",
        (),
        r"stable_?diffusion|(?<![a-z])sd(?![a-z])",
        "stable-diffusion-v1-5/stable-diffusion-v1-5",
    ),
)
"""The specific first: a Kolors pipeline also has the UNet of Stable Diffusion XL."""

_MODELS = {each.name: each.model for each in FAMILIES}


@dataclass(frozen=True)
class Rule:
    """A task that arguments or names tell. ``arguments``: any of them tells; ``named``: what stands in names."""

    name: str
    arguments: frozenset[str]
    named: str


_MASKS = frozenset({"mask_image", "mask_img", "default_mask_image", "masked_image_latents"})
TASKS = (
    Rule("inpainting", _MASKS, r"inpaint|eraser|(?<![a-z])fill"),
    Rule("upscaling", frozenset(), r"upscal|super_?res|(?<![a-z])sr(?![a-z])"),
    Rule("image-to-3d", frozenset(), r"zero_?1_?(to|2)_?3|image_?to_?3d"),
    Rule("depth-estimation", frozenset(), r"depth_?estimation"),
    Rule("image-to-video", frozenset(), r"(image|img)_?(2|to)_?vid|i2v"),
    Rule("video-to-video", frozenset(), r"vid(eo)?_?(2|to)_?vid|v2v|rerender_a_video"),
    Rule("speech-to-image", frozenset({"audio"}), r"speech_?to_?image|audio_?to_?image"),
)
_STANDARD = {
    *("vae", "text_encoder", "tokenizer", "unet", "transformer", "scheduler"),
    *("safety_checker", "feature_extractor", "image_encoder", "vqvae"),
}
"""Components that the weights of a family bring, without the numbers that some have at their end."""
_BROUGHT = {"motion_adapter", "controlnet", "adapter"}
"""Components that a pipeline can't do its own without, even where its class calls them optional."""
_PICTURES = frozenset({"image", "init_image", "images", "inner_image", "ref_image", "source_image", "original_image"})


def tasks_of(
    call: Sequence[Parameter], components: Sequence[ComponentSlot], names: Iterable[str], *, card: str = ""
) -> tuple[str, ...]:
    """What it does, the main thing first: as its card says, as its names say, as its call takes.

    A call that may be given a picture, and need not be, does both.
    """
    spelled = " ".join(map(_spelled, names))
    arguments = {parameter.name for parameter in call}
    named = [rule.name for rule in TASKS if re.search(rule.named, spelled)]
    # Who controls with a net is no task of its own.
    plain = re.sub(r"[_ ]|controlnet", "", spelled)
    found = [card, *(named or [task(call, components, plain) or ""])]
    found += [rule.name for rule in TASKS if rule.arguments & arguments]
    pictured = found[-1].endswith("to-image") and arguments & _PICTURES
    if pictured or {"inpainting", "upscaling"} & set(found):
        found.append("image-to-image")
    return tuple(dict.fromkeys(filter(None, found)))


def needs_only_text(tasks: Sequence[str], components: Sequence[ComponentSlot]) -> bool:
    """Whether a prompt and the weights of its family are enough, as far as reading tells."""
    needed = {slot.name.rstrip("_0123456789") for slot in components if not slot.optional or slot.name in _BROUGHT}
    return bool(tasks) and tasks[0].startswith("text-to-") and needed <= _STANDARD


def family_of(components: Sequence[ComponentSlot], bases: Iterable[str], names: Iterable[str], model: str = "") -> str:
    """The family; empty where nothing tells.

    ``bases`` are the names of the classes that it derives from, ``names`` of class and file, ``model`` the weights
    that its example or its card names.
    """
    types = [name.rpartition(".")[2] for slot in components for name in slot.types]
    for texts in (names, bases, [model]):
        spelled = " ".join(map(_spelled, texts))
        for family in FAMILIES:
            if any(name.startswith(start) for name in types for start in family.types) or re.search(
                family.named, spelled
            ):
                return _refined(family.name, {slot.name for slot in components})
    return _by_parts({slot.name for slot in components}, types)


def model_of(family: str) -> str:
    """Weights of a family; empty where there are none that everybody may have."""
    return _MODELS.get(family, "")


def _refined(family: str, slots: Collection[str]) -> str:
    """Names often leave out what the components say: with a second text encoder it is the larger one."""
    return (
        "stable-diffusion-xl" if family == "stable-diffusion" and {"unet", "text_encoder_2"} <= set(slots) else family
    )


def _by_parts(slots: Collection[str], types: Collection[str]) -> str:
    if "UNet2DConditionModel" not in types:
        return ""
    if "text_encoder_2" in slots:
        return "stable-diffusion-xl"
    return "stable-diffusion" if "CLIPTextModel" in types else ""


def _spelled(name: str) -> str:
    """``StableDiffusionXLPipeline`` as ``stable_diffusion_xl_pipeline``."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).lower()
