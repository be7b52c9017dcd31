"""Which of a model's files are damaged; asked when a load has failed, so that a good load pays nothing for it."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path


def damage(folder: Path, paths: Iterable[str], size: Callable[[str], int | None]) -> dict[str, str]:
    """What is wrong with the files that can't be whole, by path; ``size`` says how many bytes a file should have."""
    found = {path: _wrong(folder / path, size(path)) for path in sorted(paths)}
    return {path: wrong for path, wrong in found.items() if wrong}


def _wrong(file: Path, expected: int | None) -> str:
    try:
        actual = file.stat().st_size
        if expected is not None and actual != expected:
            return f"it has {actual} bytes and should have {expected}"
        return _CHECKS[file.suffix](file) if file.suffix in _CHECKS else ""
    except OSError as error:
        return f"it can't be read ({error.strerror or error})"


def _safetensors(file: Path) -> str:
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        size = file.stat().st_size
        if size < 8 or length > size - 8:
            return "it ends within its header"
        try:
            header = json.loads(stream.read(length))
            ends = [tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"]
        except (ValueError, LookupError, TypeError, AttributeError):
            return "its header is not that of a safetensors file"
    needed = 8 + length + max(ends, default=0)
    return "" if needed == size else f"its tensors need {needed} bytes, and it has {size}"


def _json(file: Path) -> str:
    try:
        json.loads(file.read_bytes())
    except (ValueError, RecursionError) as error:
        return f"it is no JSON ({error})"
    return ""


def _pickled(file: Path) -> str:
    with file.open("rb") as stream:
        is_archive = stream.read(2) == b"PK"
    return "it is cut short" if is_archive and not zipfile.is_zipfile(file) else ""


_CHECKS: dict[str, Callable[[Path], str]] = {
    ".safetensors": _safetensors,
    ".json": _json,
    ".bin": _pickled,
    ".pt": _pickled,
    ".pth": _pickled,
}
