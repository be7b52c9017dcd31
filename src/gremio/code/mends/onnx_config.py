"""ONNX models have no config."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope

_MODELS = frozenset({"unet", "vae_encoder", "vae_decoder", "text_encoder"})
_CONFIG = (
    "(lambda model: getattr(model, 'config', None)"
    " or vars(model).setdefault('config', __import__('types').SimpleNamespace()))({0})"
)


class OnnxConfig:
    """``self.unet.config.in_channels = 4`` in a pipeline over ONNX models."""

    name = "onnx-config"
    reason = "OnnxRuntimeModel has no config to keep a pipeline's notes on the model in"
    change = Change("diffusers")
    words = ("OnnxRuntimeModel",)
    marks = tuple(f".{name}.config" for name in sorted(_MODELS))

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The config, or a plain place for what is noted."""
        match node:
            case ast.Attribute(value=ast.Attribute(value=ast.Name(id=owner), attr=name) as model, attr="config"):
                if name in _MODELS and owner == scope.me and isinstance(node.ctx, ast.Load):
                    return expression(_CONFIG, model)
        return None
