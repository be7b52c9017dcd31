"""From where somebody else can import what a cell or a script uses, and the conditions that its imports stand under."""

from __future__ import annotations

import ast
import importlib.util
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gremio.code.syntax.parsing import dotted
from gremio.errors import CodeError
from gremio.publishing.saving.extraction.cells import NO_LITERAL, Cell, literal

Space = Mapping[str, object]
"""The names of a module, as code in it sees them."""

_NOT_ELSEWHERE = frozenset({"gremio_code", "diffusers_modules", "transformers_modules"})
_IN_GUARDS = (ast.Import, ast.ImportFrom, ast.Assign, ast.If, ast.Try, ast.Pass, ast.Raise, ast.Expr)
_ABSENT = object()


@dataclass(frozen=True)
class Place:
    """``import module as …`` where ``attribute`` is empty, else ``from module import attribute as …``."""

    module: str
    attribute: str = ""

    def has(self, value: object) -> bool:
        """Whether it is that very value, and imported already."""
        module = sys.modules.get(self.module, _ABSENT)
        try:
            return (getattr(module, self.attribute, _ABSENT) if self.attribute else module) is value
        except Exception:  # A module that imports lazily raises whatever its import does.
            return False


def place_by_import(name: str, value: object, cells: Iterable[Cell], space: Space) -> Place | None:
    """What an import statement at module level says of a name, if it is still true."""
    for cell in cells:
        for statement in cell.statements:
            for bound, place in _bound(statement, space):
                if bound == name and place.module != space.get("__name__") and place.has(value):
                    return place
    return None


def _bound(node: ast.AST, space: Space) -> Iterator[tuple[str, Place]]:
    """What an import statement binds: each name with what it means."""
    if isinstance(node, ast.ImportFrom):
        module = _absolute(node, space)
        yield from ((alias.asname or alias.name, Place(module, alias.name)) for alias in node.names)
    elif isinstance(node, ast.Import):
        for alias in node.names:
            top = alias.name.partition(".")[0]
            yield alias.asname or top, Place(alias.name if alias.asname else top)


def _absolute(statement: ast.ImportFrom, space: Space) -> str:
    """The module that a ``from`` import names; relative ones start from the package that ``python -m`` ran."""
    module = statement.module or ""
    package = space.get("__package__")
    try:
        return importlib.util.resolve_name("." * statement.level + module, package if isinstance(package, str) else "")
    except ImportError:
        return module


def submodules(cell: Cell) -> Iterator[str]:
    """The modules that ``import a.b`` statements name, whose binding is only ``a``."""
    for statement in cell.statements:
        if isinstance(statement, ast.Import):
            yield from (alias.name for alias in statement.names if not alias.asname and "." in alias.name)


def place_of(name: str, value: object, space: Space) -> Place | None:
    """Where a module, class or function lives that no import statement tells about; None when nowhere."""
    if isinstance(value, types.ModuleType):
        return Place(value.__name__) if sys.modules.get(value.__name__) is value else None
    own, home = getattr(value, "__name__", ""), getattr(value, "__module__", "") or ""
    if not isinstance(own, str) or not isinstance(home, str):
        return None
    # The name that a library shows nearest to its top is the one that lasts.
    parts = home.split(".")
    places = [Place(".".join(parts[:depth]), each) for depth in range(1, len(parts) + 1) for each in (own, name)]
    # A function that does not know its own module may be in one that is at hand.
    places += [Place(module.__name__, own) for module in space.values() if isinstance(module, types.ModuleType)]
    fitting = (place for place in places if place.module and place.attribute.isidentifier() and place.has(value))
    return next((place for place in fitting if place.module != space.get("__name__")), None)


def check_elsewhere(place: Place, subject: str) -> None:
    """Refuse what can be imported in this process alone.

    Raises:
        CodeError: the module was made here from code that Gremio or Diffusers loaded.
    """
    if place.module.partition(".")[0] in _NOT_ELSEWHERE:
        raise CodeError(
            f"{subject} uses {place.attribute or place.module}, which was loaded from a repository or a folder and "
            "can't be imported by that name anywhere else",
            next_step="Put a copy of that code into a .py file beside yours, and import it from there.",
        )


def guard_of(
    name: str, value: object, cells: Iterable[Cell], space: Space, *, missing: bool
) -> tuple[ast.stmt, Cell] | None:
    """The ``if`` or ``try`` that bound a name last, with its cell; None where something else bound it.

    It is cut out with its condition, since another machine may decide otherwise.
    """
    for cell in cells:
        node = cell.binders.get(name)
        if node is not None:
            return (node, cell) if _is_guard(node) and (missing or _explains(node, name, value, space)) else None
    return None


def _is_guard(node: ast.stmt) -> bool:
    """Whether a statement does nothing but import, and set names to plain values, under a condition."""
    if not isinstance(node, ast.If | ast.Try):
        return False
    conditions = [inner.test for inner in ast.walk(node) if isinstance(inner, ast.If)]
    if any(isinstance(part, ast.Name) and part.id == "__name__" for test in conditions for part in ast.walk(test)):
        return False
    inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.stmt)]
    imports = any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in inside)
    return imports and all(isinstance(inner, _IN_GUARDS) and _is_plain(inner) for inner in inside)


def _is_plain(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign):
        return True
    is_literal = literal(node.value) is not NO_LITERAL or bool(dotted(node.value))
    return is_literal and all(isinstance(target, ast.Name) for target in node.targets)


def _explains(node: ast.stmt, name: str, value: object, space: Space) -> bool:
    """Whether one of the guard's branches gives the name the value that it has."""
    for inner in ast.walk(node):
        if any(bound == name and place.has(value) for bound, place in _bound(inner, space)):
            return True
        if isinstance(inner, ast.Assign) and name in map(dotted, inner.targets):
            written = literal(inner.value)
            if type(written) is type(value) and written == value:
                return True
    return False
