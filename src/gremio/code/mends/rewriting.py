"""Walks a file once for all mends that may be needed, and copies only what changes and what contains it."""

from __future__ import annotations

import ast
import copy
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gremio.code.mends.mend import Definition, Mend, Repair, Scope

_LONGEST = 120
_BEFORE = 30
# Evaluated, if at all, outside of the definition that they belong to.
_OUTSIDE = frozenset({"args", "decorator_list", "bases", "keywords", "type_params"})
_TYPES = frozenset({"annotation", "returns"})


@dataclass
class Rewriter:
    """Applies mends to the syntax tree of one file; ``repairs`` collects what was done.

    ``lines`` are the numbers, in order, of the lines where there may be something to mend; what holds none of them is
    not walked.
    """

    file: str
    mends: Sequence[Mend]
    lines: Sequence[int]
    repairs: list[Repair] = field(default_factory=list)

    def rewrite(self, module: ast.Module) -> ast.Module:
        """The module itself when nothing is mended."""
        new = self._children(module, Scope(module=module))
        assert isinstance(new, ast.Module)
        return new

    def _visit(self, node: ast.AST, scope: Scope) -> ast.AST:
        if not self._concerns(node) or _is_script(node):
            return node
        new = self._children(node, scope)
        if not isinstance(node, ast.expr) or not isinstance(new, ast.expr):
            return new
        for mend in self.mends:
            made = mend.expression(new, scope)
            if made is not None:
                self.repairs.append(Repair(mend.name, self.file, node.lineno, *_texts(node, made)))
                new = _placed(made, node)
        return new

    def _concerns(self, node: ast.AST) -> bool:
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return True
        # A decorated definition begins above its own line.
        first = min([first, *(each.lineno for each in getattr(node, "decorator_list", ()))])
        return bisect_left(self.lines, first) < bisect_right(self.lines, last)

    def _children(self, node: ast.AST, scope: Scope) -> ast.AST:
        outer = replace(scope, parent=node)
        inner = replace(outer, inside=(*scope.inside, node)) if isinstance(node, Definition) else outer
        new = node
        for name, value in ast.iter_fields(node):
            if name in _TYPES:
                continue
            made = self._field(value, outer if name in _OUTSIDE else inner)
            if made is not value:
                new = copy.copy(node) if new is node else new
                setattr(new, name, made)
        return new

    def _field(self, value: object, scope: Scope) -> object:
        if isinstance(value, ast.AST):
            return self._visit(value, scope)
        if not isinstance(value, list):
            return value
        items = [self._visit(item, scope) if isinstance(item, ast.AST) else item for item in value]
        return items if any(a is not b for a, b in zip(items, value, strict=True)) else value


def _is_script(node: ast.AST) -> bool:
    """``if __name__ == "__main__"``: never so here."""
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)


def _placed(made: ast.expr, like: ast.expr) -> ast.expr:
    """New nodes get the place of what they stand for, so that tracebacks show the author's line."""
    for node in ast.walk(made):
        if "lineno" in node._attributes and not hasattr(node, "lineno"):
            ast.copy_location(node, like)
    return made


def _texts(old: ast.expr, new: ast.expr) -> tuple[str, str]:
    """Both as source, from a little before where they begin to differ."""
    texts = ast.unparse(old), ast.unparse(new)
    same = next((place for place, (a, b) in enumerate(zip(*texts, strict=False)) if a != b), 0)
    start = same - _BEFORE if same > _BEFORE and max(map(len, texts)) > _LONGEST else 0
    return _cut(texts[0], start), _cut(texts[1], start)


def _cut(text: str, start: int) -> str:
    shown = f"…{text[start:]}" if start else text
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"
