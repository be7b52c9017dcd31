"""Components whose classes the community code defines itself."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch

from gremio.checking.tiny.build import drawing, settle
from gremio.checking.tiny.defaults import DIFFUSERS, WIDTH
from gremio.checking.tiny.parts import Part


def build_own(cls: type, stock: Part | None, name: str, *, config: Mapping[str, Any], seed: int = 0) -> Any:
    """An instance of a class that is none of the libraries'.

    ``stock`` is what would stand in the slot otherwise. Its numbers are tried first, as far as the constructor takes
    them, then the class's own defaults.

    Raises:
        Exception: what the class raised the last time.
    """
    attempts = _attempts(cls, stock)
    failure: Exception | None = None
    for values in attempts:
        try:
            with drawing(seed, name):
                component = cls(**{**values, **config})
                if isinstance(component, torch.nn.Module):
                    settle(component)
        except Exception as error:  # whatever a stranger's constructor raises
            failure = error
        else:
            return component
    raise failure or TypeError(f"{cls.__name__} takes no arguments that are known")


def _attempts(cls: type, stock: Part | None) -> list[dict[str, Any]]:
    taken = _parameters(cls)
    found: list[dict[str, Any]] = []
    # The class of Diffusers that it extends, or that stands there otherwise.
    likely = [base.__name__ for base in cls.__mro__[1:] if base.__name__ in DIFFUSERS]
    configs = [DIFFUSERS[base] for base in likely[:1]]
    if stock is not None:
        configs.append({**DIFFUSERS.get(stock.class_name, {}), **stock.config})
    for config in configs:
        known = {key: value for key, value in config.items() if key in taken}
        if known and known not in found:
            found.append(known)
    if projection := _projection(taken):
        found.insert(0, projection)
    return [*found, {}]


def _parameters(cls: type) -> Mapping[str, inspect.Parameter]:
    """What the constructor takes; with ``**kwargs``, what those of its bases take too."""
    taken: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        own = inspect.signature(inspect.unwrap(vars(base)["__init__"])).parameters
        taken = {**own, **taken}
        if not any(one.kind is inspect.Parameter.VAR_KEYWORD for one in own.values()):
            break
    return taken


def _projection(taken: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    """A layer between two widths of which the second is that of texts keeps what the first has more."""
    for entry, exit_ in (("in_channel", "out_channel"), ("in_features", "out_features"), ("in_dim", "out_dim")):
        if set(taken) - {"self"} == {entry, exit_}:
            defaults = taken[entry].default, taken[exit_].default
            if all(isinstance(number, int) for number in defaults):
                return {entry: WIDTH + defaults[0] - defaults[1], exit_: WIDTH}
    return {}
