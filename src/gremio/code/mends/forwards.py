"""Methods that code puts into the blocks of a model in place of their own."""

from __future__ import annotations

import ast
from itertools import chain

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Function, Scope
from gremio.code.syntax.parsing import dotted

_FITTED = (
    "(lambda run, takes: lambda *given, **named: run(*given[:sum(each.kind < 2 for each in takes.values())],"
    " **{name: value for name, value in named.items() if name in takes}))"
    "({0}, __import__('inspect').signature({0}).parameters)"
)


class Forwards:
    """``block.forward = types.MethodType(forward_with_stg, block)``, with the parameters that blocks once had.

    What the installed model passes to its blocks beyond them, the function can't have meant to use.
    """

    name = "forwards"
    reason = "newer models pass more to their blocks than a function that stands in for a block's forward takes"
    change = Change("diffusers")
    words = marks = ("MethodType(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The same with a function that passes on what the other takes."""
        match node, scope.parent:
            case ast.Call(func=func, args=[ast.Name() as own, owner]), ast.Assign(
                targets=[ast.Attribute(attr="forward")]
            ):
                if dotted(func).rpartition(".")[2] == "MethodType" and _is_strict(own.id, scope):
                    return ast.Call(func=func, args=[expression(_FITTED, own), owner], keywords=node.keywords)
        return None


def _is_strict(name: str, scope: Scope) -> bool:
    """Whether a function of the file has this name, and takes nothing but what it names."""
    around = [scope.module, *scope.inside]
    bodies = chain.from_iterable(getattr(each, "body", ()) for each in around if not isinstance(each, ast.Lambda))
    found = [each for each in bodies if isinstance(each, Function) and each.name == name]
    return bool(found) and not (found[-1].args.vararg or found[-1].args.kwarg)
