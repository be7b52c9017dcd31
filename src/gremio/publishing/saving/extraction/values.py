"""Constants of a module, written as source."""

from __future__ import annotations

import enum
import functools
import logging
import math
import pathlib
import re
import types
import typing
from collections.abc import Callable, Iterable
from typing import Any

from gremio.errors import CodeError

Name = Callable[[object, str], str]
"""Gives the name under which a class, function or module can be used, binding it if need be."""

_LIBRARY_LOGGING = frozenset({"diffusers.utils.logging", "transformers.utils.logging"})
_DEEPEST = 20
_MOST_NUMBERS = 1000  # of an array; more are weights, which have files of their own


class NoSource(Exception):
    """This value can't be written; the argument says what it is."""


def written(value: object, name_of: Name, depth: int = 0) -> str:
    """An expression for a value.

    Raises:
        NoSource: none makes the same value anywhere else.
    """
    if depth > _DEEPEST:
        raise NoSource("a value nested too deeply")
    if type(value) is str:
        return _string(value)
    if _is_literal(value):
        return repr(value)
    inner = functools.partial(written, name_of=name_of, depth=depth + 1)
    if isinstance(value, enum.Enum):
        return f"{name_of(type(value), type(value).__name__)}.{value.name}"
    writer = _BY_TYPE.get(type(value)) or _by_base(value)
    if writer is not None:
        return writer(value, inner, name_of)
    if _is_small_array(value):
        return _array(value, inner, name_of)
    if _is_generic(value):
        return _generic(value, inner, name_of)
    if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | types.ModuleType):
        return name_of(value, getattr(value, "__name__", ""))
    raise NoSource(_described(value))


def _is_literal(value: object) -> bool:
    if isinstance(value, float) and not math.isfinite(value):
        return False
    return type(value) in (int, float, complex, bytes, bool, type(None), type(...))


def _string(value: str) -> str:
    plain = repr(value)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in plain else plain


def _by_base(value: object) -> Callable[..., str] | None:
    return next((writer for kind, writer in _BY_BASE.items() if isinstance(value, kind)), None)


def _sequence(opening: str, closing: str) -> Callable[..., str]:
    def write(value: Iterable[object], inner: Callable[[object], str], _: Name) -> str:
        parts = [inner(item) for item in value]
        comma = "," if opening == "(" and len(parts) == 1 else ""
        return f"{opening}{', '.join(parts)}{comma}{closing}"

    return write


def _dict(value: dict[object, object], inner: Callable[[object], str], _: Name) -> str:
    return "{" + ", ".join(f"{inner(key)}: {inner(item)}" for key, item in value.items()) + "}"


def _set(value: set[object], inner: Callable[[object], str], _: Name) -> str:
    return "{" + ", ".join(sorted(map(inner, value))) + "}" if value else "set()"


def _frozenset(value: frozenset[object], inner: Callable[[object], str], _: Name) -> str:
    return f"frozenset({_set(set(value), inner, _) if value else ''})"


def _float(value: float, _: object, __: Name) -> str:
    return f'float("{value}")'


def _pattern(value: re.Pattern[Any], _: object, name_of: Name) -> str:
    flags = value.flags & ~re.UNICODE if isinstance(value.pattern, str) else value.flags
    module = name_of(re, "re")
    pattern = _string(value.pattern) if isinstance(value.pattern, str) else repr(value.pattern)
    named = " | ".join(f"{module}.{flag.name}" for flag in re.RegexFlag(flags))
    return f"{module}.compile({pattern}{', ' if named else ''}{named})"


def _path(value: pathlib.PurePath, _: object, name_of: Name) -> str:
    kind = pathlib.Path if isinstance(value, pathlib.Path) else type(value)
    return f"{name_of(kind, kind.__name__)}({str(value)!r})"


def _logger(value: logging.Logger, _: object, name_of: Name) -> str:
    name = "__name__" if value.name == "__main__" else repr(value.name)
    return f"{name_of(logging, 'logging')}.getLogger({name})"


