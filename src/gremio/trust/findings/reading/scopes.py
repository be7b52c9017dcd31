"""What each name of a file is bound to, scope by scope, as written. Nothing is resolved here."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
Function = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp

Kind = Literal["import", "value", "each", "part", "definition", "instance", "class", "known", "unknown"]


@dataclass(frozen=True, slots=True, eq=False)
class Binding:
    """One way in which a name gets its value.

    ``import``: ``dotted`` at ``level``. ``value``: what ``node`` gives; ``each``: one of its elements; ``part``: the
    element at ``index``. ``definition``: the function or class ``node``, whose own scope is ``inner``. ``instance``
    and ``class``: of the class with the key ``dotted``. ``known``: what was found before. ``scope`` is where ``node``
    has to be read; None for the scope in which the name was found.
    """

    kind: Kind
    node: ast.AST | None = None
    dotted: str = ""
    level: int = 0
    index: int = 0
    scope: Scope | None = None
    inner: Scope | None = None
    known: Any = None


@dataclass(slots=True, eq=False)
class Scope:
    """The names of a module, class, function or comprehension, and the scope around it.

    ``attributes`` are what a class's methods assign to their object; ``returns`` what a function gives back. ``memo``
    is for whoever resolves the names.
    """

    kind: Literal["module", "class", "function", "comprehension"]
    key: str
    parent: Scope | None = None
    node: Definition | None = None
    bound: dict[str, list[Binding]] = field(default_factory=dict)
    stars: list[tuple[int, str]] = field(default_factory=list)
    returns: list[ast.expr] = field(default_factory=list)
    attributes: dict[str, list[Binding]] = field(default_factory=dict)
    memo: dict[Any, Any] = field(default_factory=dict)
    module: Scope = field(init=False, repr=False)
    """The outermost scope."""

    def __post_init__(self) -> None:
        """Kept, since it is asked for at every step."""
        self.module = self if self.parent is None else self.parent.module

    def holder(self, name: str) -> Scope | None:
        """The scope that a name is looked up in, as Python does: a class's names are not seen from its methods."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bound and (scope is self or scope.kind != "class"):
                return scope
            scope = scope.parent
        return None


