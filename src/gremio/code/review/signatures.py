"""What a class takes, read from its methods or from those it inherits."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gremio.code.libraries.classes import library_bases, library_class
from gremio.code.review.classes import ClassReader
from gremio.code.syntax.parsing import dotted, strings
from gremio.errors import NoClass

ParameterKind = Literal["positional_only", "positional", "var_positional", "keyword_only", "var_keyword"]
Method = ast.FunctionDef | ast.AsyncFunctionDef

_NO_TYPES = frozenset({"Union", "Optional", "None", "Any", "Literal", "Annotated"})
_PLAIN = frozenset({"bool", "int", "float", "str", "bytes", "list", "dict", "tuple", "List", "Dict", "Tuple"})


@dataclass(frozen=True)
class Parameter:
    """One parameter as written; ``default`` is source text, None when there is no default."""

    name: str
    annotation: str
    default: str | None
    kind: ParameterKind
    required: bool


@dataclass(frozen=True)
class ComponentSlot:
    """A component that a pipeline class takes; ``types`` are absolute dotted names, empty when it doesn't say."""

    name: str
    types: tuple[str, ...]
    optional: bool


@dataclass(frozen=True)
class Definition:
    """A class where it was found: in a file of the tree (``path``), or in a module of an installed library."""

    node: ast.ClassDef
    path: str = ""
    module: str = ""


@dataclass
class SignatureReader:
    """Answers about the classes that a ClassReader reads, and of installed libraries by their dotted names."""

    classes: ClassReader

    def signature(self, class_name: str, method: str) -> tuple[Parameter, ...]:
        """The parameters of a method, without ``self``; empty when no class on the way defines one.

        Raises:
            NoClass: the entry has no such class.
        """
        found = self._method(class_name, method)
        return _parameters(found[1].args) if found else ()

    def call_docstring(self, class_name: str) -> str:
        """The docstring of ``__call__``, cleaned; empty when there is none."""
        found = self._method(class_name, "__call__")
        return ast.get_docstring(found[1]) or "" if found else ""

    def docstring(self, class_name: str) -> str:
        """The docstring of the class itself, cleaned."""
        return ast.get_docstring(self._start(class_name).node) or ""

    def components(self, class_name: str) -> tuple[ComponentSlot, ...]:
        """The components that a pipeline class takes: what has no default, and what it calls optional."""
        found = self._method(class_name, "__init__")
        if found is None:
            return ()
        owner, method = found
        optional = self._optional(class_name)
        slots = []
        for argument, parameter in zip(_arguments(method.args), _parameters(method.args), strict=True):
            types = tuple(self._absolute(owner, name) for name in type_names(argument.annotation))
            plain = bool(types) and all(name in _PLAIN for name in types)
            if parameter.name in optional or (parameter.required and not plain):
                slots.append(ComponentSlot(parameter.name, types, parameter.name in optional))
        return tuple(slots)

    def definitions(self, class_name: str) -> Iterator[Definition]:
        """The class, then its bases, depth first: through the tree, then through the installed libraries."""
        return self.lineage(self._start(class_name))

    def lineage(self, start: Definition) -> Iterator[Definition]:
        """The same from a class that was found."""
        waiting = [start]
        seen: set[tuple[str, str, str]] = set()
        while waiting:
            here = waiting.pop(0)
            key = (here.path, here.module, here.node.name)
            if key not in seen:
                seen.add(key)
                yield here
                waiting = [*self._bases(here), *waiting]

    def named(self, owner: Definition, name: str) -> Definition | None:
        """The class that ``name`` means where ``owner`` is defined."""
        absolute = self.classes.absolute(owner.path, name) if owner.path else library_bases(owner.module, [name])[0]
        return self._define(absolute)

    def _start(self, class_name: str) -> Definition:
        path = self.classes.tree.entry
        found = self._define(self.classes.absolute(path, class_name))
        if found is None:
            raise NoClass(f"{path} has no class {class_name}", ref=str(self.classes.tree.origin))
        return found

    def _bases(self, here: Definition) -> list[Definition]:
        if here.module:
            names = library_bases(here.module, filter(None, map(dotted, here.node.bases)))
        else:
            names = [self.classes.absolute(here.path, dotted(base)) for base in here.node.bases if dotted(base)]
        return [found for found in map(self._define, names) if found]

    def _define(self, absolute: str) -> Definition | None:
        place = self.classes.located(absolute)
        if place:
            return Definition(self.classes.nodes(place[0])[place[1]], path=place[0])
        installed = library_class(absolute)
        return Definition(installed[1], module=installed[0]) if installed else None

    def _method(self, class_name: str, method: str) -> tuple[Definition, Method] | None:
        for definition in self.definitions(class_name):
            for node in definition.node.body:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == method:
                    return definition, node
                if isinstance(node, ast.Assign) and any(dotted(target) == method for target in node.targets):
                    # What is assigned can't be told by reading.
                    return None
        return None

    def _optional(self, class_name: str) -> frozenset[str]:
        for definition in self.definitions(class_name):
            for node in definition.node.body:
                if isinstance(node, ast.Assign | ast.AnnAssign):
                    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                    if any(dotted(target) == "_optional_components" for target in targets):
                        return frozenset(strings(node.value))
        return frozenset()

    def _absolute(self, owner: Definition, name: str) -> str:
        if owner.path:
            return self.classes.absolute(owner.path, name)
        return name if name in _PLAIN else library_bases(owner.module, [name])[0]


