"""Arguments about numbers and machines: dtype and device_map, checked before anything is fetched."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import torch
from packaging.version import Version

from gremio.errors import OptionError

Dtype = torch.dtype | dict[str, torch.dtype] | None

_SHORT = {"fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32", "bf16": "bfloat16"}


@dataclass(frozen=True)
class Placement:
    """In which numbers, and where."""

    dtype: Dtype = None
    device_map: str | None = None

    @classmethod
    def take(cls, arguments: dict[str, Any]) -> Placement:
        """Take ``dtype`` (or ``torch_dtype``) and ``device_map`` out of the arguments.

        Raises:
            OptionError: one of them can't work here.
        """
        return cls(take_dtype(arguments), check_device(arguments.pop("device_map", None)))


def take_dtype(arguments: dict[str, Any]) -> Dtype:
    """Take ``dtype`` or the older ``torch_dtype`` out of the arguments.

    Raises:
        OptionError: both are given, or it is no dtype.
    """
    given = [arguments.pop(name) for name in ("dtype", "torch_dtype") if arguments.get(name) is not None]
    arguments.pop("dtype", None), arguments.pop("torch_dtype", None)
    if len(given) > 1 and given[0] != given[1]:
        raise OptionError("dtype and torch_dtype are both given and differ", next_step="Pass dtype alone.")
    return parse_dtype(given[0]) if given else None


def parse_dtype(value: object) -> Dtype:
    """A dtype, its name (``"float16"``, ``"fp16"``, ``"torch.float16"``), or one per component.

    Raises:
        OptionError: it is none of these.
    """
    if isinstance(value, torch.dtype):
        return value
    if isinstance(value, dict):
        return {str(name): d for name, each in value.items() if isinstance(d := parse_dtype(each), torch.dtype)}
    name = value.removeprefix("torch.") if isinstance(value, str) else ""
    found = getattr(torch, _SHORT.get(name, name), None) if name else None
    if not isinstance(found, torch.dtype):
        raise OptionError(
            f"{value!r} is no dtype", next_step="Pass torch.float16, torch.bfloat16, torch.float32 or their names."
        )
    return found


def for_component(value: Any, name: str) -> Any:
    """What an argument says for one component, as diffusers reads it: a dict has values by name, or for ``default``."""
    return value.get(name, value.get("default")) if isinstance(value, dict) else value


def dtype_argument(dtype: Dtype) -> dict[str, Any]:
    """The argument for diffusers, under the name that the installed version takes without complaint."""
    if dtype is None:
        return {}
    name = "dtype" if Version(version("diffusers")) >= Version("0.40") else "torch_dtype"
    return {name: dtype}


def check_device(device: object, *, argument: str = "device_map") -> str | None:
    """The device as text, if it can be used here.

    Raises:
        OptionError: it is no device, or this machine has none of its kind.
    """
    if device is None or device == "balanced":
        return None if device is None else "balanced"
    if not isinstance(device, str | torch.device):
        raise OptionError(
            f"{argument} is {device!r}", next_step=f'Pass a device ("cuda", "cpu") or {argument}="balanced".'
        )
    try:
        wanted = torch.device(device)
    except RuntimeError as error:
        raise OptionError(
            f"{argument}={device!r} is no device", next_step='Pass "cuda", "mps", "cpu" or "balanced".'
        ) from error
    if not _there(wanted):
        raise OptionError(
            f"{argument}={str(device)!r}, and this machine has no such device",
            next_step=f'Pass {argument}="cpu", or install the torch build for your accelerator.',
        )
    return str(wanted)


def _there(device: torch.device) -> bool:
    if device.type in ("cpu", "meta"):
        return True
    backend = getattr(torch, device.type, None)
    if backend is None or not backend.is_available():
        return False
    return device.index is None or device.index < int(backend.device_count())