class ScopeBuilder:
    """Reads the statements of one file; expressions only where a walrus may bind in them."""

    def __init__(self, key: str, source: bytes) -> None:
        self.module = Scope("module", key)
        self.of: dict[ast.AST, Scope] = {}
        self.keys: dict[str, Scope] = {}
        self._walrus = b":=" in source

    def build(self, module: ast.Module) -> None:
        """Fill ``module`` and ``of``."""
        self._body(module.body, self.module)

    def define(self, node: Definition, parent: Scope) -> Scope:
        """The scope of a function, lambda or class; one for each node."""
        if node in self.of:
            return self.of[node]
        name = "<lambda>" if isinstance(node, ast.Lambda) else node.name
        key = f"{parent.key}.{name}"
        while key in self.keys:
            key += "'"
        scope = Scope("class" if isinstance(node, ast.ClassDef) else "function", key, parent, node)
        self.of[node] = self.keys[key] = scope
        if isinstance(node, ast.Lambda):
            scope.returns.append(node.body)
        if not isinstance(node, ast.ClassDef):
            _parameters(node, scope)
        return scope

    def _body(self, body: Sequence[ast.stmt], scope: Scope) -> None:
        for statement in body:
            self._statement(statement, scope)

    def _statement(self, node: ast.stmt, scope: Scope) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                inner = self.define(node, scope)
                _bind(scope, node.name, Binding("definition", node, inner=inner))
                self._body(node.body, inner)
            case ast.Import():
                for alias in node.names:
                    dotted = alias.name if alias.asname else alias.name.partition(".")[0]
                    _bind(scope, alias.asname or dotted, Binding("import", node, dotted))
            case ast.ImportFrom():
                self._import_from(node, scope)
            case ast.Assign():
                for target in node.targets:
                    _target(target, "value", node.value, scope)
            case ast.AnnAssign(value=value):
                if value is not None:
                    _target(node.target, "value", value, scope)
            case ast.AugAssign():
                _target(node.target, "unknown", node.value, scope)
            case ast.For() | ast.AsyncFor():
                _target(node.target, "each", node.iter, scope)
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    if item.optional_vars is not None:
                        _target(item.optional_vars, "value", item.context_expr, scope)
            case ast.Return(value=value):
                scope.returns += [value] if value is not None else []
            case ast.Global() | ast.Nonlocal():
                self._declared(node, scope)
            case ast.Match():
                for pattern in ast.walk(node):
                    name = getattr(pattern, "name", None) if isinstance(pattern, ast.MatchAs | ast.MatchStar) else None
                    if name:
                        _bind(scope, name, Binding("value", node.subject))
            case ast.Try() | ast.TryStar():
                for handler in node.handlers:
                    if handler.name:
                        _bind(scope, handler.name, Binding("unknown"))
        if self._walrus:
            self._named(node, scope)
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for block in inner_blocks(node):
                self._body(block, scope)

    def _import_from(self, node: ast.ImportFrom, scope: Scope) -> None:
        for alias in node.names:
            if alias.name == "*":
                scope.module.stars.append((node.level, node.module or ""))
            else:
                whole = f"{node.module}.{alias.name}" if node.module else alias.name
                _bind(scope, alias.asname or alias.name, Binding("import", node, whole, node.level))

    def _declared(self, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
        """What a function binds under these names, it binds outside."""
        for name in node.names:
            outer = scope.module if isinstance(node, ast.Global) else _around(scope, name)
            # The same list: what either scope binds, both have.
            scope.bound[name] = outer.bound.setdefault(name, [])

    def _named(self, node: ast.stmt, scope: Scope) -> None:
        for expression in _expressions(node):
            for found in ast.walk(expression):
                if isinstance(found, ast.NamedExpr):
                    _bind(scope, found.target.id, Binding("value", found.value))


def _around(scope: Scope, name: str) -> Scope:
    """The nearest function around that has bound a name so far, else the nearest."""
    outer = scope.parent
    while outer is not None and name not in outer.bound:
        outer = outer.parent
    return outer or scope.parent or scope


def inner_blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The lists of statements inside a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield block
    for part in (*getattr(node, "handlers", ()), *getattr(node, "cases", ())):
        yield part.body


def comprehended(node: Comprehension, parent: Scope) -> Scope:
    """The scope of a comprehension: its targets."""
    scope = Scope("comprehension", parent.key, parent)
    for generator in node.generators:
        _target(generator.target, "each", generator.iter, scope)
    return scope


def with_arguments(scope: Scope, values: dict[str, Binding]) -> Scope:
    """The scope of a function for one call of it."""
    bound = {**scope.bound, **{name: [binding] for name, binding in values.items()}}
    return Scope(scope.kind, scope.key, scope.parent, scope.node, bound, scope.stars, scope.returns)


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, scope: Scope) -> None:
    args = node.args
    positional = [*args.posonlyargs, *args.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(args.defaults)) + list(args.defaults)
    pairs = [*zip(positional, defaults, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    for arg, default in pairs:
        if default is not None:
            # A default is read where the function is defined.
            _bind(scope, arg.arg, Binding("value", default, scope=scope.parent))
        _bind(scope, arg.arg, Binding("unknown"))
    for rest in (args.vararg, args.kwarg):
        if rest is not None:
            _bind(scope, rest.arg, Binding("unknown"))
    me = method_object(scope)
    if me and scope.parent:
        scope.bound[me] = [Binding(_first(node), dotted=scope.parent.key)]


def is_parameter(name: str, scope: Scope) -> bool:
    """Whether a name, seen from a scope, is what a function is given."""
    holder = scope.holder(name)
    args = getattr(holder.node, "args", None) if holder is not None else None
    if args is None:
        return False
    every = (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg)
    return any(arg is not None and arg.arg == name for arg in every)


def method_object(scope: Scope) -> str:
    """What a method calls its object or class; empty for any other scope."""
    if scope.parent is None or scope.parent.kind != "class" or not isinstance(scope.node, Function):
        return ""
    args = [*scope.node.args.posonlyargs, *scope.node.args.args]
    return args[0].arg if args and _first(scope.node) != "unknown" else ""


def _first(node: ast.AST) -> Literal["instance", "class", "unknown"]:
    """What the first parameter of a method is."""
    decorators = {each.id for each in getattr(node, "decorator_list", ()) if isinstance(each, ast.Name)}
    if "staticmethod" in decorators:
        return "unknown"
    implied = getattr(node, "name", "") in ("__new__", "__init_subclass__", "__class_getitem__")
    return "class" if implied or "classmethod" in decorators else "instance"


def _target(target: ast.expr, kind: Kind, value: ast.expr, scope: Scope) -> None:
    match target:
        case ast.Name(id=name):
            _bind(scope, name, Binding(kind, value))
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for index, part in enumerate(parts):
                inner = part.value if isinstance(part, ast.Starred) else part
                if isinstance(inner, ast.Name) and kind == "value":
                    starred = isinstance(part, ast.Starred)
                    _bind(scope, inner.id, Binding("each" if starred else "part", value, index=index))
                else:
                    _target(inner, "unknown", value, scope)
        case ast.Starred(value=inner):
            _target(inner, "unknown", value, scope)
        case ast.Attribute(value=ast.Name(id=name), attr=attribute):
            owner = _class_of(name, scope)
            if owner is not None:
                owner.attributes.setdefault(attribute, []).append(Binding(kind, value, scope=scope))


def _class_of(name: str, scope: Scope) -> Scope | None:
    """The class of which a name is the object, in its methods, or that it is the name of."""
    holder = scope.holder(name)
    if holder is None:
        return None
    if holder.parent is not None and method_object(holder) == name:
        return holder.parent
    return next((each.inner for each in holder.bound[name] if each.inner and each.inner.kind == "class"), None)


def _bind(scope: Scope, name: str, binding: Binding) -> None:
    scope.bound.setdefault(name, []).append(binding)


def _expressions(node: ast.stmt) -> Iterator[ast.AST]:
    """What stands directly in a statement, without the statements inside it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ExceptHandler):
            if child.type is not None:
                yield child.type
        elif isinstance(child, ast.match_case):
            if child.guard is not None:
                yield child.guard
        elif not isinstance(child, ast.stmt):
            yield child
