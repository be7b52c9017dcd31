"""What calls give: those that look something up by its name, those that only change the shape of constants, those of
functions of the tree."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gremio.trust.findings.reading import constants
from gremio.trust.findings.reading.members import CALLS, attribute, class_of, elements, item
from gremio.trust.findings.reading.program import TREE
from gremio.trust.findings.reading.scopes import Binding, Scope, method_object, with_arguments
from gremio.trust.findings.reading.values import Box, Const, Getter, Meaning, Value, either, folded, references, union

if TYPE_CHECKING:
    from gremio.trust.findings.reading.names import Names

ANY = ".?"
"""Stands for an attribute whose name isn't known."""
_INSIDE = 8  # functions of the tree that are followed into one another
_ITEMS = 20_000  # of a map over constants
IMPORTERS = frozenset((
    "builtins.__import__", "importlib.import_module", "importlib.__import__", "importlib._bootstrap._gcd_import",
    "pydoc.locate", "pkgutil.resolve_name", "pydoc.safeimport",
))  # fmt: skip
"""Functions that give a module, or something in it, for its name."""

GETTERS = frozenset(
    ("builtins.getattr", "builtins.object.__getattribute__", "builtins.type.__getattribute__", "inspect.getattr_static")
)
"""Functions that give an attribute for an object and a name."""

_SAME = frozenset((
    "builtins.iter", "builtins.list", "builtins.tuple", "builtins.set", "builtins.reversed", "builtins.sorted",
    "builtins.staticmethod", "builtins.classmethod", "builtins.property", "functools.partial", "functools.lru_cache",
    "functools.cache", "copy.copy", "copy.deepcopy", "functools.wraps", "types.MethodType", "weakref.proxy",
))  # fmt: skip
"""Functions whose first argument is what counts."""


def call(names: Names, node: ast.Call, scope: Scope) -> Value:
    """What a call gives."""
    if isinstance(node.func, ast.Attribute):
        known = _method(names, node.func, node, scope)
        if known:
            return known
    callee = names.value(node.func, scope)
    if len(callee) == 1:
        return called(names, callee[0], node, scope)
    return union(called(names, each, node, scope) for each in callee)


def _method(names: Names, function: ast.Attribute, node: ast.Call, scope: Scope) -> Value:
    base = names.value(function.value, scope)
    found: list[Value] = []
    for each in base:
        if isinstance(each, Const):
            arguments = _arguments(names, node, scope)
            if arguments is not None:
                found.append(folded(constants.method, each.value, function.attr, *arguments))
        elif isinstance(each, Box) and function.attr in ("get", "pop", "__getitem__") and node.args:
            found.append(item(names, (each,), names.constant(node.args[0], scope)))
        elif isinstance(each, Box) and function.attr in ("values", "items", "copy", "keys"):
            found.append((each,) if function.attr == "copy" else _rows(names, each, function.attr))
    return union(found)


def _rows(names: Names, box: Box, name: str) -> Value:
    if not isinstance(box.node, ast.Dict):
        return ()
    nodes = {"values": box.node.values, "keys": [k for k in box.node.keys if k is not None]}.get(name)
    if nodes is None:
        pairs = zip(box.node.keys, box.node.values, strict=True)
        nodes = [ast.Tuple(elts=[key, value], ctx=ast.Load()) for key, value in pairs if key is not None]
    return (Box(ast.List(elts=list(nodes), ctx=ast.Load()), box.scope),)


def _arguments(names: Names, node: ast.Call, scope: Scope) -> tuple[list[Any], dict[str, Any]] | None:
    """The arguments, if all of them are constants; a function among them by its name."""
    args: list[Any] = []
    for arg in node.args:
        value = names.value(arg.value if isinstance(arg, ast.Starred) else arg, scope)
        if len(value) != 1 or not isinstance(value[0], Const | str):
            return None
        plain = value[0].value if isinstance(value[0], Const) else value[0]
        if isinstance(arg, ast.Starred):
            if not isinstance(plain, tuple):
                return None
            args += plain
        else:
            args.append(plain)
    keywords = {}
    for keyword in node.keywords:
        each = names.constant(keyword.value, scope)
        if each is None or keyword.arg is None:
            return None
        keywords[keyword.arg] = each.value
    return args, keywords


