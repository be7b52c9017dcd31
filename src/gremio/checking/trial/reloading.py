"""Whether a component comes back from a folder as it was saved there."""

from __future__ import annotations

import json
import tempfile
from typing import Any

from gremio.checking.trial.report import Finding
from gremio.errors import OptionError


def saved_and_loaded(component: Any) -> Finding:
    """Save it, load it, compare its config and its weights.

    Raises:
        OptionError: they differ.
        Exception: what saving or loading raises.
    """
    name = type(component).__name__
    with tempfile.TemporaryDirectory() as folder:
        component.save_pretrained(folder)
        loaded = type(component).from_pretrained(folder)
    _compare_configs(name, _config(component), _config(loaded))
    told = "the same config"
    if hasattr(component, "state_dict"):
        count = _compare_weights(name, component.state_dict(), loaded.state_dict())
        told += f" and the same {count} tensors"
    return Finding("yes", f"saved and loaded again it has {told}")


def _config(component: Any) -> dict[str, Any]:
    """As it is in JSON, without what tells where it came from."""
    config = component.config
    plain = config.to_dict() if hasattr(config, "to_dict") else dict(config)
    found: dict[str, Any] = json.loads(json.dumps(plain, default=str))
    skipped = ("transformers_version", "dtype", "torch_dtype", "architectures")
    return {key: value for key, value in found.items() if not key.startswith("_") and key not in skipped}


def _compare_configs(name: str, before: dict[str, Any], after: dict[str, Any]) -> None:
    if differing := [key for key in {**before, **after} if before.get(key) != after.get(key)]:
        step = "Every setting is a parameter of __init__, which is decorated with register_to_config."
        raise OptionError(f"{name} is saved and loaded again with another config: {_few(differing)}", next_step=step)


def _compare_weights(name: str, before: dict[str, Any], after: dict[str, Any]) -> int:
    import torch

    both = before.keys() & after.keys()
    differing = list(before.keys() ^ after.keys())
    differing += [key for key in both if not torch.equal(before[key], after[key])]
    if differing:
        step = "What __init__ makes depends on the config alone, and all weights are parameters or buffers."
        raise OptionError(f"{name} is saved and loaded again with other weights: {_few(differing)}", next_step=step)
    return len(before)


def _few(names: list[str]) -> str:
    return ", ".join(sorted(names)[:5]) + (", …" if len(names) > 5 else "")
