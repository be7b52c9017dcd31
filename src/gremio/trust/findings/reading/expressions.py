"""What each kind of expression means."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gremio.trust.findings.reading import constants
from gremio.trust.findings.reading.calls import call
from gremio.trust.findings.reading.members import UNMISTAKABLE, attribute, item
from gremio.trust.findings.reading.scopes import Binding, Scope, comprehended
from gremio.trust.findings.reading.values import Box, Const, Meaning, Value, either, fewer, folded, union

if TYPE_CHECKING:
    from gremio.trust.findings.reading.names import Names

_LOCALS = {"builtins.locals()", "builtins.vars()"}
_ITEMS = 20_000  # of a comprehension over constants


def _constant(names: Names, node: ast.Constant, scope: Scope) -> Value:
    return (Const(node.value),) if constants.constant(node.value) else ()


def _name(names: Names, node: ast.Name, scope: Scope) -> Value:
    return names.name(node.id, scope)


def _attribute(names: Names, node: ast.Attribute, scope: Scope) -> Value:
    base = names.value(node.value, scope)
    if not base:
        if node.attr in UNMISTAKABLE:
            return (node.attr,)
        return ("?.__class__",) if node.attr == "__class__" else ()
    if len(base) == 1:
        return attribute(names, base[0], node.attr) if isinstance(base[0], str) else ()
    return union(attribute(names, each, node.attr) for each in base if isinstance(each, str))


def _subscript(names: Names, node: ast.Subscript, scope: Scope) -> Value:
    base = names.value(node.value, scope)
    if not base:
        return ()
    if isinstance(node.slice, ast.Slice):
        return union(_sliced(names, each, node.slice, scope) for each in base)
    if isinstance(node.slice, ast.Name) and node.slice.id == "__name__" and "sys.modules" in base:
        return (scope.module.key,)
    if _LOCALS & set(base):
        key = names.constant(node.slice, scope)
        return names.name(key.value, scope) if key is not None and isinstance(key.value, str) else ()
    return item(names, base, names.constant(node.slice, scope))


def _sliced(names: Names, value: Meaning, node: ast.Slice, scope: Scope) -> Value:
    if isinstance(value, Const):
        bounds = [names.constant(each, scope) if each else Const(None) for each in (node.lower, node.upper, node.step)]
        if all(bounds):
            return folded(constants.subscript, value.value, slice(*(each.value for each in bounds if each)))
        return ()
    return (value,) if isinstance(value, Box) else ()


def _container(names: Names, node: ast.List | ast.Tuple | ast.Set | ast.Dict, scope: Scope) -> Value:
    items = _constants(names, node, scope)
    return (Const(items),) if items is not None and constants.constant(items) else (Box(node, scope),)


def _constants(names: Names, node: ast.List | ast.Tuple | ast.Set | ast.Dict, scope: Scope) -> Any:
    if isinstance(node, ast.Dict):
        pairs = list(zip(node.keys, node.values, strict=True))
        found = [(names.constant(k, scope), names.constant(v, scope)) for k, v in pairs if k is not None]
        sure = [(k.value, v.value) for k, v in found if k and v and not isinstance(k.value, dict)]
        return dict(sure) if len(sure) == len(pairs) else None
    values = []
    for element in node.elts:
        each = names.constant(element, scope)
        if each is None:
            return None
        values.append(each.value)
    return tuple(values)


def _joined(names: Names, node: ast.JoinedStr, scope: Scope) -> Value:
    parts = []
    for part in node.values:
        inner = part.value if isinstance(part, ast.FormattedValue) else part
        plain = not isinstance(part, ast.FormattedValue) or (part.format_spec is None and part.conversion == -1)
        each = names.constant(inner, scope) if plain else None
        if each is None:
            return ()
        parts.append(each.value)
    return folded(lambda: constants.checked("".join(map(constants.text_of, parts))))


def _binary(names: Names, node: ast.BinOp, scope: Scope) -> Value:
    first, *rest = operands(node)
    left = names.value(first, scope)
    for each in rest:
        if not left:
            return ()
        left = _combined(names, node.op, left, names.value(each, scope))
    return left


def _combined(names: Names, op: ast.operator, left: Value, right: Value) -> Value:
    found = [
        folded(constants.binary, op, a.value, b.value)
        for a in left
        for b in right
        if isinstance(a, Const) and isinstance(b, Const)
    ]
    boxes = [each for each in (*left, *right) if isinstance(each, Box)]
    return fewer(union([*found, tuple(boxes)]))


def _unary(names: Names, node: ast.UnaryOp, scope: Scope) -> Value:
    each = names.constant(node.operand, scope)
    if each is not None and isinstance(each.value, int | float):
        if isinstance(node.op, ast.USub):
            return (Const(-each.value),)
        if isinstance(node.op, ast.Invert) and isinstance(each.value, int):
            return (Const(~each.value),)
        if isinstance(node.op, ast.Not):
            return (Const(not each.value),)
    return ()


def _choice(names: Names, node: ast.IfExp | ast.BoolOp, scope: Scope) -> Value:
    options = [node.body, node.orelse] if isinstance(node, ast.IfExp) else node.values
    return either([names.value(each, scope) for each in options])


def _inner(names: Names, node: ast.NamedExpr | ast.Await | ast.Starred, scope: Scope) -> Value:
    return names.value(node.value, scope)


def _lambda(names: Names, node: ast.Lambda, scope: Scope) -> Value:
    return (names.file(scope).scopes.define(node, scope).key,)


def _comprehension(names: Names, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, scope: Scope) -> Value:
    items = _iterated(names, node.generators, scope)
    if items is None:
        return names.value(ast.List(elts=[node.elt]), comprehended(node, scope))
    found = [names.constant(node.elt, each) for each in items]
    return (Const(tuple(each.value for each in found if each)),) if all(found) else ()


def _iterated(names: Names, generators: list[ast.comprehension], scope: Scope) -> list[Scope] | None:
    """One scope for each round of a comprehension over one constant; None where it is over anything else."""
    first = generators[0]
    over = names.constant(first.iter, scope)
    simple = len(generators) == 1 and not first.ifs
    if not simple or over is None or not isinstance(over.value, str | bytes | tuple | range | dict):
        return None
    if len(over.value) > _ITEMS:
        return None
    return [_round(first.target, each, scope) for each in over.value]


def _round(target: ast.expr, value: Any, scope: Scope) -> Scope:
    """The scope of one round of a comprehension."""
    inner = Scope("comprehension", scope.key, scope)
    if isinstance(target, ast.Name):
        inner.bound[target.id] = [Binding("known", known=(Const(value),))]
    elif isinstance(target, ast.Tuple) and isinstance(value, tuple) and len(value) == len(target.elts):
        for part, each in zip(target.elts, value, strict=True):
            if isinstance(part, ast.Name):
                inner.bound[part.id] = [Binding("known", known=(Const(each),))]
    return inner


def operands(node: ast.BinOp) -> list[ast.expr]:
    """What ``a + b + c`` adds up, in order; two for any other operator."""
    found = [node.right]
    left = node.left
    while isinstance(node.op, ast.Add) and isinstance(left, ast.BinOp) and isinstance(left.op, ast.Add):
        found.append(left.right)
        left = left.left
    return [left, *reversed(found)]


CHEAP = (ast.Name, ast.Constant)
"""What is not worth remembering."""
RESOLVERS: dict[type[ast.AST], Callable[[Names, Any, Scope], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.List: _container,
    ast.Tuple: _container,
    ast.Set: _container,
    ast.Dict: _container,
    ast.JoinedStr: _joined,
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.IfExp: _choice,
    ast.BoolOp: _choice,
    ast.NamedExpr: _inner,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Call: call,
}