def called(names: Names, callee: Meaning, node: ast.Call, scope: Scope) -> Value:
    """What calling one of its meanings gives."""
    if isinstance(callee, Getter):
        return _got(names, callee, node, scope)
    if not isinstance(callee, str):
        return ()
    if callee.startswith(TREE):
        return _called_own(names, callee, node, scope)
    special = _special(names, callee, node, scope)
    if special is not None:
        return special
    return (f"{callee}()",) if callee.count("()") < CALLS else ()


def _special(names: Names, callee: str, node: ast.Call, scope: Scope) -> Value | None:
    first = node.args[0] if node.args else None
    if callee in constants.FUNCTIONS:
        arguments = _arguments(names, node, scope)
        known = folded(constants.call, callee, *arguments) if arguments is not None else ()
        if known:
            return known
    if callee in GETTERS and len(node.args) > 1:
        base = names.value(node.args[0], scope)
        return union(_by_name(names, base, each) for each in names.value(node.args[1], scope) or ["?"])
    if callee in IMPORTERS:
        return _import(names, callee, node, scope)
    if callee.endswith((".__getattribute__", ".__getattr__")) and first is not None:
        base = (callee.rpartition(".")[0],)
        return union(_by_name(names, base, each) for each in names.value(first, scope) or ["?"])
    if callee == "builtins.vars" and first is not None:
        return tuple(f"{each}.__dict__" for each in references(names.value(first, scope)))
    if callee == "builtins.globals" or (callee in ("builtins.vars", "builtins.locals") and scope.kind == "module"):
        return (f"{scope.module.key}.__dict__",)
    if callee == "builtins.type" and len(node.args) == 1 and first is not None:
        found = references(names.value(first, scope))
        return tuple(class_of(names, each) for each in found) or ("?.__class__",)
    if callee == "builtins.super":
        return _super(names, scope)
    if callee == "builtins.next" and first is not None:
        return elements(names, names.value(first, scope))
    if callee in _SAME and first is not None:
        return names.value(first, scope)
    if callee == "functools.reduce":
        return _reduced(names, node, scope)
    if callee == "builtins.map" and len(node.args) == 2:
        return _mapped(names, node, scope)
    if callee in ("operator.attrgetter", "operator.methodcaller"):
        given = [names.constant(arg, scope) for arg in node.args]
        texts = tuple(each.value for each in given if each is not None and isinstance(each.value, str))
        return (Getter(texts, callee.endswith("methodcaller")),)
    owner, _, method = callee.rpartition(".")
    if method in ("get", "pop", "__getitem__", "setdefault") and owner.endswith(("sys.modules", ".__dict__")):
        return item(names, (owner,), names.constant(first, scope))
    return None


def _by_name(names: Names, base: Value, name: Meaning) -> Value:
    if not isinstance(name, Const) or not isinstance(name.value, str):
        # Any attribute at all of these.
        return tuple(f"{each}{ANY}" for each in references(base) if _is_library(each))
    return union(attribute(names, each, name.value) for each in references(base) or ["?"])


def _got(names: Names, getter: Getter, node: ast.Call, scope: Scope) -> Value:
    base = names.value(node.args[0], scope) if node.args else ()
    found: list[Value] = []
    for name in getter.names:
        value: Value = base
        for part in name.split("."):
            value = _by_name(names, value, Const(part))
        found.append(value)
    return union(found)


