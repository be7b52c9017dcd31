"""Texts: written out, and put together from pieces that the code has."""

from __future__ import annotations

import ast

from gremio.trust.findings.reading.constants import DECODERS
from gremio.trust.findings.reading.expressions import operands
from gremio.trust.findings.reading.recording import Recorder
from gremio.trust.findings.reading.values import Value, references

_SPELLING = frozenset((
    "join", "decode", "encode", "fromhex", "replace", "format", "translate", "lower", "upper", "swapcase", "strip",
    "title",
))  # fmt: skip
_PIECES = frozenset(
    ("builtins.chr", "builtins.bytes", "builtins.bytearray", "builtins.str", "codecs.decode", "builtins.bytes.fromhex")
)


class Texts(Recorder):
    """Records every text but docstrings."""

    def _constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and node.value:
            self._text(node.value, node, assembled=False)
        elif isinstance(node.value, bytes) and node.value:
            self._text(node.value.decode("latin-1"), node, assembled=False)

    def _joined(self, node: ast.JoinedStr) -> None:
        self._runs(node, [each.value if isinstance(each, ast.FormattedValue) else each for each in node.values])
        self.children(node)

    def _binary(self, node: ast.BinOp) -> None:
        pieces = operands(node)
        if isinstance(node.op, ast.Add):
            if any(_spells(each) for each in pieces):
                self._runs(node, pieces)
        elif isinstance(node.op, ast.Div):
            self._path(node)
        elif isinstance(node.op, ast.Mod | ast.Mult) and any(_spells(each) for each in pieces):
            self._spelled(node)
        for each in pieces:
            self.visit(each)

    def _path(self, node: ast.BinOp) -> None:
        """What ``home / "a" / "b"`` spells."""
        pieces: list[ast.expr] = []
        left: ast.expr = node
        while isinstance(left, ast.BinOp) and isinstance(left.op, ast.Div):
            pieces.append(left.right)
            left = left.left
        if len(pieces) > 1 and any(_spells(each) for each in pieces):
            self._runs(node, [left, *reversed(pieces)], "/")

    def _runs(self, node: ast.expr, pieces: list[ast.expr], between: str = "") -> None:
        """The texts that neighbouring pieces spell."""
        run: list[str] = []
        for piece in [*pieces, None]:
            known = self._names.constant(piece, self._scope)
            text = known.value if known is not None else None
            if isinstance(text, str | bytes):
                run.append(text if isinstance(text, str) else text.decode("latin-1"))
                continue
            if len(run) > 1:
                self._text(between.join(run), node, assembled=not between)
            run = []

    def _spelled(self, node: ast.expr, callee: Value = ()) -> None:
        """A text that is put together from pieces that the code has."""
        if isinstance(node, ast.Call):
            if len(node.args) > 1 and any(each.endswith((".join", ".joinpath")) for each in references(callee)):
                self._runs(node, node.args, "/")
                return
            decodes = any(each in DECODERS or each in _PIECES for each in references(callee))
            if not decodes and not (isinstance(node.func, ast.Attribute) and node.func.attr in _SPELLING):
                return
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice):
            return
        known = self._names.constant(node, self._scope)
        if known is not None and isinstance(known.value, str | bytes) and known.value:
            text = known.value if isinstance(known.value, str) else known.value.decode("latin-1")
            self._text(text, node, assembled=True)

    handlers = Recorder.handlers | {ast.Constant: _constant, ast.JoinedStr: _joined, ast.BinOp: _binary}


def _spells(node: ast.expr) -> bool:
    """Whether an operand may be a piece of a text."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str | bytes)
    return isinstance(node, ast.JoinedStr | ast.Name) or (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
