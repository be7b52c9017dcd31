"""Everything that a class needs of the module it was made in, followed name by name."""

from __future__ import annotations

import ast
import builtins
import types
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NewType, TypeVar

from gremio.code.syntax.parsing import dotted
from gremio.errors import CodeError
from gremio.publishing.saving.extraction.fitness import bases_of, check_class, function_of, is_defined_as
from gremio.publishing.saving.extraction.guards import Guards
from gremio.publishing.saving.extraction.matching import class_definition
from gremio.publishing.saving.extraction.names import Uses, uses
from gremio.publishing.saving.extraction.places import Place, among, check_elsewhere, importers, place_of, submodules
from gremio.publishing.saving.extraction.sources import Definition, Text, Texts
from gremio.publishing.saving.extraction.values import NoSource, described, library_logger, refuse, written

Space = Mapping[str, object]
MODULE_NAMES = frozenset(
    {"__name__", "__file__", "__doc__", "__package__", "__spec__", "__loader__", "__builtins__", "__annotations__"}
)
_MISSING = object()


@dataclass(eq=False)
class Item:
    """One statement of the module to be written: what it binds, its source, and which names it needs when."""

    names: tuple[str, ...]
    source: str
    place: Place | None = None
    definition: Definition | None = None
    eager: set[str] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)
    order: tuple[float, int] = (0.0, 0)