def _reduced(names: Names, node: ast.Call, scope: Scope) -> Value:
    """``reduce(getattr, ["a", "b"], base)``."""
    if len(node.args) != 3 or not GETTERS & set(references(names.value(node.args[0], scope))):
        return ()
    path, value = names.constant(node.args[1], scope), names.value(node.args[2], scope)
    for name in path.value if path is not None and isinstance(path.value, tuple) else ():
        value = _by_name(names, value, Const(name))
    return value


def _import(names: Names, callee: str, node: ast.Call, scope: Scope) -> Value:
    name = names.constant(argument(node, 0, "name"), scope)
    if name is None or not isinstance(name.value, str):
        return ()
    text = name.value.replace(":", ".")
    if text.startswith("."):
        return (f"relative.{text.lstrip('.')}",)
    listed = argument(node, 3, "fromlist")
    whole = callee != "builtins.__import__" or (listed is not None and names.constant(listed, scope) != Const(()))
    return names.module(text if whole else text.partition(".")[0], names.file(scope))


def _super(names: Names, scope: Scope) -> Value:
    while scope.kind != "class" and scope.parent is not None:
        scope = scope.parent
    if not isinstance(scope.node, ast.ClassDef) or scope.parent is None:
        return ()
    bases = [each for base in scope.node.bases for each in references(names.value(base, scope.parent))]
    return tuple(f"{base}()" for base in bases)


def _called_own(names: Names, callee: str, node: ast.Call, scope: Scope) -> Value:
    found = names.program.scope(callee)
    if found is None or callee.endswith("()"):
        return (f"{callee}()",) if callee.count("()") < CALLS else ()
    if found[1].kind == "class":
        return (f"{callee}()",)
    values = [names.value(arg, scope) for arg in node.args]
    named = {each.arg: names.value(each.value, scope) for each in node.keywords if each.arg}
    return _returned(names, found[1], values, named) or (f"{callee}()",)


def _returned(names: Names, function: Scope, values: list[Value], named: dict[str, Value]) -> Value:
    """What a function of the tree gives for these arguments, as far as its return statements say."""
    entered = function.key in names.entered or len(names.entered) >= _INSIDE
    if not function.returns or entered or not isinstance(function.node, _FUNCTIONS):
        return ()
    args = function.node.args
    parameters = [each.arg for each in (*args.posonlyargs, *args.args)]
    if method_object(function):
        parameters = parameters[1:]
    passed = dict(zip(parameters, values, strict=False)) | named
    inner = with_arguments(function, {name: Binding("known", known=value) for name, value in passed.items()})
    names.entered.add(function.key)
    try:
        return either([names.value(each, inner) for each in function.returns])
    finally:
        names.entered.discard(function.key)


def _mapped(names: Names, node: ast.Call, scope: Scope) -> Value | None:
    """``map(f, …)`` with a function of the tree, over one constant."""
    items = names.constant(node.args[1], scope)
    keys = references(names.value(node.args[0], scope))
    found = names.program.scope(keys[0]) if len(keys) == 1 else None
    if found is None or items is None or not isinstance(items.value, str | bytes | tuple | range):
        return None
    values = [_returned(names, found[1], [(Const(each),)], {}) for each in items.value[:_ITEMS]]
    sure = [value[0].value for value in values if len(value) == 1 and isinstance(value[0], Const)]
    return (Const(tuple(sure)),) if len(sure) == len(items.value) else None


def argument(call: ast.Call, position: int, keyword: str) -> ast.expr | None:
    """An argument of a call by its position or keyword, if it is written there."""
    for each in call.keywords:
        if each.arg == keyword:
            return each.value
    before = call.args[: position + 1]
    if len(before) <= position or any(isinstance(each, ast.Starred) for each in before):
        return None
    return before[position]


def _is_library(reference: str) -> bool:
    """Whether it is a module or class of a library, of which one attribute more or less can be told."""
    return not reference.startswith((TREE, "?")) and "(" not in reference and not reference.endswith(ANY * 2)


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
