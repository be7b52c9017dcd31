"""Layers no longer take the scale of a LoRA."""

from __future__ import annotations

import ast

from gremio.code.mends.mend import Change, Scope
from gremio.code.syntax.parsing import dotted

_LAYERS = ("to_q", "to_k", "to_v", "add_k_proj", "add_v_proj")


class LoraLayers:
    """``attn.to_q(states, scale=scale)``, or ``() if USE_PEFT_BACKEND else (scale,)`` that is passed on to a layer.

    Without peft the flag is False still, and plain linear layers refuse the scale. Statements that ask for the flag
    stay: they choose how LoRA weights are scaled. No layer is asked to drop its LoRA when it gets a processor, either.
    """

    name = "lora-layers"
    reason = "attention layers of diffusers 0.27 are plain layers that take no LoRA scale, with peft or without"
    change = Change("diffusers", "0.27")
    words = marks = (
        "if USE_PEFT_BACKEND",
        "if not USE_PEFT_BACKEND",
        ".set_processor(",
        *(f".{name}(" for name in _LAYERS),
        ".to_out[0](",
    )

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """What is chosen with peft; the call without a scale."""
        match node:
            case ast.IfExp(test=ast.Name(id="USE_PEFT_BACKEND"), body=with_peft):
                return with_peft
            case ast.IfExp(test=ast.UnaryOp(op=ast.Not(), operand=ast.Name(id="USE_PEFT_BACKEND")), orelse=with_peft):
                return with_peft
            case ast.Call(func=ast.Attribute(attr="set_processor"), args=args, keywords=keywords):
                kept = [keyword for keyword in keywords if keyword.arg != "_remove_lora"]
                return ast.Call(func=node.func, args=args, keywords=kept) if len(kept) < len(keywords) else None
            case ast.Call(func=func, args=[states, *more], keywords=keywords) if _is_layer(func):
                kept = [keyword for keyword in keywords if keyword.arg != "scale"]
                if len(kept) < len(keywords) or [dotted(each) for each in more] == ["scale"]:
                    return ast.Call(func=func, args=[states], keywords=kept)
        return None


def _is_layer(func: ast.expr) -> bool:
    match func:
        case ast.Attribute(attr=name):
            return name in _LAYERS
        case ast.Subscript(value=ast.Attribute(attr="to_out"), slice=ast.Constant(value=0)):
            return True
    return False
