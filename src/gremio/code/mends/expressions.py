"""Expressions from text, with the author's own expressions in them."""

from __future__ import annotations

import ast
import copy
from functools import cache


def expression(text: str, *parts: ast.expr) -> ast.expr:
    """``expression("getattr({0}, 'a', {0})", owner)``: the text parsed, each ``{n}`` replaced by a part."""
    made = _Filler(parts).visit(copy.deepcopy(_template(text)))
    assert isinstance(made, ast.expr)
    return made


@cache
def _template(text: str) -> ast.expr:
    for number in range(4):
        text = text.replace(f"{{{number}}}", f"_part_{number}")
    node = ast.parse(text, mode="eval").body
    for child in ast.walk(node):
        for name in child._attributes:
            if hasattr(child, name):
                delattr(child, name)
    return node


class _Filler(ast.NodeTransformer):
    def __init__(self, parts: tuple[ast.expr, ...]) -> None:
        self._parts = {f"_part_{number}": part for number, part in enumerate(parts)}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._parts.get(node.id, node)
