"""What the names of weight files say: the format, the variant, the shard, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

SAFE = (".safetensors",)
PICKLED = (".bin", ".pt", ".pth")
ONNX = (".onnx", ".pb", ".onnx_data")
FOREIGN = (".msgpack", ".h5", ".ckpt", ".tflite", ".ot", ".mlmodel", ".flashpack")
WEIGHTS = (*SAFE, *PICKLED, *ONNX, *FOREIGN)
_SHARD = re.compile(r"-\d{5}-of-\d{5}")


@dataclass(frozen=True)
class Weights:
    """One set of weights: ``unet/diffusion_pytorch_model.fp16.safetensors``, its shards and their index alike."""

    folder: str
    stem: str
    variant: str
    format: str

    @classmethod
    def of(cls, path: str) -> Weights | None:
        """What a file belongs to; None where it holds no weights and is no index of any."""
        place = PurePosixPath(path)
        name = place.name.removesuffix(".json")
        is_index = name != place.name
        # Diffusers writes `model.safetensors.index.fp16.json`, transformers `model.safetensors.index.json`.
        name, dot, rest = name.partition(".index")
        if is_index != bool(dot):
            return None
        # Shards were numbered after the variant, and after the format, at one time or another.
        name = _SHARD.sub("", name)
        ending = next((ending for ending in WEIGHTS if name.endswith(ending)), "")
        if not ending:
            return None
        stem, _, variant = name.removesuffix(ending).partition(".")
        folder = "" if str(place.parent) == "." else str(place.parent)
        return cls(folder, stem, variant or rest.removeprefix("."), ending)


def variant_of(path: str) -> str | None:
    """The variant in a weights file's name, or in its index's; None where there is none."""
    weights = Weights.of(path)
    return weights.variant or None if weights else None


def stale_weights(present: Iterable[str], new: Iterable[str]) -> set[str]:
    """The files that belong to weights which are written anew, and are no part of them any more.

    Old shards and their index would otherwise be loaded in place of a new single file, and the other way round. Another
    variant, format or name is something else, and stays.
    """
    kept = set(new)
    replaced = {weights for path in kept if (weights := Weights.of(path))}
    return {path for path in present if path not in kept and Weights.of(path) in replaced}


def only_variant(paths: Iterable[str]) -> str:
    """The variant that has to be asked for; empty where there are weights without one, or none at all."""
    found = {weights.variant for path in paths if (weights := Weights.of(path))}
    return next(iter(found)) if len(found) == 1 else ""
