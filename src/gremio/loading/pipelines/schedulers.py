"""Schedulers that a community file brings itself."""

from __future__ import annotations

import inspect
from typing import Any

from gremio.code.mends import Repair
from gremio.loading.components.constructor import hints
from gremio.loading.modules.registry import PACKAGE

MEND = "own-scheduler"


def use_own_schedulers(pipeline: Any) -> tuple[Repair, ...]:
    """Give the class its own scheduler, made from the config, where it asks for one and was given one of diffusers'.

    A repository can only name diffusers' scheduler of that name, or a close one, while the file calls its own one's
    ``set_timesteps`` and ``step``. Schedulers have no weights: the config says everything.
    """
    repairs = []
    for name, wanted in _own_schedulers(type(pipeline)).items():
        given = getattr(pipeline, name, None)
        config = getattr(given, "config", None)
        if given is None or config is None or isinstance(given, wanted):
            continue
        pipeline.register_modules(**{name: wanted.from_config(config)})  # type: ignore[attr-defined]
        old, new = (f"{each.__module__}.{each.__qualname__}" for each in (type(given), wanted))
        repairs.append(Repair(MEND, "", 0, f"{name}: {old}", f"{name}: {new}"))
    return tuple(repairs)


def _own_schedulers(cls: type) -> dict[str, type]:
    if not cls.__module__.startswith(f"{PACKAGE}."):
        return {}
    package = ".".join(cls.__module__.split(".")[:2])
    return {
        name: hint for name, hint in hints(cls).items() if inspect.isclass(hint) and _is_own_scheduler(hint, package)
    }


def _is_own_scheduler(hint: type, package: str) -> bool:
    inside = hint.__module__ == package or hint.__module__.startswith(f"{package}.")
    return inside and all(callable(getattr(hint, name, None)) for name in ("set_timesteps", "step", "from_config"))
