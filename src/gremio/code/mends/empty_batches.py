"""Pictures that are encoded one for each of a batch, where there are fewer of them."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope


class EmptyBatches:
    """``[self.vae.encode(image[i : i + 1]) for i in range(batch_size)]`` of one picture, which is repeated afterwards.

    What lies beyond the last picture is an empty batch, of which the VAE made another empty one.
    """

    name = "empty-batches"
    reason = "attention in the VAE of diffusers 0.17 is torch's own, by way of a view that no empty batch can have"
    change = Change("diffusers", "0.17")
    words = (".repeat_interleave(",)
    marks = (".encode(",)

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """As many as there are."""
        match node:
            case ast.ListComp(elt=elt, generators=[ast.comprehension(target=ast.Name(id=index), iter=bound) as each]):
                pictures, count = _encoded(elt, index), _count(bound)
                if pictures is None or count is None or not _is_repeated(count, scope):
                    return None
                fewer = expression("range(min({0}, len({1})))", count, pictures)
                return ast.ListComp(elt, [ast.comprehension(each.target, fewer, each.ifs, each.is_async)])
        return None


def _encoded(node: ast.expr, index: str) -> ast.expr | None:
    """What is encoded one by one."""
    for call in ast.walk(node):
        match call:
            case ast.Call(
                func=ast.Attribute(attr="encode"), args=[ast.Subscript(value=ast.Name() as all_, slice=part)]
            ):
                if isinstance(part, ast.Slice) and ast.unparse(part) == f"{index}:{index} + 1":
                    return all_
    return None


def _count(bound: ast.expr) -> ast.Name | None:
    match bound:
        case ast.Call(func=ast.Name(id="range"), args=[ast.Name() as count]):
            return count
    return None


def _is_repeated(count: ast.Name, scope: Scope) -> bool:
    """Whether the function makes a batch of what it has encoded."""
    for call in ast.walk(scope.function) if scope.function else ():
        match call:
            case ast.Call(func=ast.Attribute(attr="repeat_interleave"), args=[ast.Name(id=name), *_]):
                if name == count.id:
                    return True
    return False
