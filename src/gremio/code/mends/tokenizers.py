"""Tokenizers that pad in their own way are told on which side."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Function, Scope
from gremio.code.syntax.parsing import dotted

_UNTOLD = (
    "type({1}, ({0},), {'__init_subclass__': classmethod(lambda cls: setattr(cls, '_pad',"
    " (lambda pad: lambda self, *given, padding_side=None, **named: pad(self, *given, **named))(cls._pad)))})"
)


class Tokenizers:
    """``class ChatGLMTokenizer(PreTrainedTokenizer)`` with a ``_pad`` of its own, which asks ``self.padding_side``."""

    name = "tokenizers"
    reason = "transformers 4.45 tells a tokenizer's _pad the side, which older ones take from the tokenizer itself"
    change = Change("transformers", "4.45")
    words = ("def _pad(",)
    marks = ("PreTrainedTokenizer",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The base, so that what derives from it is not told."""
        match scope.parent:
            case ast.ClassDef(bases=bases, body=body) if any(node is base for base in bases):
                if dotted(node).rpartition(".")[2].startswith("PreTrainedTokenizer") and any(map(_asks, body)):
                    return expression(_UNTOLD, node, ast.Constant(dotted(node).rpartition(".")[2]))
        return None


def _asks(item: ast.stmt) -> bool:
    """Whether it is a ``_pad`` that can't be told."""
    if not isinstance(item, Function) or item.name != "_pad" or item.args.kwarg:
        return False
    return all(each.arg != "padding_side" for each in (*item.args.args, *item.args.kwonlyargs))