def type_names(annotation: ast.expr | None) -> tuple[str, ...]:
    """The types that an annotation allows: each member of a union, ``Optional`` and ``None`` left out."""
    match annotation:
        case ast.Constant(value=str() as text):
            try:
                return type_names(ast.parse(text.strip(), mode="eval").body)
            except SyntaxError:
                return ()
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return tuple(dict.fromkeys(type_names(left) + type_names(right)))
        case ast.Subscript(value=value, slice=inner) if dotted(value).rpartition(".")[2] in ("Union", "Optional"):
            members = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return tuple(dict.fromkeys(name for member in members for name in type_names(member)))
        case ast.Subscript(value=value):
            return type_names(value)
        case ast.Name() | ast.Attribute():
            name = dotted(annotation)
            return (name,) if name and name.rpartition(".")[2] not in _NO_TYPES else ()
    return ()


def _arguments(args: ast.arguments) -> list[ast.arg]:
    """All in order, ``self`` dropped."""
    plain = [*args.posonlyargs, *args.args][1:]
    return [*plain, *filter(None, [args.vararg]), *args.kwonlyargs, *filter(None, [args.kwarg])]


def _parameters(args: ast.arguments) -> tuple[Parameter, ...]:
    plain = [*args.posonlyargs, *args.args]
    defaults: dict[int, ast.expr | None] = {
        id(arg): value for arg, value in zip(reversed(plain), reversed(args.defaults), strict=False)
    }
    defaults |= {id(arg): value for arg, value in zip(args.kwonlyargs, args.kw_defaults, strict=True)}
    kinds: dict[int, ParameterKind] = {id(arg): "positional_only" for arg in args.posonlyargs}
    kinds |= {id(arg): "keyword_only" for arg in args.kwonlyargs}
    if args.vararg:
        kinds[id(args.vararg)] = "var_positional"
    if args.kwarg:
        kinds[id(args.kwarg)] = "var_keyword"
    return tuple(_parameter(arg, defaults.get(id(arg)), kinds.get(id(arg), "positional")) for arg in _arguments(args))


def _parameter(arg: ast.arg, default: ast.expr | None, kind: ParameterKind) -> Parameter:
    return Parameter(
        name=arg.arg,
        annotation=ast.unparse(arg.annotation) if arg.annotation else "",
        default=ast.unparse(default) if default else None,
        kind=kind,
        required=default is None and not kind.startswith("var_"),
    )
