"""Pipelines that stay loaded, as far as memory goes; the one that was used least lately goes first."""

from __future__ import annotations

import gc
import sys
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch

from gremio.errors import GremioError, OptionError
from gremio.studio.drawing.order import Code, Order, Weights

Tell = Callable[..., None]
Key = tuple[Weights, Code]

_ROOM = 1.25  # times the size of a model's files: what there should be beside it to draw with


class Models:
    """By weights and code."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[Key, Any] = OrderedDict()

    def get(self, order: Order, tell: Tell) -> tuple[Any, int]:
        """The pipeline of an order, and how many components it shares with the one beside it.

        Raises:
            GremioError: it can't be loaded.
        """
        own = order.code if order.beside is None else order.beside
        pipeline = self._get(order.weights, own, tell)
        if order.beside is None:
            return pipeline, 0
        beside = _over(pipeline, order.code)
        return beside, _shared(pipeline, beside)

    def let_go(self, order: Order, tell: Tell) -> bool:
        """Unload everything that this order has no need of; whether there was anything."""
        kept = (order.weights, order.code if order.beside is None else order.beside)
        others = [key for key in self._loaded if key != kept]
        for key in others:
            self._unload(key, tell)
        return bool(others)

    def _get(self, weights: Weights, code: Code, tell: Tell) -> Any:
        key = (weights, code)
        if key not in self._loaded:
            self._loaded[key] = self._load(weights, code, tell)
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _load(self, weights: Weights, code: Code, tell: Tell) -> Any:
        from gremio.loading.pipelines.facade import DiffusionPipeline
        from gremio.loading.pipelines.from_pretrained import load_resolved
        from gremio.loading.pipelines.options import Placement
        from gremio.loading.pipelines.request import LoadRequest
        from gremio.loading.pipelines.resolving import resolve

        tell(what="loading", text=weights.model)
        given = {"revision": weights.revision, "variant": weights.variant}
        arguments = code.arguments() | {name: value for name, value in given.items() if value}
        resolved = resolve(LoadRequest.parse(weights.model, arguments))
        placement = Placement.take({"device_map": weights.device or best_device(), "dtype": weights.dtype or None})
        self._make_room(_size(resolved), str(placement.device_map), tell)
        pipeline = load_resolved(DiffusionPipeline, resolved, placement)
        tell(what="loaded", text=weights.model)
        return pipeline

    def _make_room(self, needed: int, device: str, tell: Tell) -> None:
        while self._loaded and free_bytes(device) < needed * _ROOM:
            self._unload(next(iter(self._loaded)), tell)

    def _unload(self, key: Key, tell: Tell) -> None:
        del self._loaded[key]
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        weights, code = key
        tell(what="unloaded", text=f"{code.ref} · {weights.model}" if code.ref else weights.model)


def best_device() -> str:
    """The accelerator, or else the processor."""
    found = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    return found.type if found else "cpu"


def free_bytes(device: str) -> int:
    """Memory that can still be had there; as much as anybody could want where that can't be told."""
    if device.startswith("cuda"):
        return int(torch.cuda.mem_get_info()[0])
    with suppress(OSError, ValueError, StopIteration), Path("/proc/meminfo").open() as lines:
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable"))
    return sys.maxsize


def out_of_memory(order: Order, error: BaseException) -> GremioError:
    """What is said where nothing more can be unloaded."""
    return OptionError(
        f"there is not enough memory for this: {str(error).splitlines()[0] if str(error) else 'it ran out'}",
        ref=order.ref,
        next_step="Ask for a smaller picture or fewer at once, or start the studio with --dtype float16.",
    )


def _over(pipeline: Any, code: Code) -> Any:
    from gremio.loading.pipelines.facade import DiffusionPipeline

    return DiffusionPipeline.from_pipe(pipeline, **code.arguments())


def _shared(one: Any, other: Any) -> int:
    """How many components are the very same objects."""
    own = {id(part) for part in one.components.values() if part is not None}
    return sum(id(part) in own for part in other.components.values() if part is not None)


def _size(resolved: Any) -> int:
    """Bytes of the model's files that are weights."""
    home = resolved.home
    return sum(home.size(path) or 0 for path in home.paths() if path.endswith((".safetensors", ".bin")))