def _type_var(value: typing.TypeVar, inner: Callable[[object], str], name_of: Name) -> str:
    parts = [repr(value.__name__), *(inner(item) for item in value.__constraints__)]
    parts += [f"bound={inner(value.__bound__)}"] if value.__bound__ is not None else []
    parts += [f"{side}=True" for side in ("covariant", "contravariant") if getattr(value, f"__{side}__")]
    return f"{name_of(typing.TypeVar, 'TypeVar')}({', '.join(parts)})"


def _partial(value: functools.partial[Any], inner: Callable[[object], str], name_of: Name) -> str:
    parts = [inner(value.func), *map(inner, value.args)]
    parts += [f"{name}={inner(item)}" for name, item in value.keywords.items()]
    return f"{name_of(functools.partial, 'partial')}({', '.join(parts)})"


def _range(value: object, _: object, __: Name) -> str:
    return repr(value)


def _object(_: object, __: object, ___: Name) -> str:
    return "object()"


_BY_TYPE: dict[type, Callable[..., str]] = {
    list: _sequence("[", "]"),
    tuple: _sequence("(", ")"),
    dict: _dict,
    set: _set,
    frozenset: _frozenset,
    float: _float,
    functools.partial: _partial,
    range: _range,
    object: _object,
    typing.TypeVar: _type_var,
}
_BY_BASE: dict[type, Callable[..., str]] = {re.Pattern: _pattern, pathlib.PurePath: _path, logging.Logger: _logger}


def library_logger(value: object, module: object) -> bool:
    """Whether a logger is one that the ``logging`` of Diffusers or transformers, which is at hand, would give."""
    return isinstance(value, logging.Logger) and getattr(module, "__name__", "") in _LIBRARY_LOGGING


def _is_small_array(value: Any) -> bool:
    kind = type(value)
    if f"{kind.__module__}.{kind.__name__}" != "numpy.ndarray":
        return False
    return bool(value.size <= _MOST_NUMBERS and value.dtype.kind in "biufc" and value.size)


def _array(value: Any, inner: Callable[[object], str], name_of: Name) -> str:
    import numpy

    return f'{name_of(numpy, "numpy")}.array({inner(value.tolist())}, dtype="{value.dtype}")'


def _is_generic(value: object) -> bool:
    return typing.get_origin(value) is not None or isinstance(value, types.UnionType) or _is_torch_value(value)


def _is_torch_value(value: object) -> bool:
    kind = type(value)
    return f"{kind.__module__}.{kind.__name__}" in (
        "torch.dtype",
        "torch.device",
        "torch.layout",
        "torch.memory_format",
    )


def _generic(value: Any, inner: Callable[[object], str], name_of: Name) -> str:
    if _is_torch_value(value):
        import torch

        module = name_of(torch, "torch")
        if isinstance(value, torch.device):
            return f'{module}.device("{value}")'
        return repr(value).replace("torch.", f"{module}.", 1)
    if isinstance(value, types.UnionType):
        return " | ".join(_annotation(item, inner) for item in typing.get_args(value))
    origin: Any = typing.get_origin(value)
    if value.__module__ in ("typing", "collections.abc") and getattr(value, "_name", None):
        origin = getattr(typing, value._name, origin)
    base = name_of(origin, getattr(origin, "_name", None) or origin.__name__)
    arguments = typing.get_args(value)
    if origin is typing.Optional:
        arguments = tuple(item for item in arguments if item is not type(None))
    return f"{base}[{', '.join(_annotation(item, inner) for item in arguments)}]"


def _annotation(item: object, inner: Callable[[object], str]) -> str:
    if item is type(None):
        return "None"
    if isinstance(item, typing.ForwardRef):
        return repr(item.__forward_arg__)
    return inner(item)


def _described(value: object) -> str:
    kind = type(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__.partition('.')[0]}."
    if isinstance(value, types.FunctionType) and value.__name__ == "<lambda>":
        return "a lambda"
    return f"an object of class {module}{kind.__qualname__}"


def described(error: NoSource) -> str:
    """What could not be written, in words."""
    return str(error.args[0])


def refuse(subject: str, name: str, what: str, line: str) -> CodeError:
    """The error for a value that nobody else can have."""
    return CodeError(
        f"{subject} uses {name}{line}, which is {what}: there is no source that would make it elsewhere",
        next_step=f"Make {name} inside the class or its functions, or put the class and what it needs into a .py file.",
    )
