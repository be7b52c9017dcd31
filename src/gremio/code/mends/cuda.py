"""Code that says "cuda" means the device that the pipeline is on."""

from __future__ import annotations

import ast

from gremio.code.mends.expressions import expression
from gremio.code.mends.mend import Change, Scope
from gremio.code.syntax.parsing import dotted

_CUDA = frozenset({"cuda", "cuda:0"})
_TAKES_DEVICE = frozenset({"to", "device", "Generator", "autocast"})
_KEYWORDS = frozenset({"device", "device_type"})
_ANY = "('cuda' if __import__('torch').cuda.is_available() else 'cpu')"


class Cuda:
    """``x.to("cuda")``, ``x.cuda()``, ``device="cuda"``: where the pipeline runs, be it CUDA or not.

    In a method it is the pipeline's own device; elsewhere CUDA where there is one, else the CPU. A name that is
    compared, or chosen by asking whether there is CUDA, stays.
    """

    name = "cuda"
    reason = 'it says "cuda" where the device of the pipeline is meant'
    change = Change("torch")
    words = marks = ('"cuda', "'cuda", ".cuda(")

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """The device, or the type of the device where that is wanted."""
        match node:
            case ast.Constant(value=str() as text) if text in _CUDA and _is_device(scope.parent):
                wants_type = _wants_type(scope.parent)
                return expression(f"str({_device(scope)}).partition(':')[0]" if wants_type else _device(scope))
            case ast.Call(func=ast.Attribute(value=owner, attr="cuda"), args=[], keywords=keywords):
                if not keywords and dotted(owner) != "torch":
                    return expression(f"{{0}}.to({_device(scope)})", owner)
        return None


def _device(scope: Scope) -> str:
    return f"getattr({scope.me}, '_execution_device', {_ANY})" if scope.me else _ANY


def _is_device(parent: ast.AST | None) -> bool:
    match parent:
        case ast.Call(func=func):
            return _last(func) in _TAKES_DEVICE
        case ast.keyword(arg=name):
            return name in _KEYWORDS
        case ast.Assign(targets=[target]) | ast.AnnAssign(target=target):
            return "device" in _last(target).lower()
        case ast.arguments():
            return True
    return False


def _wants_type(parent: ast.AST | None) -> bool:
    match parent:
        case ast.Call(func=func):
            return _last(func) == "autocast"
        case ast.keyword(arg="device_type"):
            return True
    return False


def _last(name: ast.expr) -> str:
    """``to`` of ``f(x).y.to``."""
    match name:
        case ast.Attribute(attr=last) | ast.Name(id=last):
            return last
    return ""
