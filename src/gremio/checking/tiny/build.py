"""From a part to a component: the same one for the same seed, whatever else was drawn before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zlib import crc32

import torch

from gremio.checking.tiny.defaults import DIFFUSERS, ENCODERS
from gremio.checking.tiny.models import class_of, encoder, is_scheduler, model, scheduler
from gremio.checking.tiny.onnx_models import onnx_installed, onnx_model
from gremio.checking.tiny.parts import NOTHING, Part
from gremio.checking.tiny.processors import COMPOSED
from gremio.checking.tiny.tokenizers import TOKENIZERS


def build(part: Part, name: str, *, seed: int = 0) -> Any:
    """The component of a part for the slot ``name``; models are in evaluation mode."""
    if part.class_name == NOTHING:
        return None
    with drawing(seed, name):
        component = _build(part)
        if isinstance(component, torch.nn.Module):
            settle(component)
    return component


@contextmanager
def drawing(seed: int, name: str) -> Iterator[None]:
    """Draw from a seed of this slot's own, and leave torch's global random state as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(crc32(f"{seed} {name}".encode()))
        yield


def settle(model: torch.nn.Module) -> None:
    """Evaluation mode, and no weight so zero that the model's input would not matter."""
    model.eval()
    with torch.no_grad():
        for weight in model.parameters():
            if weight.ndim > 1 and not weight.any():
                weight.normal_(std=0.1)


def buildable(class_name: str) -> bool:
    """Whether a class of this name can be built."""
    name = plain(class_name)
    if name in DIFFUSERS or name in ENCODERS:
        return class_of(name) is not None
    if name == "OnnxRuntimeModel":
        return onnx_installed()
    return name in TOKENIZERS or name in COMPOSED or is_scheduler(name)


def plain(class_name: str) -> str:
    """A tokenizer's name without the ``Fast`` that it may have."""
    short = class_name.removesuffix("Fast")
    return short if short in TOKENIZERS else class_name


def _build(part: Part) -> Any:
    name = plain(part.class_name)
    if name in TOKENIZERS:
        return TOKENIZERS[name](**part.config)
    if name in COMPOSED:
        return COMPOSED[name](**part.config)
    if name == "OnnxRuntimeModel":
        return onnx_model(**part.config)
    if name in ENCODERS:
        return encoder(name, part.config)
    if name in DIFFUSERS:
        return model(name, part.config)
    return scheduler(name, part.config)
