"""Which class fills a component slot, as the rest of a repository tells: where it makes one, names, docstrings."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from gremio.code import CodeTree
from gremio.code.libraries.classes import library_class
from gremio.code.libraries.moved_names import LIBRARIES, library_of
from gremio.code.review.classes import ClassReader
from gremio.code.review.closure import closure
from gremio.code.review.relocation import TREE
from gremio.code.review.signatures import SignatureReader, type_names
from gremio.code.syntax.layout import module_parts
from gremio.code.syntax.parsing import dotted, parse
from gremio.errors import OptionError, UnreadableCode

_NO_COMPONENTS = ("pipeline", "blocks")


@dataclass(frozen=True)
class ComponentClass:
    """A class, and how it is seen to be used.

    ``path`` is its file in the tree, empty for a class of the libraries, whose ``name`` is the absolute dotted one.
    ``arguments`` are the literals that it is made with where it is ``seen``, by parameter name or by position;
    ``handed`` means that it is seen being handed to the pipeline's constructor.
    """

    name: str
    path: str
    seen: str
    handed: bool = False
    arguments: Mapping[str | int, Any] = field(default_factory=dict)

    @property
    def absolute(self) -> str:
        """The absolute dotted name, as a slot's types have it."""
        return ".".join([TREE, *module_parts(self.path), self.name]) if self.path else self.name

    def __str__(self) -> str:
        """``PoseGuider of models/pose_guider.py (scripts/pose2vid.py, line 71)``."""
        place = f"{self.name} of {self.path}" if self.path else self.name
        return f"{place} ({self.seen})" if self.seen else place


def component_classes(tree: CodeTree, class_name: str, slots: Iterable[str]) -> Mapping[str, ComponentClass]:
    """The class for every parameter of a pipeline's constructor of which the tree tells one, whatever its type says.

    What is handed to the pipeline's constructor counts first, then what is assigned or annotated under the slot's name
    anywhere, then docstrings, then a class of the tree that is named like the slot. Only files count that name the
    pipeline's class, and what they and the entry import: others speak of parts of other pipelines.
    """
    repository = _Repository(ClassReader(tree), class_name, tuple(slots))
    found = {slot: repository.class_of(slot) for slot in repository.slots}
    return {name: each for name, each in found.items() if each is not None}


def find_class(tree: CodeTree, text: str) -> ComponentClass:
    """The class that a person means: ``file.py:Class`` or ``Class`` in the tree, else one of diffusers or transformers.

    Raises:
        OptionError: there is none, or several files of the tree define one of that name.
    """
    path, _, name = text.rpartition(":")
    defined = list(_defined(ClassReader(tree), tree.python_files))
    places = [place for place in defined if place[1] == name and path in ("", place[0])]
    if len(places) > 1:
        raise OptionError(
            f"{', '.join(place[0] for place in places)} each define a class {name}",
            ref=str(tree.origin),
            next_step=f"Say which: {places[0][0]}:{name}.",
        )
    whole = None if path else _of_libraries(name)
    if not (places or whole):
        raise OptionError(f"there is no class {text}", ref=str(tree.origin), next_step=_nearest(defined, name))
    return ComponentClass(name, places[0][0], "as asked") if places else ComponentClass(str(whole), "", "as asked")


def _nearest(defined: Iterable[tuple[str, str]], name: str) -> str:
    known = {each: f"{path}:{each}" for path, each in defined}
    for library in LIBRARIES:
        source = library_of(library)
        exports = source.exports(library) if source else None
        known |= {each: f"{library}.{each}" for each in exports.names if each[:1].isupper()} if exports else {}
    near = [known[each] for each in get_close_matches(name, known, n=3)]
    return f"Nearest: {', '.join(near)}." if near else "Name one of the code's, of diffusers or of transformers."


@dataclass
class _Uses:
    """What one file says of names: the expressions assigned to each, and the annotations of each."""

    path: str
    handed: dict[str, list[ast.expr]] = field(default_factory=dict)
    assigned: dict[str, list[ast.expr]] = field(default_factory=dict)
    annotated: dict[str, list[ast.expr]] = field(default_factory=dict)


