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

NameOf = Callable[[object, str], str]
"""Gives the name under which a class, function or module can be used, binding it if need be; second is a hint."""

_LIBRARY_LOGGING = frozenset({"diffusers.utils.logging", "transformers.utils.logging"})
_TORCH = frozenset({"torch.dtype", "torch.device", "torch.layout", "torch.memory_format"})
_DEEPEST = 20
_MOST_NUMBERS = 1000  # of an array; more are weights, which have files of their own


class NoSource(Exception):
    """This value can't be written; the argument says what it is, in words."""


def library_logger(value: object, module: object) -> bool:
    """Whether a logger is one that the ``logging`` of Diffusers or transformers, which is at hand, would give."""
    return isinstance(value, logging.Logger) and getattr(module, "__name__", "") in _LIBRARY_LOGGING


def refuse(subject: str, name: str, what: str, line: str) -> CodeError:
    """The error for a value that nobody else can have."""
    return CodeError(
        f"{subject} uses {name}{line}, which is {what}: there is no source that would make it elsewhere",
        next_step=f"Make {name} inside the class or its functions, or put the class and what it needs into a .py file.",
    )


class Writer:
    """Writes values as expressions that make them again, with the names that ``name_of`` gives."""

    def __init__(self, name_of: NameOf, depth: int = 0) -> None:
        self._name_of = name_of
        self._depth = depth

    def write(self, value: Any) -> str:
        """An expression for a value.

        Raises:
            NoSource: none makes the same value anywhere else.
        """
        if self._depth > _DEEPEST:
            raise NoSource("a value nested too deeply")
        if isinstance(value, enum.Enum):
            return f"{self._name(type(value))}.{value.name}"
        inner = Writer(self._name_of, self._depth + 1)
        for kind, writer in _BY_BASE.items():
            if isinstance(value, kind):
                return writer(inner, value)
        kind_name = f"{type(value).__module__}.{type(value).__name__}"
        if type(value) in _BY_TYPE:
            return _BY_TYPE[type(value)](inner, value)
        if kind_name in _TORCH:
            return inner._torch(value)
        if kind_name == "numpy.ndarray" and 0 < value.size <= _MOST_NUMBERS and value.dtype.kind in "biufc":
            return inner._array(value)
        if isinstance(value, types.UnionType):
            return " | ".join(map(inner._argument, typing.get_args(value)))
        if typing.get_origin(value) is not None:
            return inner._generic(value)
        if isinstance(value, type | types.FunctionType | types.BuiltinFunctionType | types.ModuleType):
            return self._name(value)
        raise NoSource(_described(value))

    def _name(self, value: Any) -> str:
        return self._name_of(value, getattr(value, "__name__", ""))

    def _all(self, values: Iterable[object]) -> list[str]:
        return [self.write(each) for each in values]

    def _call(self, function: Any, *arguments: str, **keywords: str) -> str:
        """A call of a library's function, with expressions as arguments."""
        given = [*arguments, *(f"{name}={expression}" for name, expression in keywords.items())]
        return f"{self._name(function)}({', '.join(given)})"

    def _dict(self, value: dict[object, object]) -> str:
        return "{" + ", ".join(f"{self.write(key)}: {self.write(each)}" for key, each in value.items()) + "}"

    def _set(self, value: Iterable[object]) -> str:
        return "{" + ", ".join(sorted(self._all(value))) + "}" if value else "set()"

    def _pattern(self, value: re.Pattern[Any]) -> str:
        flags = value.flags & ~re.UNICODE if isinstance(value.pattern, str) else value.flags
        module = self._name(re)
        named = " | ".join(f"{module}.{flag.name}" for flag in re.RegexFlag(flags))
        return f"{module}.compile({self.write(value.pattern)}{', ' if named else ''}{named})"

    def _path(self, value: pathlib.PurePath) -> str:
        return self._call(pathlib.Path if isinstance(value, pathlib.Path) else type(value), repr(str(value)))

    def _logger(self, value: logging.Logger) -> str:
        return f"{self._name(logging)}.getLogger({'__name__' if value.name == '__main__' else repr(value.name)})"

    def _type_var(self, value: typing.TypeVar) -> str:
        keywords = {"bound": self.write(value.__bound__)} if value.__bound__ is not None else {}
        keywords |= {side: "True" for side in ("covariant", "contravariant") if getattr(value, f"__{side}__")}
        return self._call(typing.TypeVar, repr(value.__name__), *self._all(value.__constraints__), **keywords)

    def _partial(self, value: functools.partial[Any]) -> str:
        keywords = {name: self.write(each) for name, each in value.keywords.items()}
        return self._call(functools.partial, *self._all((value.func, *value.args)), **keywords)

    def _torch(self, value: Any) -> str:
        import torch

        module = self._name(torch)
        if isinstance(value, torch.device):
            return f'{module}.device("{value}")'
        return repr(value).replace("torch.", f"{module}.", 1)

    def _array(self, value: Any) -> str:
        import numpy

        return f'{self._name(numpy)}.array({self.write(value.tolist())}, dtype="{value.dtype}")'

    def _generic(self, value: Any) -> str:
        """``list[int]``, ``Optional[int]``, ``Union[int, str]``."""
        origin: Any = typing.get_origin(value)
        if value.__module__ in ("typing", "collections.abc") and getattr(value, "_name", None):
            origin = getattr(typing, value._name, origin)
        arguments = typing.get_args(value)
        if origin is typing.Optional:
            arguments = tuple(each for each in arguments if each is not type(None))
        base = self._name_of(origin, getattr(origin, "_name", None) or origin.__name__)
        return f"{base}[{', '.join(map(self._argument, arguments))}]"

    def _argument(self, value: object) -> str:
        if isinstance(value, typing.ForwardRef):
            return repr(value.__forward_arg__)
        return "None" if value is type(None) else self.write(value)


def _string(value: str) -> str:
    plain = repr(value)
    return f'"{plain[1:-1]}"' if plain.startswith("'") and '"' not in plain else plain


_Write = Callable[[Writer, Any], str]
_BY_TYPE: dict[type, _Write] = {
    **dict.fromkeys((int, complex, bytes, bool, type(None), type(...), range), lambda _, value: repr(value)),
    float: lambda _, value: repr(value) if math.isfinite(value) else f'float("{value}")',
    str: lambda _, value: _string(value),
    object: lambda _, __: "object()",
    list: lambda writer, value: f"[{', '.join(writer._all(value))}]",
    tuple: lambda writer, value: f"({', '.join(writer._all(value))}{',' if len(value) == 1 else ''})",
    dict: Writer._dict,
    set: Writer._set,
    frozenset: lambda writer, value: f"frozenset({writer._set(value) if value else ''})",
    functools.partial: Writer._partial,
    typing.TypeVar: Writer._type_var,
}
_BY_BASE: dict[type, _Write] = {
    re.Pattern: Writer._pattern,
    pathlib.PurePath: Writer._path,
    logging.Logger: Writer._logger,
}


def _described(value: object) -> str:
    kind = type(value)
    module = "" if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__.partition('.')[0]}."
    if isinstance(value, types.FunctionType) and value.__name__ == "<lambda>":
        return "a lambda"
    return f"an object of class {module}{kind.__qualname__}"
