"""Layers that a pipeline registers as components tell no device."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Function, Scope
from gremio.code.syntax.parsing import dotted

_TELLING = "type({1}, ({0},), {'device': property(lambda module: next(module.parameters()).device)})"


class ModuleDevice:
    """``class LinearWithDtype(nn.Linear)`` with a ``dtype`` of its own, so that a pipeline can take it for a model."""

    name = "module-device"
    reason = "a pipeline of diffusers 0.40 asks every component that is a torch module for its device, not the first"
    change = Change("diffusers", "0.40")
    words = ("def dtype(",)
    marks = ("(nn.", "(torch.nn.")

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The base, with a device: that of its weights."""
        match scope.parent:
            case ast.ClassDef(bases=bases, body=body) if any(node is base for base in bases):
                told = {item.name for item in body if isinstance(item, Function)}
                if dotted(node).startswith(("nn.", "torch.nn.")) and "dtype" in told and "device" not in told:
                    return expression(_TELLING, node, ast.Constant(dotted(node).rpartition(".")[2]))
        return None
