"""Layers no longer take the scale of a LoRA."""

from __future__ import annotations

import ast

from gremio.mends.mend import Change, Scope


class LoraLayers:
    """``() if USE_PEFT_BACKEND else (scale,)``, whose result went to a layer as one more argument.

    Without peft the flag is False still, and plain linear layers refuse the scale. Statements that ask for the flag
    stay: they choose how LoRA weights are scaled.
    """

    name = "lora-layers"
    reason = "attention layers of diffusers 0.27 are plain layers that take no LoRA scale, with peft or without"
    change = Change("diffusers", "0.27")
    words = marks = ("if USE_PEFT_BACKEND else", "if not USE_PEFT_BACKEND else")

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """What is chosen with peft."""
        match node:
            case ast.IfExp(test=ast.Name(id="USE_PEFT_BACKEND"), body=with_peft):
                return with_peft
            case ast.IfExp(test=ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="USE_PEFT_BACKEND")), orelse=with_peft):
                return with_peft
        return None
