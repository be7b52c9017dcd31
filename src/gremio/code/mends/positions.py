"""Inherited methods whose parameters have moved, called by position."""

from __future__ import annotations

import ast

from gremio.code.libraries.exports import Method
from gremio.code.mends.inheritance import inherited
from gremio.code.mends.mend import Change, Function, Scope
from gremio.code.syntax.parsing import dotted


class Positions:
    """``self.check_inputs(prompt, height, width, callback_steps)`` where the installed class has put others between.

    What is passed under the name of a parameter is passed to that parameter, and a new parameter that must be passed
    gets what the calling function has under its name. A call is left alone when each name stands where its parameter
    is, when none does, and when something without a name comes after one that has moved: what is meant can't be known.
    """

    name = "positions"
    reason = "the inherited method has other parameters in between in the installed version"
    change = Change("diffusers")
    words = marks = (
        "self.check_inputs(",
        "self.prepare_",
        "self.encode_",
        "self._encode_",
        "self.get_",
        "self._get_",
        "super().",
    )

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The same call with keywords from the first parameter that has moved."""
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=method)) if owner == scope.me:
                found = inherited(scope, method)
                return _aligned(node, found, scope.function) if found else None
            case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super"), args=[]), attr=method)):
                found = inherited(scope, method, by_super=True)
                return _aligned(node, found, scope.function) if found else None
        return None


def _aligned(call: ast.Call, method: Method, caller: Function | None) -> ast.Call | None:
    names = [_name(argument) if _name(argument) in method.parameters else "" for argument in call.args]
    moved = [place for place, name in enumerate(names) if name and method.parameters.index(name) != place]
    # Without one name in its place it may be another method's idea of a name: `super().__init__(dim)`.
    if not moved or not any(names[: moved[0]]):
        return None
    after = names[moved[0] :]
    given = [keyword.arg for keyword in call.keywords]
    if not all(after) or len(set(after)) < len(after) or None in given or set(after) & set(given):
        return None
    values = call.args[moved[0] :]
    keywords = [ast.keyword(arg=name, value=value) for name, value in zip(after, values, strict=True)]
    needed = [n for n in method.parameters[moved[0] : method.required] if n not in after and n not in given]
    lent = [ast.keyword(arg=name, value=ast.Name(name, ast.Load())) for name in needed if name in _parameters(caller)]
    return ast.Call(func=call.func, args=call.args[: moved[0]], keywords=[*keywords, *call.keywords, *lent])


def _parameters(caller: Function | None) -> set[str]:
    return {each.arg for each in (*caller.args.args, *caller.args.kwonlyargs)} if caller else set()


def _name(argument: ast.expr) -> str:
    """The last part of a plain name: ``self.prompt`` passes the prompt."""
    return dotted(argument).rpartition(".")[2]
