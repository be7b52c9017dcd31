"""The pipeline of Diffusers that a community pipeline derives from, was copied from, or does the work of."""

from __future__ import annotations

import re
from typing import Any

from gremio.checking.tiny.slots import Asked
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.stock_pipelines import STOCK_PIPELINES

_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]+|[a-z0-9]+")
_TELLING = 3  # letters: "IF" and "DiT" are in many words
_SPELLINGS = {"SDXL": "StableDiffusionXL"}
_BY_KIND = {
    **STOCK_PIPELINES,
    "sd-inpaint": "StableDiffusionInpaintPipeline",
    "sd-pix2pix": "StableDiffusionInstructPix2PixPipeline",
    "sd-upscale": "StableDiffusionUpscalePipeline",
    "sdxl-refiner": "StableDiffusionXLImg2ImgPipeline",
    "kolors": "KolorsPipeline",
    "animatediff": "AnimateDiffPipeline",
    "deepfloyd-if": "IFPipeline",
    "unclip": "UnCLIPPipeline",
}


def stock_sibling(subject: Subject) -> type | None:
    """Its base, else the one whose name is in its own, else that of the same kind of model; None where none is."""
    for base in subject.cls.__mro__[1:]:
        if not subject.is_own(base) and _is_pipeline(base):
            return base
    names = [cls.__name__ for cls in subject.cls.__mro__ if subject.is_own(cls)]
    named = next(filter(None, (_named(name) for name in names)), "")
    return _pipeline(named or _BY_KIND.get(Asked(subject.slots, subject.family).name(), ""))


def _named(name: str) -> str:
    """``CogVideoXPipeline`` for ``CogVideoXSTGPipeline``: the longest whose words it has, in their order."""
    import diffusers

    for short, long in _SPELLINGS.items():
        name = name.replace(short, long)
    stock = [each for each in dir(diffusers) if each.endswith("Pipeline") and each != "DiffusionPipeline"]
    return max((each for each in stock if _has_words(name, each)), key=len, default="")


def _has_words(name: str, stock: str) -> bool:
    place, pieces = 0, _PIECES.findall(stock.removesuffix("Pipeline"))
    if max(map(len, pieces)) < _TELLING:
        return False
    for piece in pieces:
        place = name.find(piece, place)
        if place < 0:
            return False
        place += len(piece)
    return True


def _pipeline(name: str) -> type | None:
    """A pipeline of Diffusers; None where it needs what is not installed."""
    import diffusers

    try:
        found: Any = getattr(diffusers, name, None)
    except (ImportError, RuntimeError):
        return None
    return found if isinstance(found, type) and _is_pipeline(found) else None


def _is_pipeline(cls: type) -> bool:
    import diffusers

    is_stock = cls.__module__.startswith("diffusers.") and issubclass(cls, diffusers.DiffusionPipeline)
    return is_stock and any("__call__" in vars(each) for each in cls.__mro__)
