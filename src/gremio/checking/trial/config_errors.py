"""What a failed call says about the components: code may count on the numbers of the real ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from gremio.checking.trial.measures import parts

Config = Mapping[str, Mapping[str, Any]]

_VOCABULARY = 49408  # CLIP's: code that writes its two special tokens as numbers means these
_CONVOLUTION = re.compile(r"weight of size \[\d+, (\d+), \d+, \d+(?:, \d+)?\], expected input\[\d+, (\d+),")
_PICTURE = re.compile(r"Input image size \((\d+)\*(\d+)\) doesn't match model")
_RECEIVED = re.compile(r"received(.*)", re.S)
_NUMBER = re.compile(r": (\d+)")


def refitted(pipeline: Any, error: Exception) -> Config | None:
    """Configuration by component with which the same call may work; None when the error tells none."""
    text = str(error)
    components = parts(pipeline)
    if found := _PICTURE.search(text):
        names = [name for name in components if "image_encoder" in name or "clip_model" in name]
        return {name: {"image_size": int(found[1])} for name in names} or None
    if "index out of range in self" in text:
        names = [name for name in components if name.startswith("text_encoder") or name.endswith("_encoder")]
        return {name: {"vocab_size": _VOCABULARY} for name in names if "image" not in name} or None
    if found := _CONVOLUTION.search(text):
        return _input_channels(components, int(found[1]), int(found[2]))
    if "pipeline.unet" in text and (found := _RECEIVED.search(text)):
        wanted = sum(map(int, _NUMBER.findall(found[1])))
        return {"unet": {"in_channels": wanted}} if wanted else None
    return None


def _input_channels(components: Mapping[str, Any], has: int, wanted: int) -> Config | None:
    """The one denoiser or VAE whose first layer takes another number of channels."""
    for name in ("unet", "transformer", "vae"):
        config = getattr(components.get(name), "config", {})
        if "in_channels" in config and config["in_channels"] == has:
            return {name: {"in_channels": wanted}}
    return None
