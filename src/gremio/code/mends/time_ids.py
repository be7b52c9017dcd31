"""SDXL's time ids are computed with the width of the text's projection."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.inheritance import inherited
from gremio.code.mends.mend import Change, Scope

_METHOD = "_get_add_time_ids"
_PARAMETER = "text_encoder_projection_dim"
_WIDTH = "{0}.text_encoder_2.config.projection_dim"


class TimeIds:
    """``self._get_add_time_ids(original_size, crops, target_size, dtype=…)`` of before, inherited from diffusers."""

    name = "time-ids"
    reason = "the inherited _get_add_time_ids of diffusers 0.22 adds text_encoder_projection_dim, and None by default"
    change = Change("diffusers", "0.22")
    words = marks = (f".{_METHOD}(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The call, with the width that the text encoder has."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner) as me, attr=attr)) if owner == scope.me:
                given = {keyword.arg for keyword in node.keywords}
                found = inherited(scope, attr) if attr == _METHOD and not given & {_PARAMETER, None} else None
                if found is None or _PARAMETER not in found.parameters[len(node.args) :]:
                    return None
                width = ast.keyword(arg=_PARAMETER, value=expression(_WIDTH, me))
                return ast.Call(func=node.func, args=node.args, keywords=[*node.keywords, width])
        return None
