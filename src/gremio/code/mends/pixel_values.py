"""Image processors return tensors where they returned arrays."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope


class PixelValues:
    """``torch.from_numpy(processor.preprocess(image)["pixel_values"][0])``."""

    name = "pixel-values"
    reason = "image processors of transformers 5 work on tensors if torchvision is there, and return them unasked"
    change = Change("transformers", "5.0")
    words = ("pixel_values",)
    marks = ("from_numpy(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """``torch.as_tensor``, which takes arrays without copying too."""
        match node:
            case ast.Call(func=ast.Attribute(value=owner, attr="from_numpy"), args=[array], keywords=[]):
                if any(isinstance(part, ast.Constant) and part.value == "pixel_values" for part in ast.walk(array)):
                    return expression("{0}.as_tensor({1})", owner, array)
        return None
