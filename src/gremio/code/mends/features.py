"""CLIP's features come in an output object."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope

_METHODS = frozenset({"get_image_features", "get_text_features", "get_audio_features", "get_video_features"})


class Features:
    """``clip.get_image_features(x)`` used as the tensor that it was."""

    name = "features"
    reason = "get_image_features and its kin return an output object in transformers 5; pooler_output is what they were"
    change = Change("transformers", "5.0")
    words = marks = tuple(sorted(_METHODS))

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The call, with the tensor taken out of what it returns if that isn't one."""
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) if name in _METHODS and not _knows(scope):
                return expression("(lambda found: getattr(found, 'pooler_output', found))({0})", node)
        return None


def _knows(scope: Scope) -> bool:
    """Whether the function around it speaks of the output object: then it was written for it."""
    function = scope.function
    return function is not None and any(
        isinstance(node, ast.Attribute) and node.attr == "pooler_output" for node in ast.walk(function)
    )
