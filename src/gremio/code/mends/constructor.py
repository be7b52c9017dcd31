"""Constructors that never called the one they inherit."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope


class Constructor:
    """``super()._init_()``, which names no method that anything has."""

    name = "constructor"
    reason = "super()._init_() is a slip for super().__init__(); no class has a method of that name"
    change = Change("diffusers")
    words = marks = ("super()._init_(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The method that is meant."""
        match node:
            case ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr="_init_", ctx=ast.Load()):
                return expression("{0}.__init__", node.value)
        return None
