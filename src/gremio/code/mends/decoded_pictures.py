"""Safety checkers that are handed what the VAE decodes."""

from __future__ import annotations

import ast
from functools import lru_cache

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope

_CHECKER = "run_safety_checker"
_AS_ARRAY = (
    "{0}((lambda images: (images / 2 + 0.5).clamp(0, 1).cpu().permute(0, 2, 3, 1).float().numpy()"
    " if hasattr(images, 'permute') else images)({1}))"
)


class DecodedPictures:
    """``self.numpy_to_pil(image)`` in a ``run_safety_checker`` of the old kind, called in the new way.

    Once a pipeline made arrays of its pictures and then had them checked; since it is the other way round, a checker
    gets the tensor, from -1 to 1.
    """

    name = "decoded-pictures"
    reason = (
        "run_safety_checker takes an array here, and is called with the tensor that the VAE gives, as diffusers does"
    )
    change = Change("diffusers")
    words = (_CHECKER,)
    marks = (".numpy_to_pil(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The same with an array that is made of a tensor."""
        match node:
            case ast.Call(func=ast.Attribute(attr="numpy_to_pil") as func, args=[ast.Name() as images], keywords=[]):
                function = scope.function
                if function is None or function.name != _CHECKER or scope.module is None or _asks(function):
                    return None
                return expression(_AS_ARRAY, func, images) if _gets_decoded(scope.module) else None
        return None


def _asks(function: ast.AST) -> bool:
    """Whether it looks what it was given."""
    return any(isinstance(node, ast.Attribute) and node.attr == "is_tensor" for node in ast.walk(function))


@lru_cache(maxsize=2)
def _gets_decoded(module: ast.Module) -> bool:
    """Whether some function calls the checker with what it has decoded."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    return any(_decoded(each) & _checked(each) for each in functions)


def _decoded(function: ast.FunctionDef) -> set[str]:
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and any(_calls(each, "decode") for each in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _checked(function: ast.FunctionDef) -> set[str]:
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _calls(node, _CHECKER)]
    return {call.args[0].id for call in calls if call.args and isinstance(call.args[0], ast.Name)}


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
