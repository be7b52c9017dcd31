"""Subclasses of diffusers' pipelines that leave optional components of their base out."""

from __future__ import annotations

import inspect
from typing import Any

import diffusers

from gremio.mends import Repair

MEND = "left-out-components"


def accept_left_out(cls: type, *, file: str) -> tuple[Repair, ...]:
    """Let a class live with components that its base registers as None and its own constructor does not know.

    A base gains optional components over time (a watermarker, a safety checker); a subclass of before has a constructor
    without them, and diffusers then calls it wrongly initialised wherever it asks for the components.
    """
    if "__init__" not in vars(cls) or not issubclass(cls, diffusers.DiffusionPipeline):
        return ()
    own = inspect.signature(vars(cls)["__init__"]).parameters
    names = [name for name in _optional_of_base(cls) if name not in own]
    if not names or any(each.kind is each.VAR_KEYWORD for each in own.values()):
        return ()
    inherited = cls.components  # type: ignore[attr-defined]

    def components(self: Any) -> dict[str, Any]:
        expected, _ = self._get_signature_keys(self)
        left_out = [name for name in names if getattr(self, name, None) is None]
        registered = {name for name in self.config if name in expected or name in left_out}
        if not set(expected) <= registered:
            return dict(inherited.fget(self))
        return {name: getattr(self, name) for name in self.config if name in expected}

    cls.components = property(components, doc=inherited.__doc__)  # type: ignore[attr-defined]
    return (Repair(MEND, file, 0, f"{cls.__name__} without {', '.join(names)}", "None for each"),)


def _optional_of_base(cls: type) -> list[str]:
    """The optional components that the constructor of the nearest class of diffusers itself has."""
    base = next(each for each in cls.__mro__ if each.__module__.startswith("diffusers."))
    if base is diffusers.DiffusionPipeline:
        return []
    takes = inspect.signature(base.__init__).parameters  # type: ignore[misc]
    return [name for name in getattr(base, "_optional_components", ()) if name in takes]
