"""Imports under conditions: cut out with their condition, since another machine may decide otherwise."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from gremio.code.syntax.parsing import dotted
from gremio.publishing.saving.extraction.names import bound_names
from gremio.publishing.saving.extraction.places import Place, absolute
from gremio.publishing.saving.extraction.sources import Text, Texts

_ALLOWED = (ast.Import, ast.ImportFrom, ast.Assign, ast.If, ast.Try, ast.Pass, ast.Raise, ast.Expr)


class Guards:
    """Finds the ``if`` or ``try`` at module level that binds a name."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._last: dict[Text, dict[str, ast.stmt]] = {}

    def of(
        self, name: str, value: object, text: Text, space: Mapping[str, object], *, missing: bool
    ) -> tuple[ast.stmt | None, Text | None]:
        """The guard that bound a name last and its text; nothing where something else bound it."""
        for where in self._texts.near(text):
            node = self._binders(where).get(name)
            if node is not None:
                good = is_guard(node) and (missing or _explains(node, name, value, space))
                return (node, where) if good else (None, None)
        return None, None

    def names(self, node: ast.stmt) -> set[str]:
        """What a statement binds."""
        return bound_names(ast.Module([node], []))

    def _binders(self, text: Text) -> dict[str, ast.stmt]:
        """The last statement that binds each name of a text."""
        if text not in self._last:
            body = text.tree.body if text.tree else []
            self._last[text] = {name: node for node in body for name in self.names(node)}
        return self._last[text]


def is_guard(node: ast.stmt) -> bool:
    """Whether a statement does nothing but import, and set names to plain values, under a condition."""
    if not isinstance(node, ast.If | ast.Try):
        return False
    conditions = [inner.test for inner in ast.walk(node) if isinstance(inner, ast.If)]
    if any(isinstance(part, ast.Name) and part.id == "__name__" for test in conditions for part in ast.walk(test)):
        return False
    inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.stmt)]
    imports = any(isinstance(inner, ast.Import | ast.ImportFrom) for inner in inside)
    return imports and all(isinstance(inner, _ALLOWED) and _is_plain(inner) for inner in inside)


def _is_plain(node: ast.stmt) -> bool:
    if not isinstance(node, ast.Assign):
        return True
    return all(isinstance(target, ast.Name) for target in node.targets) and _is_literal(node.value)


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError):
        return bool(dotted(node))
    return True


def _explains(node: ast.stmt, name: str, value: object, space: Mapping[str, object]) -> bool:
    """Whether one of the guard's branches gives the name the value that it has."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Assign) and name in {dotted(target) for target in inner.targets}:
            try:
                literal = ast.literal_eval(inner.value)
            except (ValueError, TypeError, SyntaxError):
                continue
            if type(literal) is type(value) and literal == value:
                return True
        elif isinstance(inner, ast.Import | ast.ImportFrom) and _imports(inner, name, value, space):
            return True
    return False


def _imports(node: ast.Import | ast.ImportFrom, name: str, value: object, space: Mapping[str, object]) -> bool:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            bound, place = alias.asname or alias.name, Place(absolute(node, space), alias.name)
        else:
            top = alias.name.partition(".")[0]
            bound, place = alias.asname or top, Place(alias.name if alias.asname else top)
        if bound == name and place.value() is value:
            return True
    return False
