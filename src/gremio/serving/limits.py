"""How much anybody may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gremio.running.calls import CallSignature, OptionName, find, option_for
from gremio.serving.refusals import Refusal, bad

_SIDES: tuple[OptionName, ...] = ("width", "height", "resolution")
_FRAMES = frozenset({"num_frames", "video_length", "frames", "num_video_frames", "n_frames"})
_LONGEST_LIST = 1000
_USUAL = 1024  # pixels of a side that nobody has named
_LONGEST_TEXT = 100_000  # characters of a value as it would be written


@dataclass(frozen=True)
class Limits:
    """Of one request: ``body`` bytes, ``pixels`` of a picture that is sent or asked for, ``steps``, ``pictures`` that
    one call makes, ``frames`` of a film, ``inputs`` that are sent along, ``seconds`` of drawing.

    Of all: ``together`` calls that are drawn in one, where that can be; ``queue`` calls that wait, ``connections``;
    results are kept for ``keep`` seconds and up to ``kept`` bytes. ``patience`` is in seconds, for a client that sends
    or reads slowly.
    """

    body: int = 20 << 20
    pixels: int = 2048 * 2048
    steps: int = 150
    pictures: int = 4
    frames: int = 128
    inputs: int = 16
    seconds: float = 600.0
    together: int = 1
    queue: int = 64
    connections: int = 1024
    keep: float = 3600.0
    kept: int = 1 << 30
    patience: float = 30.0


def check(limits: Limits, signature: CallSignature, values: Mapping[str, Any]) -> None:
    """Refuse what is too much, or less than anything; what is not given counts as the code's own default.

    Raises:
        Refusal: it names the argument and the limit.
    """
    for name, value in values.items():
        if isinstance(value, list) and len(value) > _LONGEST_LIST:
            raise bad(f"{name}: a list has at most {_LONGEST_LIST} elements", name)
        if len(str(value)) > _LONGEST_TEXT:
            raise bad(f"{name} is longer than {_LONGEST_TEXT} characters", name)
        _check_number(limits, signature, name, value)
    _check_pixels(limits, signature, values)
    _check_pictures(limits, signature, values)


def _check_number(limits: Limits, signature: CallSignature, name: str, value: Any) -> None:
    if not _is_number(value):
        return
    option = option_for(signature, name)
    counted = option in ("steps", "count", *_SIDES) or name in _FRAMES
    if counted and value < 1:
        raise bad(f"{name} is at least 1, not {value}", name)
    if (option == "steps" or name.endswith("_steps")) and value > limits.steps:
        raise _too_much(name, limits.steps, value)
    if name in _FRAMES and value > limits.frames:
        raise _too_much(name, limits.frames, value)


def _check_pixels(limits: Limits, signature: CallSignature, values: Mapping[str, Any]) -> None:
    width, height, square = (_number(signature, values, find(signature, side)) for side in _SIDES)
    # Where one side alone is asked for, the other is what the model was made for.
    usual = _USUAL if width or height else 1
    pixels = max((width or usual) * (height or usual), (square or 1) ** 2)
    if pixels > limits.pixels:
        names = [str(find(signature, side)) for side in _SIDES]
        name = next((name for name in names if name in values), "")
        raise bad(f"a picture has at most {limits.pixels} pixels here, and this asks for {pixels:.0f}", name)


def _check_pictures(limits: Limits, signature: CallSignature, values: Mapping[str, Any]) -> None:
    prompt = values.get(str(find(signature, "prompt")))
    several = len(prompt) if isinstance(prompt, list) else 1
    count = _number(signature, values, find(signature, "count")) or 1
    if several * count > limits.pictures:
        name = str(find(signature, "count") if count > 1 else find(signature, "prompt"))
        raise _too_much(name, limits.pictures, several * count)


def _number(signature: CallSignature, values: Mapping[str, Any], name: str | None) -> float | None:
    if name is None:
        return None
    parameter = signature.get(name)
    value = values.get(name, parameter.default if parameter else None)
    return value if _is_number(value) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _too_much(name: str, most: int, value: float) -> Refusal:
    return bad(f"{name} is at most {most} here, not {value}", name)
