"""Digests of weights: every value of every tensor, wherever it lies and in whatever precision."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import torch

from gremio.errors import ModelError

_CHUNK = 4 * 1024 * 1024  # values that are converted at a time
_MOST_THREADS = 8


def weights_of(module: torch.nn.Module) -> dict[str, str]:
    """Kind, shape and SHA-256 of every entry of a state dict, by its name.

    Floating values are taken as float32, since diffusers loads half precision so unless it is told otherwise: an
    object in half precision and what is loaded of it agree. Nothing is copied as a whole; tensors on another device
    come over piece by piece.

    Raises:
        ModelError: a tensor has no values, and nothing says where they lie.
    """
    entries = module.state_dict()

    def described(name: str) -> str:
        value = entries[name]
        lies_elsewhere = isinstance(value, torch.Tensor) and value.is_meta
        return _described(_offloaded(module, name) if lies_elsewhere else value)

    # In a forked process torch makes its own pool anew at the first use; two threads at once find none.
    torch.set_num_threads(torch.get_num_threads())
    # hashlib and torch both let other threads run meanwhile.
    with ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1)) as pool:
        return dict(zip(entries, pool.map(described, entries), strict=True))


def _offloaded(module: torch.nn.Module, name: str) -> torch.Tensor:
    """The values that accelerate has put away in memory or on disk, and knows in a hook of a module above them."""
    owner, rest = name, ""
    while owner:
        owner, _, last = owner.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
        for values in _put_away(module.get_submodule(owner)):
            with suppress(KeyError):
                return values[rest]
    raise ModelError(
        f"the weight {name} of {type(module).__name__} has no values: it is on the meta device",
        next_step="Load the model's weights first; what has none can't be saved, compared or published.",
    )


def _put_away(module: torch.nn.Module) -> Iterator[Mapping[str, torch.Tensor]]:
    hook = getattr(module, "_hf_hook", None)
    for each in (hook, *getattr(hook, "hooks", ())):
        values = getattr(each, "weights_map", None)
        if values is not None:
            yield values


def _described(value: Any) -> str:
    if not isinstance(value, torch.Tensor):
        # A state of a module's own; its repr may hold an address, which no two processes share.
        return repr(value) if isinstance(value, bool | int | float | str | None) else type(value).__name__
    whole = hashlib.sha256()
    _update(whole, value.detach())
    return f"{_kind(value)} {list(value.shape)} {whole.hexdigest()}"


def _kind(tensor: torch.Tensor) -> str:
    if tensor.is_floating_point():
        return "float"
    return "complex" if tensor.is_complex() else str(tensor.dtype).removeprefix("torch.")


def _update(whole: Any, tensor: torch.Tensor) -> None:
    if hasattr(tensor, "__tensor_flatten__"):  # made of others, as quantized ones are
        for name in tensor.__tensor_flatten__()[0]:
            _update(whole, getattr(tensor, name))
        return
    plain = torch.view_as_real(tensor.resolve_conj()) if tensor.is_complex() else tensor
    dtype = torch.float32 if plain.is_floating_point() else plain.dtype
    for chunk in torch.split(plain.as_subclass(torch.Tensor).reshape(-1), _CHUNK):
        whole.update(chunk.to("cpu", dtype).contiguous().numpy())
