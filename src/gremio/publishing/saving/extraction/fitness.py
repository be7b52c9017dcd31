"""Which classes and functions can be cut out at all, and what their names meant when they were made."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.matching import function_definition, functions_in
from gremio.publishing.saving.extraction.sources import Definition, Texts


def check_class(cls: type) -> None:
    """Refuse what has no statement of its own at the top of a module.

    Raises:
        CodeError: the class was made inside a function or another class.
    """
    outer, _, _ = cls.__qualname__.rpartition(".")
    if outer:
        inside = outer.removesuffix(".<locals>")
        raise CodeError(
            f"{cls.__name__} is defined inside {inside}: it exists only after that has run",
            ref=cls.__name__,
            next_step="Define it at the top level of the cell or the script, or in a .py file.",
        )


def is_defined_as(name: str, value: object, space: Mapping[str, object]) -> bool:
    """Whether a ``def`` of that name made a value, whatever its decorators made of it since."""
    if isinstance(value, type):
        return False
    return any(inner.__code__.co_qualname == name and inner.__globals__ is space for inner in functions_in(value))


def function_of(value: Any, name: str, texts: Texts) -> Definition:
    """The definition of a function of that name.

    Raises:
        CodeError: no ``def`` at the top level made it, or more than that.
    """
    definition = function_definition(value, name, texts)
    if definition is None or hasattr(value, "registry"):
        why = "has parts registered elsewhere" if definition else "was made by a call, not by a def at the top level"
        raise CodeError(
            f"the function {name} {why}: it has no source of its own",
            ref=name,
            next_step="Define it with def at the top level of the cell, or put the code into a .py file.",
        )
    return definition


def bases_of(cls: type, definition: Definition) -> dict[str, object]:
    """The bases by name as they were when the class was made: the name may mean another class by now."""
    node = definition.node
    assert isinstance(node, ast.ClassDef)
    bases = cls.__dict__.get("__orig_bases__", cls.__bases__)
    if len(bases) != len(node.bases):
        return {}
    return {base.id: value for base, value in zip(node.bases, bases, strict=True) if isinstance(base, ast.Name)}
