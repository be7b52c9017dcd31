"""Which names a module binds when it runs, read from its source."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from gremio.code.syntax.parsing import Guard, blocks, dotted, statements, strings

_LAZY = frozenset({"_LazyModule", "LazyModule"})
_LAZY_BY_ALL = "define_import_structure"


@dataclass(frozen=True)
class Method:
    """The parameters passed by position, without the object itself; the first ``required`` have no default."""

    parameters: tuple[str, ...]
    required: int


@dataclass(frozen=True)
class Outline:
    """A class: its bases as written, and its methods."""

    bases: tuple[str, ...] = ()
    methods: Mapping[str, Method] = field(default_factory=dict)


@dataclass(frozen=True)
class Exports:
    """The names of one module.

    ``names`` maps each to where it comes from, ``(level, module, name)`` as its import says, or None if it is defined
    here; ``stars`` are the ``(level, module)`` of its star imports; ``public`` is its ``__all__``, if it has one.
    A lazy module has only what its table lists. ``dynamic`` holds the strings of its ``__getattr__``. ``classes``
    outlines each class that it defines.
    """

    names: Mapping[str, tuple[int, str, str] | None]
    stars: tuple[tuple[int, str], ...] = ()
    public: frozenset[str] | None = None
    lazy: bool = False
    dynamic: frozenset[str] = field(default=frozenset())
    classes: Mapping[str, Outline] = field(default_factory=dict)

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """What ``plain`` gave."""
        return cls(
            names={name: origin and (origin[0], origin[1], origin[2]) for name, origin in plain["names"].items()},
            stars=tuple((level, module) for level, module in plain["stars"]),
            public=None if plain["public"] is None else frozenset(plain["public"]),
            lazy=plain["lazy"],
            dynamic=frozenset(plain["dynamic"]),
            classes={
                name: Outline(
                    tuple(bases),
                    {method: Method(tuple(names), required) for method, (names, required) in methods.items()},
                )
                for name, (bases, methods) in plain["classes"].items()
            },
        )

    def plain(self) -> dict[str, Any]:
        """The same as data for JSON."""
        return {
            "names": dict(self.names),
            "stars": self.stars,
            "public": None if self.public is None else sorted(self.public),
            "lazy": self.lazy,
            "dynamic": sorted(self.dynamic),
            "classes": {
                name: (each.bases, {method: (m.parameters, m.required) for method, m in each.methods.items()})
                for name, each in self.classes.items()
            },
        }

    @property
    def defined(self) -> frozenset[str]:
        """The names that this module itself defines."""
        return frozenset(name for name, origin in self.names.items() if origin is None)


def exports_in(module: ast.Module) -> Exports:
    """Read a module's names."""
    lazy = _is_lazy(module)
    reader = _Reader(typing_too=lazy)
    reader.read(module.body, "")
    if lazy:
        nodes = list(ast.walk(module))
        table = dict(_lazy_table(nodes))
        by_all = any(isinstance(node, ast.Name) and node.id == _LAZY_BY_ALL for node in nodes)
        return Exports(table, tuple(reader.stars) if by_all else (), lazy=True)
    public = frozenset(reader.public) if reader.public is not None else None
    classes = {name: _outline(node) for name, node in class_definitions(module).items()}
    return Exports(reader.names, tuple(reader.stars), public, dynamic=_dynamic(module), classes=classes)


