"""What a pipeline returned: in words, as one digest of its values, and how many things it is."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from gremio.running.outputs.foreign import is_array, is_picture, to_numpy

_FIRST = ("images", "frames", "videos", "video", "audios", "prediction", "image")


def digest(value: object) -> str:
    """SHA-256 over types, shapes and raw values: equal where every value is equal bit for bit."""
    hasher = hashlib.sha256()
    for piece in _pieces(value):
        hasher.update(len(piece).to_bytes(8, "big"))
        hasher.update(piece)
    return hasher.hexdigest()


def describe(value: object) -> str:
    """``images: 1 x 64x64 RGB`` or ``frames: float32 (1, 4, 3, 32, 32)``."""
    name, found = main_part(value)
    return f"{name}: {_shown(found)}"


def count(value: object) -> int:
    """How many pictures, films or whatever it made there are in the main part."""
    _, found = main_part(value)
    if is_array(found):
        return int(found.shape[0]) if len(found.shape) > 2 else 1  # type: ignore[attr-defined]
    return len(found) if isinstance(found, (list, tuple)) else 1


def main_part(value: object) -> tuple[str, object]:
    """The part of a result that a person called the pipeline for, and its name."""
    fields = {} if _is_pipeline(value) else _fields(value)
    if fields:
        name = next((each for each in _FIRST if fields.get(each) is not None), next(iter(fields)))
        return name, fields[name]
    if isinstance(value, tuple) and value and not all(map(is_picture, value)):
        return "first", value[0]
    return "output", value


def numbers(value: object) -> Iterator[Any]:
    """Every array and picture in the main part, as numpy."""
    _, found = main_part(value)
    yield from _arrays(found)


def _arrays(value: object) -> Iterator[Any]:
    if is_picture(value):
        import numpy as np

        yield np.asarray(value)
    elif is_array(value):
        yield to_numpy(value)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from _arrays(each)


def is_finite(value: object) -> bool:
    """Whether no number in it is NaN or infinite."""
    import numpy as np

    return all(bool(np.isfinite(each).all()) for each in numbers(value) if each.dtype.kind == "f")


def _is_pipeline(value: object) -> bool:
    """Whether it is a pipeline, as one that merges others returns."""
    return callable(getattr(value, "register_modules", None))


def _fields(value: object) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return {str(name): each for name, each in value.items()}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {each.name: getattr(value, each.name) for each in dataclasses.fields(value)}
    names = getattr(type(value), "_fields", ())
    if names or isinstance(value, (list, tuple)) or is_array(value) or is_picture(value):
        return {name: getattr(value, name) for name in names}
    # A plain object with values of its own, as some pipelines return.
    return dict(getattr(value, "__dict__", {}))


def _pieces(value: object) -> Iterator[bytes]:
    if is_picture(value):
        yield f"{value.mode} {value.size}".encode()  # type: ignore[attr-defined]
        yield value.tobytes()  # type: ignore[attr-defined]
    elif is_array(value) and str(getattr(value, "dtype", "")) != "object":
        array = to_numpy(value)
        yield f"{value.dtype} {tuple(array.shape)}".encode()  # type: ignore[attr-defined]
        yield array.tobytes()
    elif _is_pipeline(value):
        for name, each in value.components.items():  # type: ignore[attr-defined]
            yield f"{name} {type(each).__qualname__}".encode()
            for key, weight in each.state_dict().items() if hasattr(each, "state_dict") else ():
                yield key.encode()
                yield from _pieces(weight)
    elif fields := _fields(value):
        for name, each in fields.items():
            yield name.encode()
            yield from _pieces(each)
    elif isinstance(value, (list, tuple)):
        yield f"{len(value)} of".encode()
        for each in value:
            yield from _pieces(each)
    elif value is None or isinstance(value, (bool, int, float, complex, str, bytes)):
        yield repr(value).encode()
    else:
        # An object's own repr may hold its address, which no two runs share.
        yield type(value).__qualname__.encode()


def _shown(value: Any) -> str:
    if is_picture(value):
        return f"{value.width}x{value.height} {value.mode}"
    if is_array(value):
        return f"{str(value.dtype).removeprefix('torch.')} {tuple(value.shape)}"
    if isinstance(value, (list, tuple)) and value:
        first = _shown(value[0])
        return f"{len(value)} x {first}"
    if isinstance(value, str):
        return repr(value[:60])
    return "nothing" if value is None else type(value).__name__
