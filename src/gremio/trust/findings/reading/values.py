"""What an expression may mean: names of things, constants, containers."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from gremio.trust.findings.reading.constants import Unfoldable, constant
from gremio.trust.findings.reading.scopes import Scope

MOST = 8
"""So many constants are kept of what one expression may mean."""


@dataclass(frozen=True, slots=True)
class Const:
    """A value that the code spells out."""

    value: Any

    def __hash__(self) -> int:
        """Of a dict too, which Python gives none."""
        try:
            return hash(self.value)
        except TypeError:
            return 0


@dataclass(frozen=True, slots=True, eq=False)
class Box:
    """A container that is written out; its elements are looked at when they are asked for."""

    node: ast.List | ast.Tuple | ast.Set | ast.Dict
    scope: Scope

    @property
    def size(self) -> int:
        """How many elements it has."""
        return len(self.node.values if isinstance(self.node, ast.Dict) else self.node.elts)


@dataclass(frozen=True, slots=True)
class Getter:
    """What ``operator.attrgetter(*names)`` gives; ``called`` for ``methodcaller``."""

    names: tuple[str, ...]
    called: bool = False


Meaning = str | Const | Box | Getter
Value = tuple[Meaning, ...]
"""All that an expression may mean, as far as that is known; nothing where it isn't."""


def references(value: Value) -> list[str]:
    """The names among the meanings."""
    return [each for each in value if isinstance(each, str)]


def union(values: Iterable[Value]) -> Value:
    """All of these, each once."""
    return tuple(dict.fromkeys(chain.from_iterable(values)))


def either(values: list[Value]) -> Value:
    """One of these; where one isn't known, it may be anything else."""
    if len(values) == 1:
        return values[0]
    found = union(values)
    return (*found, "?") if found and not all(values) and "?" not in found else found


def folded(function: Callable[..., Any], *args: Any) -> Value:
    """What a function gives for constants; nothing where it can't be told."""
    try:
        value = function(*args)
    except Unfoldable:
        return ()
    return (Const(value),) if constant(value) else ()


def parts(values: Iterable[Any]) -> Value:
    """The first of them, and that there are more."""
    found = [Const(each) for each in values if constant(each)]
    return tuple(found) if len(found) <= MOST else (*found[:MOST], "?")


def fewer(value: Value) -> Value:
    """All that could be names, some of the constants, and that there are more."""
    plain = [each for each in value if isinstance(each, Const)]
    return (*(each for each in value if not isinstance(each, Const)), *plain[:MOST], *(["?"] if plain[MOST:] else []))
