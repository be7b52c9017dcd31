"""What a failed call says about the components: code may count on the numbers of the real ones."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Any

from gremio.checking.trial.measures import parts

Config = Mapping[str, Mapping[str, Any]]

_VOCABULARY = 49408  # CLIP's: code that writes its two special tokens as numbers means these
# What a layer takes, and what it was given.
_TAKEN = (
    re.compile(r"to have (?P<takes>\d+) channels, but got (?P<given>\d+) channels"),
    re.compile(r"cannot be multiplied \(\d+x(?P<given>\d+) and (?P<takes>\d+)x\d+\)"),
    re.compile(r"normalized_shape=\[(?P<takes>\d+)\].*got input of size\[(?:\d+, )*(?P<given>\d+)\]"),
)
# Two that meet, and differ.
_MEET = (
    re.compile(r"size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)"),
    re.compile(r"Expected size (\d+) but got size (\d+)"),
)
_PICTURE = re.compile(r"Input image size \((\d+)\*(\d+)\) doesn't match model")
_RECEIVED = re.compile(r"received(.*)", re.S)
_NUMBER = re.compile(r": (\d+)")


def refitted(pipeline: Any, error: Exception, changed: Set[tuple[str, str]] = frozenset()) -> Config | None:
    """Configuration by component with which the same call may work; None when the error tells none.

    Numbers that two components differ in are changed once: those ``changed`` before, by component and name, stay.
    """
    text = str(error)
    components = parts(pipeline)
    if found := _PICTURE.search(text):
        names = [name for name in components if "image_encoder" in name or "clip_model" in name]
        return {name: {"image_size": int(found[1])} for name in names} or None
    if "index out of range in self" in text:
        names = [name for name in components if name.startswith("text_encoder") or name.endswith("_encoder")]
        return {name: {"vocab_size": _VOCABULARY} for name in names if "image" not in name} or None
    if "pipeline.unet" in text and (found := _RECEIVED.search(text)):
        wanted = sum(map(int, _NUMBER.findall(found[1])))
        return {"unet": {"in_channels": wanted}} if wanted else None
    import torch

    from gremio.checking.tiny.community_classes import numbers_of

    models = {name: each for name, each in components.items() if isinstance(each, torch.nn.Module)}
    candidates = [
        (slot, name, other)
        for slot, number, other in _differing(models, error, text)
        for name, value in numbers_of(models[slot]).items()
        if value == number and value is not True and (slot, name) not in changed
    ]
    # The second of four dimensions is that of channels.
    of_channels = re.search(r"channels|dimension 1\b", text) is not None
    candidates.sort(key=lambda each: ("channel" in each[1]) is not of_channels)
    return {candidates[0][0]: {candidates[0][1]: candidates[0][2]}} if candidates else None


def _differing(models: Mapping[str, Any], error: Exception, text: str) -> Iterator[tuple[str, int, int]]:
    """A component, a number that it may have been configured with, and the number that does not go with it."""
    owner = _owner(models, error)
    if owner and (found := _found(_TAKEN, text)):
        yield owner, int(found["takes"]), int(found["given"])
    if found := _found(_MEET, text):
        # Made up are the widths; small numbers, such as the channels of latents, are what they are.
        less, more = sorted(map(int, found.groups()))
        yield from ((slot, more, less) for slot in models if slot != owner)
        yield from ((slot, less, more) for slot in models if slot != owner)


def _found(patterns: Iterable[re.Pattern[str]], text: str) -> re.Match[str] | None:
    return next(filter(None, (each.search(text) for each in patterns)), None)


def _owner(models: Mapping[str, Any], error: Exception) -> str | None:
    """The component in whose code it failed, the innermost."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for module in (frame.f_locals.get("self") for frame in reversed(frames)):
        for slot, model in models.items():
            if any(module is each for each in model.modules()):
                return slot
    return None
