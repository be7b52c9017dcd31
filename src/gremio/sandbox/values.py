"""Values as data: what a call takes and gives, to JSON and blobs and back, with every claim checked.

Plain JSON stands for itself; everything else is an object with ``"$"``, which names its kind. Tensors come back as
tensors where torch is imported in this process, else as arrays: the parent of a sandbox never imports torch.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any

from gremio.sandbox.channel import Blob

_DTYPES = {
    "bool": 1,
    "uint8": 1,
    "int8": 1,
    "int16": 2,
    "int32": 4,
    "int64": 8,
    "float16": 2,
    "bfloat16": 2,
    "float32": 4,
    "float64": 8,
}
"""Bytes of an element; what numpy and torch both have, and bfloat16."""
_MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4, "I;16": 2, "I": 4, "F": 4}
"""Bytes of a pixel of a picture."""
_MOST_DEPTH, _MOST_VALUES, _MOST_PIXELS, _MOST_DIMENSIONS = 32, 200_000, 1 << 28, 16


class BadValue(ValueError):
    """Something that can't be told as data, or that claims to be what it isn't."""


class Output(dict[str, Any]):
    """What a pipeline returned: its fields by name, as attributes too, and by position."""

    def __getattr__(self, name: str) -> Any:
        """A field."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None

    def __getitem__(self, key: Any) -> Any:
        """By name, or by position as diffusers' outputs have it."""
        return list(self.values())[key] if isinstance(key, int | slice) else super().__getitem__(key)


@dataclass(frozen=True)
class Generator:
    """Stands for ``torch.Generator(device).manual_seed(seed)`` where torch is not to be imported."""

    seed: int


