"""Weights in another dtype than they are stored in: cast once and kept, so that workers share them as they do others.

A worker that casts by itself has a copy of its own. What is kept is what the libraries themselves make of a standard
component in that dtype, in a confined process without any code of a repository.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gremio.code.libraries.packages import version_of
from gremio.errors import SandboxError
from gremio.loading.pipelines.request import LoadRequest
from gremio.machine.writing import building, locked
from gremio.sandbox.attended import Attended
from gremio.sandbox.limits import Limits
from gremio.sandbox.orders import Order, Part

log = logging.getLogger("gremio")
_NAMES = {"fp16": "float16", "half": "float16", "fp32": "float32", "float": "float32", "bf16": "bfloat16"}
_STORED = {"float16": "F16", "bfloat16": "BF16", "float32": "F32"}
_FLOATS = frozenset({"F64", *_STORED.values()})
_LONGEST_HEADER = 100 << 20
_MORE = 256  # megabytes of scratch beside the weights themselves


def shared(order: Order, request: LoadRequest, limits: Limits) -> Order:
    """The order with weights in the dtype that was asked for, as far as that can be had; cast now where they aren't."""
    dtype = _dtype(request.rest)
    if dtype not in _STORED or limits.device != "cpu":
        return order
    files: Mapping[str, str] = order.body["model"]["files"]
    parts = {name: part for name, part in order.parts.items() if _differs(name, part, files, _STORED[dtype])}
    variant = request.selection.variant or ""
    places = {name: _place(request, name, part, files, [dtype, variant]) for name, part in parts.items()}
    missing = {name: parts[name] for name, place in places.items() if not place.is_dir()}
    if missing:
        try:
            _cast(order, missing, places, limits, {"dtype": dtype, "variant": variant})
        except SandboxError as error:
            log.warning("%s: its weights could not be cast once for all workers: %s", order.made.model, error.message)
            return order
        told = ", ".join(sorted(missing))
        log.warning("%s: cast to %s once and kept for all workers: %s", order.made.model, dtype, told)
    return _with(order, places)


def _dtype(rest: Mapping[str, Any]) -> str:
    given = rest.get("dtype") or rest.get("torch_dtype")
    name = "" if isinstance(given, dict) else str(given).removeprefix("torch.")
    return _NAMES.get(name, name)


def _differs(name: str, part: Part, files: Mapping[str, str], wanted: str) -> bool:
    """Whether weights would have to be cast, and can be: what is quantised is not a matter of dtype alone."""
    config = Path(files.get(f"{name}/config.json", ""))
    if not part.weights or not config.is_file() or b"quantization_config" in config.read_bytes():
        return False
    found = {dtype for path in part.weights for dtype in _dtypes(Path(files[path]))} & _FLOATS
    return bool(found - {wanted})


def _dtypes(file: Path) -> set[str]:
    """Of the tensors in a safetensors file, by its header; none where it is no such file."""
    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        header = stream.read(length) if length <= _LONGEST_HEADER else b""
    try:
        told = json.loads(header)
        return {tensor["dtype"] for name, tensor in told.items() if name != "__metadata__"}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return set()


def _place(request: LoadRequest, name: str, part: Part, files: Mapping[str, str], how: Iterable[str]) -> Path:
    """Where that is kept: by the files as they lie, by what is asked for, and by what casts."""
    own = sorted(place for path, place in files.items() if path.startswith(f"{name}/"))
    stamps = [f"{place} {(told := Path(place).stat()).st_size} {told.st_mtime_ns}" for place in own]
    versions = [version_of(library) for library in ("diffusers", "transformers", "torch")]
    text = "\0".join([*how, part.library, part.class_name, *versions, *stamps])
    return request.settings.home / "cast" / hashlib.sha256(text.encode()).hexdigest()[:32]


def _cast(
    order: Order, parts: Mapping[str, Part], places: Mapping[str, Path], limits: Limits, how: Mapping[str, str]
) -> None:
    files = order.body["model"]["files"]
    size = sum(Path(files[path]).stat().st_size for part in parts.values() for path in part.weights)
    worker = Attended(order.read, replace(limits, scratch_megabytes=2 * (size >> 20) + _MORE), order.made.model)
    try:
        worker.start()
        components = {name: [part.library, part.class_name] for name, part in parts.items()}
        worker.ask("cast", {"model": {**order.body["model"], "code": []}, "components": components, **how})
        assert worker.scratch is not None
        for name in parts:
            _keep(worker.scratch / "cast" / name, places[name])
    finally:
        worker.end("done")


def _keep(made: Path, place: Path) -> None:
    with locked(place):
        if place.is_dir():
            return
        with building(place) as new:
            for file in made.iterdir():
                if _is_weights(file.name) and file.is_file() and not file.is_symlink():
                    shutil.move(file, new / file.name)


def _is_weights(path: str) -> bool:
    return path.endswith(".safetensors") or (".safetensors.index" in path and path.endswith(".json"))


def _with(order: Order, places: Mapping[str, Path]) -> Order:
    model = order.body["model"]
    files = {p: place for p, place in model["files"].items() if not (_is_weights(p) and p.split("/")[0] in places)}
    files |= {f"{name}/{file.name}": str(file) for name, place in places.items() for file in place.iterdir()}
    body = {**order.body, "model": {**model, "files": files}}
    return replace(order, body=body, read=tuple(map(Path, files.values())))
