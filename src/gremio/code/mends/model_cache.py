"""Configs of models no longer say whether to keep what attention has seen."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope


class ModelCache:
    """``self.config.use_cache``, which a config had without its class knowing of it."""

    name = "model-cache"
    reason = "a config of transformers 5 has no use_cache unless its class defines it; it was True"
    change = Change("transformers", "5.0")
    words = marks = (".config.use_cache",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """What the config says, else what it said."""
        match node:
            case ast.Attribute(value=ast.Attribute(attr="config") as config, attr="use_cache", ctx=ast.Load()):
                return expression("getattr({0}, 'use_cache', True)", config)
        return None