@dataclass
class Encoder:
    """Collects blobs while values are told; ``outputs`` are what a pipeline returns, whose class the parent lacks."""

    outputs: bool = False
    blobs: list[Blob] = field(default_factory=list)

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The JSON that stands for a value.

        Raises:
            BadValue: it is of a kind that does not travel.
        """
        if depth > _MOST_DEPTH:
            raise BadValue("a value nested too deeply")
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return _text(value)
        if isinstance(value, int):
            return value if abs(value) < 2**63 else _beyond()
        if isinstance(value, float):
            return value if math.isfinite(value) else {"$": "float", "value": repr(value)}
        told = self._container(value, depth) or self._foreign(value, depth)
        return told if told is not None else _refuse(value)

    def _container(self, value: Any, depth: int) -> dict[str, Any] | None:
        if isinstance(value, list | tuple):
            kind = "list" if isinstance(value, list) else "tuple"
            return {"$": kind, "items": [self.encode(each, depth + 1) for each in value]}
        if isinstance(value, Mapping) and not is_dataclass(value):
            if not all(isinstance(key, str) for key in value):
                raise BadValue("a dict whose keys are not all text")
            return {"$": "dict", "items": [[key, self.encode(each, depth + 1)] for key, each in value.items()]}
        if isinstance(value, bytes | bytearray):
            return {"$": "bytes", "blob": self._blob(bytes(value))}
        if isinstance(value, Generator):
            return {"$": "generator", "seed": value.seed}
        return None

    def _foreign(self, value: Any, depth: int) -> dict[str, Any] | None:
        torch, numpy, image = sys.modules.get("torch"), sys.modules.get("numpy"), sys.modules.get("PIL.Image")
        if image is not None and isinstance(value, image.Image):
            return self._image(value)
        if torch is not None and isinstance(value, torch.Tensor):
            return self._tensor(value, torch)
        if torch is not None and isinstance(value, torch.Generator):
            return {"$": "generator", "seed": value.initial_seed()}
        if torch is not None and isinstance(value, torch.dtype | torch.device):
            return {"$": type(value).__name__, "value": str(value).removeprefix("torch.")}
        if numpy is not None and isinstance(value, numpy.generic):
            return self._array("array", numpy.asarray(value))
        if numpy is not None and isinstance(value, numpy.ndarray):
            return self._array("array", value)
        if self.outputs and is_dataclass(value) and not isinstance(value, type):
            told = [[each.name, self.encode(getattr(value, each.name), depth + 1)] for each in fields(value)]
            return {"$": "output", "items": told}
        return None

    def _image(self, value: Any) -> dict[str, Any]:
        whole = value if value.mode in _MODES else value.convert("RGBA" if "transparency" in value.info else "RGB")
        return {"$": "image", "mode": whole.mode, "size": list(whole.size), "blob": self._blob(whole.tobytes())}

    def _tensor(self, value: Any, torch: Any) -> dict[str, Any]:
        whole = value.detach().to("cpu").contiguous()
        if whole.dtype == torch.bfloat16:
            told = self._array("tensor", whole.view(torch.int16).numpy())
            return {**told, "dtype": "bfloat16"}
        return self._array("tensor", whole.numpy())

    def _array(self, kind: str, value: Any) -> dict[str, Any]:
        if value.dtype.name not in _DTYPES:
            raise BadValue(f"an array of {value.dtype.name}")
        if not value.flags.c_contiguous:
            value = value.copy(order="C")
        data = value.astype(value.dtype.newbyteorder("<"), copy=False)
        blob = self._blob(memoryview(data.reshape(-1)).cast("B") if data.size else b"")
        return {"$": kind, "dtype": value.dtype.name, "shape": list(value.shape), "blob": blob}

    def _blob(self, data: Blob) -> int:
        self.blobs.append(data)
        return len(self.blobs) - 1


def encode(value: Any, *, outputs: bool = False) -> tuple[Any, list[Blob]]:
    """A value as JSON and the blobs that it speaks of; an object with fields travels among ``outputs`` only.

    Raises:
        BadValue: it is of a kind that does not travel.
    """
    encoder = Encoder(outputs)
    return encoder.encode(value), encoder.blobs


def decode(told: Any, blobs: Sequence[Blob]) -> Any:
    """The value that was told.

    Raises:
        BadValue: it is none: an unknown kind, a size that does not fit, a blob used twice or not at all.
    """
    decoder = _Decoder(blobs)
    found = decoder.value(told, 0)
    decoder.require_all_used()
    return found


class _Decoder:
    def __init__(self, blobs: Sequence[Blob]) -> None:
        self._blobs: list[Blob | None] = list(blobs)
        self._values = 0

    def value(self, told: Any, depth: int) -> Any:
        self._values += 1
        if depth > _MOST_DEPTH or self._values > _MOST_VALUES:
            raise BadValue("a value nested too deeply, or of too many parts")
        if told is None or isinstance(told, bool | float):
            return told
        if isinstance(told, str):
            return _text(told)
        if isinstance(told, int):
            return told if abs(told) < 2**63 else _beyond()
        if not isinstance(told, dict) or not isinstance(told.get("$"), str):
            raise BadValue("a value without a kind")
        read = _READERS.get(told["$"])
        if read is None:
            raise BadValue(f"a value of kind {told['$'][:40]!r}")
        return read(self, told, depth)

    def as_list(self, told: dict[str, Any], depth: int) -> list[Any]:
        return [self.value(each, depth + 1) for each in _items(told)]

    def as_tuple(self, told: dict[str, Any], depth: int) -> tuple[Any, ...]:
        return tuple(self.as_list(told, depth))

    def as_dict(self, told: dict[str, Any], depth: int) -> dict[str, Any]:
        return {name: self.value(each, depth + 1) for name, each in _pairs(told)}

    def as_output(self, told: dict[str, Any], depth: int) -> Output:
        return Output(self.as_dict(told, depth))

    def as_float(self, told: dict[str, Any], depth: int) -> float:
        if told.get("value") not in ("nan", "inf", "-inf"):
            raise BadValue("a number that is none")
        return float(told["value"])

    def as_bytes(self, told: dict[str, Any], depth: int) -> bytes:
        return bytes(self._take(told))

    def as_generator(self, told: dict[str, Any], depth: int) -> Any:
        seed = told.get("seed")
        if not isinstance(seed, int) or isinstance(seed, bool) or not -(2**63) <= seed < 2**64:
            raise BadValue("a generator without a seed")
        torch = sys.modules.get("torch")
        return torch.Generator().manual_seed(seed) if torch else Generator(seed)

    def as_named(self, told: dict[str, Any], depth: int) -> Any:
        name, torch = told.get("value"), sys.modules.get("torch")
        if not isinstance(name, str) or len(name) > 40:
            raise BadValue("a dtype or device without a name")
        if torch is None:
            return name
        if told["$"] == "device":
            try:
                return torch.device(name)
            except RuntimeError as error:
                raise BadValue("a device that there isn't") from error
        if name not in _DTYPES:
            raise BadValue("a dtype that there isn't")
        return getattr(torch, name)

    def as_image(self, told: dict[str, Any], depth: int) -> Any:
        from PIL import Image

        mode, size = told.get("mode"), _sizes(told.get("size"), 2)
        if not isinstance(mode, str) or mode not in _MODES or len(size) != 2 or not all(size):
            raise BadValue("a picture of no known kind")
        data = self._take(told)
        if size[0] * size[1] > _MOST_PIXELS or size[0] * size[1] * _MODES[mode] != len(data):
            raise BadValue("a picture whose size is not that of its bytes")
        return Image.frombytes(mode, (size[0], size[1]), data)

    def as_array(self, told: dict[str, Any], depth: int) -> Any:
        return self._numbers(told)

    def as_tensor(self, told: dict[str, Any], depth: int) -> Any:
        torch = sys.modules.get("torch")
        numbers = self._numbers(told, bits=torch is not None)
        if torch is None:
            return numbers
        found = torch.from_numpy(numbers)
        return found.view(torch.bfloat16) if told["dtype"] == "bfloat16" else found

    def _numbers(self, told: dict[str, Any], *, bits: bool = False) -> Any:
        import numpy

        name, shape = told.get("dtype"), _sizes(told.get("shape"), _MOST_DIMENSIONS)
        if not isinstance(name, str) or name not in _DTYPES:
            raise BadValue("an array of no known dtype")
        data = self._take(told)
        if math.prod(shape) * _DTYPES[name] != len(data):
            raise BadValue("an array whose shape is not that of its bytes")
        kind = numpy.dtype("int16" if name == "bfloat16" else name).newbyteorder("<")
        try:
            found = numpy.frombuffer(data, dtype=kind).reshape(shape)
        except ValueError as error:  # nothing at all, in more rows than there are numbers
            raise BadValue("an array of no possible shape") from error
        if not (found.flags.writeable and found.flags.aligned):
            found = found.copy()
        if name == "bfloat16" and not bits:
            # The upper half of a float32 is what a bfloat16 is.
            return (found.astype(numpy.uint16).astype(numpy.uint32) << 16).view(numpy.float32)
        return found

    def _take(self, told: dict[str, Any]) -> Blob:
        index = told.get("blob")
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < len(self._blobs):
            raise BadValue("a blob that there isn't")
        found, self._blobs[index] = self._blobs[index], None
        if found is None:
            raise BadValue("a blob that is used twice")
        return found

    def require_all_used(self) -> None:
        if any(blob is not None for blob in self._blobs):
            raise BadValue("a blob that nothing speaks of")


_READERS: Mapping[str, Callable[[_Decoder, dict[str, Any], int], Any]] = {
    "list": _Decoder.as_list,
    "tuple": _Decoder.as_tuple,
    "dict": _Decoder.as_dict,
    "output": _Decoder.as_output,
    "float": _Decoder.as_float,
    "bytes": _Decoder.as_bytes,
    "generator": _Decoder.as_generator,
    "dtype": _Decoder.as_named,
    "device": _Decoder.as_named,
    "image": _Decoder.as_image,
    "array": _Decoder.as_array,
    "tensor": _Decoder.as_tensor,
}


def _items(told: Mapping[str, Any]) -> list[Any]:
    found = told.get("items")
    if not isinstance(found, list):
        raise BadValue("a list without items")
    return found


def _pairs(told: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for pair in _items(told):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[0], str):
            raise BadValue("a dict whose items are no pairs")
        yield _text(pair[0]), pair[1]


def _sizes(told: object, most: int) -> list[int]:
    if not isinstance(told, list) or len(told) > most:
        raise BadValue("a shape that is none")
    if not all(isinstance(each, int) and not isinstance(each, bool) and 0 <= each < 2**40 for each in told):
        raise BadValue("a shape that is none")
    return told


def _text(told: str) -> str:
    """One that can be written to a file or a terminal."""
    try:
        told.encode()
    except UnicodeEncodeError as error:
        raise BadValue("text of half characters") from error
    return told


def _beyond() -> Any:
    raise BadValue("a whole number of more than 64 bits")


def _refuse(value: Any) -> Any:
    raise BadValue(f"a {type(value).__name__} does not travel into or out of a sandbox")
