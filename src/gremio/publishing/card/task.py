"""The Hub's name of what a pipeline does, told by its call and its name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from gremio.code.review import ComponentSlot, Parameter

_TO_VIDEO = re.compile(r"vid(?:eo)?(?:2|to)vid|v2v")
_FROM_IMAGE = re.compile(r"img(?:2|to)|image(?:2|to)(?:image|video|3d)|i2v|inpaint|outpaint|upscal|superres|pix2pix")
_PICTURES = {"image", "init_image", "input_image", "input_imgs", "mask_image", "original_image", "images"}


def task(call: Iterable[Parameter], components: Iterable[ComponentSlot], class_name: str) -> str | None:
    """``text-to-image`` and its like; None where call and name don't make it clear."""
    taken = list(call)
    parameters = {parameter.name for parameter in taken}
    required = {parameter.name for parameter in taken if parameter.required}
    name = class_name.lower()
    prompted = bool(parameters & {"prompt", "prompts", "prompt_embeds"})
    if "controlnet" in name or not parameters:
        return None
    output, given = _output(name, parameters), _given(name, required)
    if output in ("audio", "3d"):
        return f"{given or 'text'}-to-{output}" if prompted or given else None
    if given == "image" and "depth" in name and not prompted:
        return "depth-estimation"
    if given or prompted:
        return f"{given or 'text'}-to-{output}"
    encodes = any("encoder" in slot.name or "tokenizer" in slot.name for slot in components)
    from_noise = "num_inference_steps" in parameters and not encodes and not required - {"batch_size"}
    return "unconditional-image-generation" if output == "image" and from_noise else None


def _output(name: str, parameters: set[str]) -> str:
    if parameters & {"audio_length_in_s", "audio_end_in_s", "audio_duration"} or "audio" in name:
        return "audio"
    if parameters & {"frame_size"} or "shape" in name.split("pipeline")[0][:5]:
        return "3d"
    if parameters & {"num_frames", "video_length", "frame_rate", "motion_field_strength_x"}:
        return "video"
    return "video" if re.search(r"video|animat|t2v|i2v|v2v", name) else "image"


def _given(name: str, required: set[str]) -> str:
    if _TO_VIDEO.search(name) or "video" in required:
        return "video"
    return "image" if _FROM_IMAGE.search(name) or required & _PICTURES else ""
