"""CPU offload that a pipeline asks for by itself."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope

_METHODS = frozenset({"enable_sequential_cpu_offload", "enable_model_cpu_offload"})


class Offload:
    """``self.enable_sequential_cpu_offload()`` inside a pipeline, on a machine with nothing to offload from."""

    name = "offload"
    reason = "diffusers 0.34 refuses CPU offload where there is no accelerator; before, nothing was lost by asking"
    change = Change("diffusers", "0.34")
    words = marks = tuple(f".{name}(" for name in sorted(_METHODS))

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The call, where there is an accelerator."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)) if owner == scope.me:
                if name in _METHODS:
                    return expression("{0} if __import__('torch').accelerator.is_available() else None", node)
        return None
