"""Classes whose constructor and components go by different names."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Mapping
from typing import Any

import diffusers

from gremio.code.mends import Repair
from gremio.code.syntax.parsing import dotted
from gremio.loading.components.registered import is_registered

LEFT_OUT = "left-out-components"
OTHER_NAMES = "other-components"


def accept_left_out(cls: type, *, file: str) -> tuple[Repair, ...]:
    """Let ``components`` of a class work where diffusers calls the class wrongly implemented.

    A base gains optional components over time (a watermarker, a safety checker); a subclass of before has a constructor
    without them. And some classes register what they make of their components under names of its own. diffusers asks
    for the components wherever a pipeline is moved or placed.
    """
    if "__init__" not in vars(cls) or not issubclass(cls, diffusers.DiffusionPipeline):
        return ()
    init = vars(cls)["__init__"]
    own = inspect.signature(init).parameters
    if any(each.kind is each.VAR_KEYWORD for each in own.values()):
        return ()
    left_out = [name for name in _optional_of_base(cls) if name not in own]
    others = [name for name in _registered_in(init) if name not in own]
    if not left_out and not others:
        return ()
    cls.components = _components(cls, left_out, others)  # type: ignore[attr-defined]
    repairs = []
    if left_out:
        repairs.append(Repair(LEFT_OUT, file, 0, f"{cls.__name__} without {', '.join(left_out)}", "None for each"))
    if others:
        repairs.append(Repair(OTHER_NAMES, file, 0, f"the components of {cls.__name__}", f"with {', '.join(others)}"))
    return tuple(repairs)


def _components(cls: Any, left_out: list[str], others: list[str]) -> property:
    inherited = cls.components

    def components(self: Any) -> dict[str, Any]:
        expected = set(self._get_signature_keys(self)[0])
        registered: Mapping[str, Any] = {n: getattr(self, n) for n, v in self.config.items() if is_registered(n, v)}
        extra = {name: value for name, value in registered.items() if name not in expected}
        explained = all(name in others or (name in left_out and value is None) for name, value in extra.items())
        if not explained or (expected - registered.keys() and not others):
            return dict(inherited.fget(self))
        return {name: value for name, value in registered.items() if name in expected or name in others}

    return property(components, doc=inherited.__doc__)


def _optional_of_base(cls: type) -> list[str]:
    """The optional components that the constructor of the nearest class of diffusers itself has."""
    base = next(each for each in cls.__mro__ if each.__module__.startswith("diffusers."))
    if base is diffusers.DiffusionPipeline:
        return []
    takes = inspect.signature(base.__init__).parameters  # type: ignore[misc]
    return [name for name in getattr(base, "_optional_components", ()) if name in takes]


def _registered_in(init: Any) -> list[str]:
    """The names under which a constructor itself registers components."""
    try:
        source = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(init))))
    except (OSError, TypeError, SyntaxError):
        return []
    calls = [node for node in ast.walk(source) if isinstance(node, ast.Call)]
    registering = [call for call in calls if dotted(call.func).endswith(".register_modules")]
    return [keyword.arg for call in registering for keyword in call.keywords if keyword.arg]
