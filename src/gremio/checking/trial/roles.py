"""What a parameter of a pipeline is for, by its name: the community has several for the same thing."""

from __future__ import annotations

import re
from typing import Any, Final, Literal

from gremio.running.calls import Parameter

Role = Literal[
    "text",
    "image",
    "mask",
    "frames",
    "film_file",
    "phrases",
    "boxes",
    "sound",
    "side",
    "sides",
    "off",
    "count_of_frames",
    "steps",
    "output_type",
    "layers",
]

KEPT: Final[Any] = object()
"""Stands for: leave the parameter at its default."""

_LEFT_ALONE = re.compile(
    r"latents?$|embed|embeddings|attention_mask|_kwargs$|^callback|^ip_adapter|^negative_|^neg_|_scale$|_strength$"
    r"|_template$|^text_model_output$|_crop$|^prompt_\d$|^clip_prompt$"
)
_BY_NAME: tuple[tuple[str, Role], ...] = (
    (r"output_type", "output_type"),
    (r"height|width|resolution|processing_res|image_height|image_width|canvas_height|canvas_width", "side"),
    (r"tile_height|tile_width", "side"),
    (r"target_res(olution)?", "sides"),
    (r"use_resolution_binning|(use_)?(fp16|half)", "off"),
    (r"num_frames|video_length|max_num_frames|num_video_frames", "count_of_frames"),
    (r"(.*_)?num_inference_steps|denoising_steps|ddim_steps|num_steps|inference_steps|sampling_steps", "steps"),
    (r".*_layers_idx", "layers"),
)
_WHEN_EMPTY: tuple[tuple[str, Role], ...] = (
    (r"(.*_)?prompts?|text", "text"),
    (r"(.*_)?masks?(_images?)?|map", "mask"),
    (r"(.*_)?video_(path|file)", "film_file"),
    (r"(.*_)?(frames|video)", "frames"),
    (r"(.*_)?phrases", "phrases"),
    (r"(.*_)?(boxes|bboxes)", "boxes"),
    (r"(.*_)?(image|img|picture)s?(_\d)?|rgb|(input|prompt|ref)_imgs|.*_image_\w+|depth", "image"),
    (r"audio|speech|waveform", "sound"),
)
"""Roles of parameters that have no default, or None as one; a default of another kind is the author's choice."""


def is_left_alone(name: str) -> bool:
    """Whether this is no argument to make up: latents, embeddings, callbacks and the like."""
    return _LEFT_ALONE.search(name) is not None


def role_of(parameter: Parameter) -> Role | None:
    """What to make for a parameter; None when its default will do or its name says nothing."""
    name = parameter.name
    for pattern, role in _BY_NAME:
        if re.fullmatch(pattern, name):
            return role
    if is_left_alone(name) or not (parameter.required or parameter.default is None):
        return None
    if {each.what for each in parameter.wanted.members()} & {"int", "float", "bool", "dict"}:
        return None
    return next((role for pattern, role in _WHEN_EMPTY if re.fullmatch(pattern, name)), None)
