"""Everything that a class needs of the module it was made in, followed name by name."""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NewType, TypeVar

from gremio.code.syntax.parsing import dotted
from gremio.errors import CodeError
from gremio.publishing.saving.extraction.cells import Cell, Cells, Definition, literal
from gremio.publishing.saving.extraction.constants import NoSource, Writer, library_logger, refuse
from gremio.publishing.saving.extraction.definitions import bases_of, definition_of, is_defined_as
from gremio.publishing.saving.extraction.imports import (
    Place,
    Space,
    check_elsewhere,
    guard_of,
    place_by_import,
    place_of,
    submodules,
)
from gremio.publishing.saving.extraction.used_names import Uses, bound_names, uses

MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__", "__annotations__"}
)
_MISSING = object()


@dataclass(eq=False)
class Item:
    """One statement of the module to be written: what it binds, its source, and which names it needs when."""

    names: tuple[str, ...]
    source: str = ""
    place: Place | None = None
    definition: Definition | None = None
    eager: set[str] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)
    order: tuple[float, int] = (0.0, 0)


@dataclass(frozen=True)
class _User:
    """Who uses a name: what it is called, the space and the cell that tell what the name means, and the line."""

    subject: str
    space: Space
    cell: Cell
    line: str = ""


class Collector:
    """Binds the names that a class uses, each to what it means in memory, until nothing is left open.

    ``items`` are the statements by the names that they bind, ``submodules`` what has to be imported besides, ``notes``
    what could not be known for certain, in words.
    """

    def __init__(self, module: str, cells: Cells) -> None:
        self.items: dict[str, Item] = {}
        self.submodules: set[str] = set()
        self.notes: list[str] = []
        self._objects: dict[str, object] = {}
        self._module = module
        self._cells = cells
        self._open: list[tuple[Item, Definition, Space, Mapping[str, object]]] = []
        self._soft: list[tuple[str, _User]] = []

    def collect(self, cls: type, space: Space) -> None:
        """Bind a class and all it needs.

        Raises:
            CodeError: something of it has no source, or means two things.
        """
        self._define(cls.__name__, cls, space)
        self._finish()
        for name, user in self._soft:
            if name not in self.items:
                self._try(name, user)

    def _finish(self) -> None:
        while self._open:
            self._follow(*self._open.pop())

    def _try(self, name: str, user: _User) -> None:
        """Bind what only annotations name, if that is possible."""
        before = dict(self.items), dict(self._objects)
        try:
            self._bind(name, user, soft=True)
            self._finish()
        except CodeError:
            self.items, self._objects = before
            self._open.clear()
            self.notes.append(f"the annotation {name} is left as text: what it names has no source")

    def _follow(self, item: Item, definition: Definition, space: Space, instead: Mapping[str, object]) -> None:
        found = uses(definition.node, definition.flags)
        item.eager, item.lazy = found.eager, found.lazy
        user = _User(definition.node.name, space, definition.cell)
        for name in sorted(found.eager | found.lazy):
            line = found.lines.get(name)
            where = f" (line {line} of {definition.cell.label})" if line else ""
            self._bind(name, replace(user, line=where), instead.get(name, _MISSING))
        self._soft += [(name, replace(user, subject="an annotation")) for name in sorted(found.soft)]
        self._import_submodules(found, definition.cell)
        if found.dynamic:
            names = ", ".join(found.dynamic)
            self.notes.append(f"{user.subject} uses {names}: the names that come in that way are not seen")

    def _bind(self, name: str, user: _User, value: object = _MISSING, *, soft: bool = False) -> None:
        value = user.space.get(name, _MISSING) if value is _MISSING else value
        if name in self.items:
            self._check_same(name, value)
        elif name in MODULE_NAMES or _is_builtin(name, value) or self._guard(name, value, user):
            return
        elif value is _MISSING:
            if not soft:
                raise _undefined(name, user)
        elif place := self._place(name, value, user):
            check_elsewhere(place, user.subject)
            self._add(Item((name,), place=place), value)
        elif self._is_own(name, value, user.space):
            self._bind_own(name, value, user)
        else:
            self._add_constant(name, value, user)

    def _check_same(self, name: str, value: object) -> None:
        known = self._objects.get(name, value)
        # Within its own methods a class's name means that class, whatever the cell has made since.
        if value is _MISSING or known is value or (type(known) is type(value) and _is_equal(known, value)):
            return
        raise CodeError(
            f"{name} means two things: it was made again after code that uses it had been made",
            ref=name,
            next_step=f"Run the cells that use {name} again, make the pipeline again, and publish then.",
        )

    def _guard(self, name: str, value: object, user: _User) -> bool:
        """Bind a name by the ``if`` or ``try`` around its import, so that it goes on depending on what is installed."""
        found = guard_of(name, value, self._cells.near(user.cell), user.space, missing=value is _MISSING)
        if found is None:
            return False
        node, cell = found
        names = bound_names(node)
        if names & self.items.keys():
            return False
        needed = uses(node).eager - names
        item = Item(tuple(sorted(names)), cell.segment(node), eager=needed, order=(cell.when, node.lineno))
        self.items |= dict.fromkeys(names, item)
        for other in sorted(needed):
            self._bind(other, _User(f"the condition on {name}", user.space, cell))
        return True

    def _place(self, name: str, value: object, user: _User) -> Place | None:
        """Where it can be imported from: as an import says, or where it lives if it was not made here."""
        place = place_by_import(name, value, self._cells.near(user.cell), user.space)
        return place or (None if self._is_own(name, value, user.space) else place_of(name, value, user.space))

    def _is_own(self, name: str, value: object, space: Space) -> bool:
        if isinstance(value, type):
            return value.__module__ == self._module
        if isinstance(value, TypeVar | NewType):
            return False
        if getattr(value, "__module__", None) == self._module and hasattr(value, "__name__"):
            return True
        return is_defined_as(name, value, space)

    def _bind_own(self, name: str, value: Any, user: _User) -> None:
        own = getattr(value, "__name__", name)
        if own == "<lambda>":
            raise refuse(user.subject, name, "a lambda", user.line)
        # A decorator that does not use `wraps` leaves a name of its own on what it returns.
        elsewhere = isinstance(value, type) or is_defined_as(own, value, user.space)
        own = own if elsewhere and not is_defined_as(name, value, user.space) else name
        self._define(own, value, user.space)
        if own != name:
            self._add(Item((name,), f"{name} = {own}\n", eager={own}), value)

    def _define(self, name: str, value: Any, space: Space) -> None:
        """Cut out the definition of a class or function that the module made itself."""
        if name in self.items:
            self._check_same(name, value)
            return
        definition = definition_of(value, name, self._cells)
        if not definition.certain:
            self.notes.append(f"{name} has no methods that tell its place: the latest cell that fits was taken")
        order = (definition.cell.when, definition.node.lineno)
        item = Item((name,), definition.cell.segment(definition.node), definition=definition, order=order)
        self._add(item, value)
        self._open.append((item, definition, space, {name: value, **bases_of(value, definition)}))

    def _add_constant(self, name: str, value: object, user: _User) -> None:
        needed: set[str] = set()

        def name_of(inner: object, hint: str) -> str:
            found = self._name_for(inner, hint, user)
            needed.add(found)
            return found

        try:
            if library_logger(value, user.space.get("logging")):
                expression = f"{name_of(user.space['logging'], 'logging')}.get_logger(__name__)"
            else:
                expression = Writer(name_of).write(value)
        except NoSource as error:
            raise refuse(user.subject, name, str(error), user.line) from None
        source, order = self._as_written(name, value, user.cell) or (f"{name} = {expression}\n", (0.0, 0))
        self._add(Item((name,), source, eager=needed, order=order), value)

    def _as_written(self, name: str, value: object, cell: Cell) -> tuple[str, tuple[float, int]] | None:
        """The author's own assignment of a plain value: its lines and comments, if they still say the same."""
        for where in self._cells.near(cell):
            for node in where.statements:
                if not isinstance(node, ast.Assign) or [*map(dotted, node.targets)] != [name]:
                    continue
                if _is_equal(literal(node.value), value):
                    return where.segment(node), (where.when, node.lineno)
        return None

    def _name_for(self, value: object, hint: str, user: _User) -> str:
        """A name for a class, function or module that a constant is made with."""
        if getattr(builtins, hint, self) is value:
            return hint
        for name, known in self._objects.items():
            if known is value:
                return name
        if self._is_own(hint, value, user.space) and hint != "<lambda>":
            self._define(hint, value, user.space)
            return hint
        place = self._place(hint, value, user)
        if place is None:
            raise NoSource("a lambda" if hint == "<lambda>" else f"made with {hint or 'something'} that has no source")
        check_elsewhere(place, hint)
        name, space = hint, user.space
        while name in self.items or (name in space and space[name] is not value) or hasattr(builtins, name):
            name = f"_{name}"
        self._add(Item((name,), place=place), value)
        return name

    def _import_submodules(self, found: Uses, cell: Cell) -> None:
        """Keep ``import PIL.Image`` beside the name ``PIL``: the package alone need not have the module."""
        named = {name for where in self._cells.near(cell) for name in submodules(where)}
        for chain in found.dotted:
            top = chain.partition(".")[0]
            module = self._objects.get(top)
            if isinstance(module, types.ModuleType) and module.__name__ == top:
                self.submodules |= {name for name in named if f"{chain}.".startswith(f"{name}.")}

    def _add(self, item: Item, value: object) -> None:
        self.items |= dict.fromkeys(item.names, item)
        self._objects[item.names[0]] = value


def _undefined(name: str, user: _User) -> CodeError:
    return CodeError(
        f"{user.subject} uses {name}{user.line}, and there is nothing of that name here",
        ref=user.subject,
        next_step=f"Define or import {name}, run the code once, and publish then.",
    )


def _is_builtin(name: str, value: object) -> bool:
    return hasattr(builtins, name) and (value is _MISSING or value is getattr(builtins, name))


def _is_equal(one: object, other: object) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # A value of any class may compare in any way, tensors by raising.
        return False