class Collector:
    """Binds the names that a class uses, each to what it means in memory, until nothing is left open."""

    def __init__(self, module: str, texts: Texts) -> None:
        self.items: dict[str, Item] = {}
        self.extra: set[str] = set()
        self.notes: list[str] = []
        self._objects: dict[str, object] = {}
        self._module = module
        self._texts = texts
        self._guards = Guards(texts)
        self._open: list[tuple[Item, Space, Mapping[str, object]]] = []
        self._soft: list[tuple[str, Space, Text]] = []

    def collect(self, cls: type, space: Space) -> None:
        """Bind a class and all it needs.

        Raises:
            CodeError: something of it has no source, or means two things.
        """
        self._define(cls.__name__, cls, space)
        self._finish()
        for name, where, text in self._soft:
            if name not in self.items:
                self._try(name, where, text)

    def _finish(self) -> None:
        while self._open:
            self._follow(*self._open.pop())

    def _try(self, name: str, space: Space, text: Text) -> None:
        """Bind what only annotations name, if that is possible."""
        before = dict(self.items), dict(self._objects)
        try:
            self._bind(name, space, text, subject="an annotation", line="", soft=True)
            self._finish()
        except CodeError:
            self.items, self._objects = before
            self._open.clear()
            self.notes.append(f"the annotation {name} is left as text: what it names has no source")

    def _follow(self, item: Item, space: Space, instead: Mapping[str, object]) -> None:
        definition = item.definition
        assert definition is not None
        found = uses(definition.node, definition.flags)
        item.eager, item.lazy = found.eager, found.lazy
        subject = definition.node.name
        for name in sorted(found.eager | found.lazy):
            line = _line(found, name, definition)
            value = instead.get(name, _MISSING)
            self._bind(name, space, definition.text, subject=subject, line=line, value=value)
        self._soft += [(name, space, definition.text) for name in sorted(found.soft)]
        self._import_submodules(found, definition.text)
        if found.dynamic:
            self.notes.append(
                f"{subject} uses {', '.join(found.dynamic)}: the names that come in that way are not seen"
            )

    def _bind(
        self,
        name: str,
        space: Space,
        text: Text,
        *,
        subject: str,
        line: str,
        value: object = _MISSING,
        soft: bool = False,
    ) -> None:
        value = space.get(name, _MISSING) if value is _MISSING else value
        if name in self.items:
            self._check_same(name, value)
            return
        if name in MODULE_NAMES or (value is _MISSING and hasattr(builtins, name)):
            return
        if value is getattr(builtins, name, self):
            return
        if self._guard(name, value, space, text):
            return
        if value is _MISSING:
            if not soft:
                raise _undefined(subject, name, line)
            return
        self._bind_value(name, value, space, text, subject=subject, line=line)

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

    def _guard(self, name: str, value: object, space: Space, text: Text) -> bool:
        """Bind a name by the ``if`` or ``try`` around its import, so that it goes on depending on what is installed."""
        node, where = self._guards.of(name, value, text, space, missing=value is _MISSING)
        if node is None or where is None:
            return False
        found = uses(node)
        names = self._guards.names(node)
        item = Item(
            tuple(sorted(names)), where.segment(node), eager=found.eager - names, order=(where.when, node.lineno)
        )
        if any(other in self.items for other in names):
            return False
        self.items |= dict.fromkeys(names, item)
        for other in sorted(item.eager):
            self._bind(other, space, where, subject=f"the condition on {name}", line="")
        return True

    def _bind_value(self, name: str, value: object, space: Space, text: Text, *, subject: str, line: str) -> None:
        place = self._imported(name, value, space, text)
        if place is not None:
            check_elsewhere(place, subject)
            self._add_import(name, value, place)
        elif self._is_own(name, value, space):
            self._bind_own(name, value, space, subject, line)
        else:
            place = place_of(name, value) or among(self._modules(space), value)
            if place is not None and place.module != self._module:
                check_elsewhere(place, subject)
                self._add_import(name, value, place)
            else:
                self._add_constant(name, value, space, text, subject=subject, line=line)

    def _imported(self, name: str, value: object, space: Space, text: Text) -> Place | None:
        """What an import statement of the author's says about a name, if it is still true."""
        for where in self._texts.near(text):
            for bound, place in importers(where, space):
                if bound == name and place.module != self._module and _is_there(place, value):
                    return place
        return None

    def _is_own(self, name: str, value: object, space: Space) -> bool:
        if isinstance(value, type):
            return value.__module__ == self._module
        if isinstance(value, TypeVar | NewType):
            return False
        if getattr(value, "__module__", None) == self._module and hasattr(value, "__name__"):
            return True
        return is_defined_as(name, value, space)

    def _bind_own(self, name: str, value: Any, space: Space, subject: str, line: str) -> None:
        own = getattr(value, "__name__", name)
        if own == "<lambda>":
            raise refuse(subject, name, "a lambda", line)
        # A decorator that does not use `wraps` leaves a name of its own on what it returns.
        elsewhere = isinstance(value, type) or is_defined_as(own, value, space)
        own = own if elsewhere and not is_defined_as(name, value, space) else name
        self._define(own, value, space)
        if own != name:
            self._add(Item((name,), f"{name} = {own}\n", eager={own}), value)

    def _define(self, name: str, value: Any, space: Space) -> None:
        """Cut out the definition of a class or function that the module made itself."""
        if name in self.items:
            self._check_same(name, value)
            return
        instead: dict[str, object] = {name: value}
        if isinstance(value, type):
            check_class(value)
            definition = class_definition(value, self._texts)
            instead |= bases_of(value, definition)
        else:
            definition = function_of(value, name, self._texts)
        if not definition.certain:
            self.notes.append(f"{name} has no methods that tell its place: the latest cell that fits was taken")
        order = (definition.text.when, definition.node.lineno)
        item = Item((name,), definition.text.segment(definition.node), definition=definition, order=order)
        self._add(item, value)
        self._open.append((item, space, instead))

    def _add_constant(self, name: str, value: object, space: Space, text: Text, *, subject: str, line: str) -> None:
        needed: set[str] = set()

        def name_of(inner: object, hint: str) -> str:
            found = self._name_for(inner, hint, space, text)
            needed.add(found)
            return found

        try:
            if library_logger(value, space.get("logging")):
                expression = f"{name_of(space['logging'], 'logging')}.get_logger(__name__)"
            else:
                expression = written(value, name_of)
        except NoSource as error:
            raise refuse(subject, name, described(error), line) from None
        source, order = self._as_written(name, value, text) or (f"{name} = {expression}\n", (0.0, 0))
        self._add(Item((name,), source, eager=needed, order=order), value)

    def _as_written(self, name: str, value: object, text: Text) -> tuple[str, tuple[float, int]] | None:
        """The author's own assignment of a plain value: its lines and comments, if they still say the same."""
        for where in self._texts.near(text):
            for node in where.statements:
                if isinstance(node, ast.Assign) and [dotted(target) for target in node.targets] == [name]:
                    try:
                        same = _is_equal(ast.literal_eval(node.value), value)
                    except (ValueError, TypeError, SyntaxError, RecursionError):
                        continue
                    if same:
                        return where.segment(node), (where.when, node.lineno)
        return None

    def _name_for(self, value: object, hint: str, space: Space, text: Text) -> str:
        """A name for a class, function or module that a constant is made with."""
        if getattr(builtins, hint, self) is value:
            return hint
        for name, known in self._objects.items():
            if known is value:
                return name
        if self._is_own(hint, value, space) and hint != "<lambda>":
            self._define(hint, value, space)
            return hint
        place = self._imported(hint, value, space, text) or place_of(hint, value) or among(self._modules(space), value)
        if place is None:
            raise NoSource("a lambda" if hint == "<lambda>" else f"made with {hint or 'something'} that has no source")
        check_elsewhere(place, hint)
        name = hint
        while name in self.items or (name in space and space[name] is not value) or hasattr(builtins, name):
            name = f"_{name}"
        self._add_import(name, value, place)
        return name

    def _import_submodules(self, found: Uses, text: Text) -> None:
        """Keep ``import PIL.Image`` beside the name ``PIL``: the package alone need not have the module."""
        named = {name for where in self._texts.near(text) for name in submodules(where)}
        for chain in found.dotted:
            top = self._objects.get(chain.partition(".")[0])
            if isinstance(top, types.ModuleType) and top.__name__ == chain.partition(".")[0]:
                self.extra |= {name for name in named if f"{chain}.".startswith(f"{name}.")}

    def _modules(self, space: Space) -> list[types.ModuleType]:
        return [value for value in space.values() if isinstance(value, types.ModuleType)]

    def _add_import(self, name: str, value: object, place: Place) -> None:
        self._add(Item((name,), place.statement(name) + "\n", place=place), value)

    def _add(self, item: Item, value: object) -> None:
        self.items |= dict.fromkeys(item.names, item)
        self._objects[item.names[0]] = value


def _is_there(place: Place, value: object) -> bool:
    there = place.value()
    return there is value


def _is_equal(one: object, other: object) -> bool:
    try:
        return type(one) is type(other) and bool(one == other)
    except Exception:  # A value of any class may compare in any way, tensors by raising.
        return False


def _line(found: Uses, name: str, definition: Definition) -> str:
    line = found.lines.get(name)
    return f" (line {line} of {definition.text.label})" if line else ""


def _undefined(subject: str, name: str, line: str) -> CodeError:
    return CodeError(
        f"{subject} uses {name}{line}, and there is nothing of that name here",
        ref=subject,
        next_step=f"Define or import {name}, run the code once, and publish then.",
    )