@dataclass
class _Reader:
    """Collects what the top level of a module binds; function bodies bind nothing there."""

    typing_too: bool
    names: dict[str, tuple[int, str, str] | None] = field(default_factory=dict)
    stars: list[tuple[int, str]] = field(default_factory=list)
    public: list[str] | None = None

    def read(self, body: list[ast.stmt], guard: Guard) -> None:
        for statement in body:
            self._read_one(statement)
            for block, inner in blocks(statement, guard):
                hidden = inner == "function" or (inner == "typing" and not self.typing_too)
                if not hidden and not isinstance(statement, ast.ClassDef):
                    self.read(block, inner)

    def _read_one(self, statement: ast.stmt) -> None:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                self.names[name] = None
            case ast.Import(names=aliases):
                for alias in aliases:
                    top = alias.name.partition(".")[0]
                    self.names.setdefault(alias.asname or top, (0, alias.name if alias.asname else top, ""))
            case ast.ImportFrom(names=aliases, module=module, level=level):
                self._read_from(aliases, level, module or "")
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    self._bind(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self._bind(target, value)
            case ast.AugAssign(target=target, value=value):
                self._bind(target, value)
            case ast.For(target=target):
                self._bind(target, None)
            case ast.With(items=items):
                for item in items:
                    if item.optional_vars is not None:
                        self._bind(item.optional_vars, None)

    def _read_from(self, aliases: list[ast.alias], level: int, module: str) -> None:
        for alias in aliases:
            if alias.name == "*":
                self.stars.append((level, module))
            else:
                self.names.setdefault(alias.asname or alias.name, (level, module, alias.name))

    def _bind(self, target: ast.expr, value: ast.expr | None) -> None:
        if dotted(target) == "__all__":
            self.public = [*(self.public or ()), *strings(value)]
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                self.names[node.id] = None


def _is_lazy(module: ast.Module) -> bool:
    """Whether the module replaces itself by a lazy one, as diffusers' and transformers' packages do."""
    for statement in module.body:
        for node in [statement, *getattr(statement, "orelse", ())]:
            call = node.value if isinstance(node, ast.Assign) else None
            if isinstance(call, ast.Call) and dotted(call.func).rpartition(".")[2] in _LAZY:
                return True
    return False


def _lazy_table(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, tuple[int, str, str] | None]]:
    for node in nodes:
        for key, value in _entries(node):
            names = strings(value)
            if not isinstance(value, ast.List | ast.Tuple | ast.Set):
                yield key, None
            elif "." not in key:
                yield key, (1, "", key)
            for name in names:
                yield name, (1, key, name)


def _entries(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """``table = {k: v}``, ``table[k] = v``, ``table[k] += v``, ``table[k].extend(v)``, ``table.update({k: v})``."""
    match node:
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and isinstance(key.value, str):
                    yield key.value, value
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str() as key))], value=value):
            yield key, value
        case ast.AugAssign(target=ast.Subscript(slice=ast.Constant(value=str() as key)), value=value):
            yield key, value
        case ast.Call(func=ast.Attribute(value=ast.Subscript(slice=ast.Constant(value=str() as key)), attr=attr)):
            if attr == "extend" and node.args:
                yield key, node.args[0]
            elif attr == "append" and node.args:
                yield key, ast.List(elts=[node.args[0]], ctx=ast.Load())


def _dynamic(module: ast.Module) -> frozenset[str]:
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__":
            texts = (node.value for node in ast.walk(module) if isinstance(node, ast.Constant))
            return frozenset(text for text in texts if isinstance(text, str) and text.isidentifier())
    return frozenset()


def class_definitions(module: ast.Module) -> dict[str, ast.ClassDef]:
    """The class definitions of a module by name.

    The first one at the top level counts; one hidden in a block (conditions, tries) only where there is no other.
    """
    everywhere = [*module.body, *(node for node, _ in statements(module))]
    return {node.name: node for node in reversed(everywhere) if isinstance(node, ast.ClassDef)}


def _outline(node: ast.ClassDef) -> Outline:
    return Outline(tuple(filter(None, map(dotted, node.bases))), dict(_methods(node)))


def _methods(node: ast.ClassDef) -> Iterator[tuple[str, Method]]:
    for item in node.body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef):
            names = [each.arg for each in (*item.args.posonlyargs, *item.args.args)]
            is_static = any(dotted(each) == "staticmethod" for each in item.decorator_list)
            passed = names if is_static else names[1:]
            yield item.name, Method(tuple(passed), max(0, len(passed) - len(item.args.defaults)))
