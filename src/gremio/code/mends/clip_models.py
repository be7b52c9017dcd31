"""CLIP's text and vision models are no longer wrapped in another module."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope


class ClipModels:
    """``text_encoder.text_model.final_layer_norm`` where the text encoder itself is the text model now.

    Both layouts are met in one process (``CLIPTextModelWithProjection`` still wraps its text model), so the object is
    asked which of them it has.
    """

    name = "clip-models"
    reason = "CLIPTextModel and CLIPVisionModel of transformers 5.6 are what was their .text_model and .vision_model"
    change = Change("transformers", "5.6")
    words = marks = (".text_model", ".vision_model")

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """``getattr(x, "text_model", x)`` for ``x.text_model``, where ``x`` is a plain dotted name."""
        match node:
            case ast.Attribute(value=owner, attr="text_model" | "vision_model" as name, ctx=ast.Load()):
                if _is_component(owner):
                    return expression("getattr({0}, {1}, {0})", owner, ast.Constant(name))
        return None


def _is_component(owner: ast.expr) -> bool:
    """A component of a pipeline is an attribute or a name; what a model calls its own part stays as it is."""
    match owner:
        case ast.Name(id=name):
            return name != "self"
        case ast.Attribute(value=ast.Name()):
            return True
    return False
