"""Outputs that are made with too few fields."""

from __future__ import annotations

import ast

from gremio.code.mends.mend import Change, Scope
from gremio.code.syntax.parsing import dotted

_SECOND_FIELD = {"StableDiffusionPipelineOutput": "nsfw_content_detected"}


class Outputs:
    """``StableDiffusionPipelineOutput(images)``, whose second field has no default."""

    name = "outputs"
    reason = "StableDiffusionPipelineOutput wants nsfw_content_detected too; None says that nothing was looked for"
    change = Change("diffusers")
    words = marks = tuple(f"{name}(" for name in _SECOND_FIELD)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The same with None for the field that is left out."""
        match node:
            case ast.Call(func=func, args=args, keywords=keywords):
                field = _SECOND_FIELD.get(dotted(func).rpartition(".")[2])
                given = {keyword.arg for keyword in keywords}
                if field is None or len(args) > 1 or given & {field, None} or _is_starred(args):
                    return None
                left_out = ast.keyword(arg=field, value=ast.Constant(None))
                return ast.Call(func=func, args=args, keywords=[*keywords, left_out])
        return None


def _is_starred(args: list[ast.expr]) -> bool:
    return any(isinstance(each, ast.Starred) for each in args)
