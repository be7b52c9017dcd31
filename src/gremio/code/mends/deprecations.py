"""Warnings that outlived what they warn of."""

from __future__ import annotations

import ast

from packaging.version import InvalidVersion, Version

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope
from gremio.code.syntax.parsing import dotted


class Deprecations:
    """``deprecate("enable_vae_tiling", "0.40.0", message)`` where that version is reached.

    It reminds Diffusers' own developers to remove the method around it, and in community code nobody does.
    """

    name = "deprecations"
    reason = "deprecate() warns until the version that it names, and from that version on it raises"
    change = Change("diffusers")
    words = marks = ("deprecate(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The warning alone."""
        match node:
            case ast.Call(func=func, args=[_, ast.Constant(value=str() as version), message], keywords=keywords):
                given = {keyword.arg for keyword in keywords}
                if dotted(func).rpartition(".")[2] == "deprecate" and given <= {"standard_warn"} and _reached(version):
                    return expression("__import__('warnings').warn({0}, FutureWarning)", message)
        return None


def _reached(version: str) -> bool:
    try:
        return Change("diffusers", str(Version(version))).is_here
    except InvalidVersion:
        return False