@dataclass
class _Repository:
    """Everything in a tree that mentions a pipeline's class or its slots."""

    reader: ClassReader
    class_name: str
    slots: tuple[str, ...]

    def class_of(self, slot: str) -> ComponentClass | None:
        """The best that is known; a class of the tree before one of the libraries."""
        found = [*self._seen(slot)]
        own = next((each for each in found if each.path), None)
        known = own or next(iter(found), None) or self._documented(slot)
        return self._derived(known) if known else self._named_alike(slot)

    def _derived(self, known: ComponentClass) -> ComponentClass:
        """The one class beside the pipeline that derives from a library's: a ``SchedulerMixin`` is that scheduler."""
        entry = self.reader.tree.entry
        beside = [name for path, name in self._defined if path == entry] if not known.path else []
        derived = [name for name in beside if known.name in self._bases(entry, name)]
        return replace(known, name=derived[0], path=entry) if len(derived) == 1 else known

    def _bases(self, path: str, name: str) -> list[str]:
        return [self.reader.absolute(path, dotted(base)) for base in self.reader.nodes(path)[name].bases]

    def _seen(self, slot: str) -> Iterator[ComponentClass]:
        for uses in self._uses:
            for value in uses.handed.get(slot, ()):
                yield from (replace(each, handed=True) for each in self._made_by(uses, value, set()))
        for uses in self._uses:
            yield from self._bound(uses, slot, set())

    def _bound(self, uses: _Uses, name: str, seen: set[str]) -> Iterator[ComponentClass]:
        if name in seen:
            return
        seen.add(name)
        for value in uses.assigned.get(name, ()):
            yield from self._made_by(uses, value, seen)
        for annotation in uses.annotated.get(name, ()):
            for each in type_names(annotation):
                if place := self._place(uses.path, each):
                    yield ComponentClass(*place, f"{uses.path}, line {annotation.lineno}")

    def _made_by(self, uses: _Uses, value: ast.expr, seen: set[str]) -> Iterator[ComponentClass]:
        """The class of what an expression gives: a call of a class or of its class methods, a name that was bound."""
        if isinstance(value, ast.Call):
            if made := self._construction(uses.path, value):
                yield made
            elif isinstance(value.func, ast.Attribute) and isinstance(value.func.value, ast.Call):
                # Net(…).to("cuda")
                yield from self._made_by(uses, value.func.value, seen)
            elif value.args:
                # unwrap(net)
                yield from self._made_by(uses, value.args[0], seen)
        elif name := dotted(value).rpartition(".")[2]:
            yield from self._bound(uses, name, seen)

    def _construction(self, path: str, call: ast.Call) -> ComponentClass | None:
        whole = dotted(call.func)
        place = self._place(path, whole)
        method = None if place else self._place(path, whole.rpartition(".")[0])
        if not (place or method):
            return None
        given: dict[Any, ast.expr] = dict(enumerate(call.args)) if place else {}
        literals = _literals(given | {each.arg: each.value for each in call.keywords if each.arg})
        name, file = place or method  # type: ignore[misc]
        return ComponentClass(name, file, f"{path}, line {call.lineno}", arguments=literals)

    def _place(self, path: str, name: str) -> tuple[str, str] | None:
        """The name and file of a class that a dotted name in a file means."""
        if not name:
            return None
        absolute = self.reader.absolute(path, name)
        if place := self.reader.located(absolute):
            kind = self.reader.kind(*place)
            return None if kind in _NO_COMPONENTS else (place[1], place[0])
        known = absolute.partition(".")[0] in LIBRARIES and "." in absolute and library_class(absolute)
        return (absolute, "") if known else None

    def _documented(self, slot: str) -> ComponentClass | None:
        """The class that the pipeline's docstring, or that of its constructor, gives in brackets after the name."""
        for path, text in self._docstrings:
            found = re.search(rf"^\s*{re.escape(slot)}\s*\(([^)\n]*)\)", text, re.M)
            for name in re.findall(r"[A-Za-z_]\w*", found[1]) if found else ():
                if place := self._place(path, name) or self._anywhere(name):
                    return ComponentClass(*place, f"the docstring in {path}")
        return None

    def _anywhere(self, name: str) -> tuple[str, str] | None:
        paths = [path for path, each in self._defined if each == name]
        if len(paths) == 1:
            return name, paths[0]
        whole = _of_libraries(name)
        return (whole, "") if whole and not paths else None

    def _named_alike(self, slot: str) -> ComponentClass | None:
        """``pose_guider`` is a ``PoseGuider``, and so are ``pose_guider_2`` and, where nothing is nearer, ``pose``."""
        plain = re.sub(r"[_\d]", "", slot).lower()
        near = self.reader.tree.entry.split("/")
        ranked = []
        for path, name in self._defined:
            short = re.sub(r"\d", "", name).lower()
            if len(plain) > 3 and (short.startswith(plain) or plain.startswith(short)):
                shared = sum(a == b for a, b in zip(path.split("/"), near, strict=False))
                ranked.append((abs(len(short) - len(plain)), -shared, path, name))
        if not ranked:
            return None
        _, _, path, name = min(ranked)
        return ComponentClass(name, path, "by its name")

    @cached_property
    def _uses(self) -> list[_Uses]:
        """Of every file that mentions the class or a slot; those that make a pipeline come first."""
        words = [word.encode() for word in (self.class_name, *self.slots)]
        told = [path for path in self._paths if any(word in self.reader.tree.files[path] for word in words)]
        found = [uses for uses in map(self._uses_in, told) if uses]
        return sorted(found, key=lambda uses: not uses.handed)

    @cached_property
    def _paths(self) -> list[str]:
        tree, found = self.reader.tree, {self.reader.tree.entry}
        for path in tree.python_files:
            if path == tree.entry or self.class_name.encode() in tree.files[path]:
                with suppress(UnreadableCode):
                    found |= {path, *closure(tree, path)}
        return sorted(found)

    def _uses_in(self, path: str) -> _Uses | None:
        try:
            module = parse(self.reader.tree, path)
        except UnreadableCode:
            return None
        uses = _Uses(path)
        for node in ast.walk(module):
            match node:
                case ast.Assign(targets=targets, value=value):
                    _note(uses.assigned, targets, value)
                case ast.AnnAssign(target=target, annotation=annotation, value=value):
                    _note(uses.annotated, [target], annotation)
                    if value is not None:
                        _note(uses.assigned, [target], value)
                case ast.arg(arg=name, annotation=ast.expr() as annotation):
                    uses.annotated.setdefault(name, []).append(annotation)
                case ast.Call() if self._makes_pipeline(path, node):
                    for name, value in self._given(node):
                        uses.handed.setdefault(name, []).append(value)
        return uses

    def _makes_pipeline(self, path: str, call: ast.Call) -> bool:
        called = dotted(call.func)
        if called.rpartition(".")[2] == "from_pretrained":
            called = called.rpartition(".")[0]
        return bool(called) and self.reader.located(self.reader.absolute(path, called)) == self._pipeline

    @cached_property
    def _pipeline(self) -> tuple[str, str] | None:
        return self.reader.located(self.reader.absolute(self.reader.tree.entry, self.class_name))

    def _given(self, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
        if not dotted(call.func).endswith(".from_pretrained"):
            yield from zip(self._parameters, call.args, strict=False)
        yield from ((each.arg, each.value) for each in call.keywords if each.arg)

    @cached_property
    def _parameters(self) -> list[str]:
        return [each.name for each in SignatureReader(self.reader).signature(self.class_name, "__init__")]

    @cached_property
    def _docstrings(self) -> list[tuple[str, str]]:
        found = []
        for each in SignatureReader(self.reader).definitions(self.class_name):
            nodes = [each.node, *(item for item in each.node.body if getattr(item, "name", "") == "__init__")]
            texts = [ast.get_docstring(node) for node in nodes if isinstance(node, ast.ClassDef | ast.FunctionDef)]
            found += [(each.path, text) for text in texts if text and each.path]
        return found

    @cached_property
    def _defined(self) -> list[tuple[str, str]]:
        return list(_defined(self.reader, self._paths))


def _defined(reader: ClassReader, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The file and name of every class in these files of the tree that could be a component."""
    for path in paths:
        if b"class " in reader.tree.files[path]:
            try:
                names = list(reader.nodes(path))
            except UnreadableCode:
                continue
            yield from ((path, name) for name in names if reader.kind(path, name) not in _NO_COMPONENTS)


def _of_libraries(name: str) -> str | None:
    """The absolute name of a class that diffusers or transformers exports, with or without the library's name."""
    top, _, last = name.rpartition(".")
    wholes = [name] if top else [f"{library}.{last}" for library in LIBRARIES]
    return next((whole for whole in wholes if whole.partition(".")[0] in LIBRARIES and library_class(whole)), None)


def _note(places: dict[str, list[ast.expr]], targets: Iterable[ast.expr], value: ast.expr) -> None:
    for target in targets:
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List):
            for each, part in zip(target.elts, value.elts, strict=False):
                _note(places, [each], part)
        elif name := dotted(target).rpartition(".")[2]:
            places.setdefault(name, []).append(value)


def _literals(given: Mapping[Any, ast.expr]) -> dict[str | int, Any]:
    """The literals, and beside a dictionary what is in it: a class method may spread it."""
    found: dict[str | int, Any] = {}
    for name, value in given.items():
        try:
            found[name] = ast.literal_eval(value)
        except ValueError:
            continue
        if isinstance(found[name], dict):
            found |= found[name]
    return found


__all__ = ["ComponentClass", "component_classes", "find_class"]
