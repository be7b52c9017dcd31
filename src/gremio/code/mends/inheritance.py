"""What a class of community code inherits from the installed libraries."""

from __future__ import annotations

import ast
from functools import lru_cache

from gremio.code.libraries.classes import library_method
from gremio.code.libraries.exports import Method
from gremio.code.mends.mend import Function, Scope
from gremio.code.syntax.imports import bindings
from gremio.code.syntax.parsing import dotted, statements


def inherited(scope: Scope, method: str, *, by_super: bool = False) -> Method | None:
    """The method that the class around it takes from an installed library; None if it is its own.

    ``by_super`` passes over the class itself.
    """
    definition = next((node for node in scope.inside if isinstance(node, ast.ClassDef)), None)
    if definition is None or scope.module is None:
        return None
    waiting, seen = [definition], set()
    while waiting:
        here = waiting.pop(0)
        seen.add(here.name)
        if _defines(here, method) and not (by_super and here is definition):
            return None
        own, bound = _classes(scope.module), _bound(scope.module)
        for base in map(dotted, here.bases):
            if base in own and base not in seen:
                waiting.append(own[base])
                continue
            level, whole = bound.get(base.partition(".")[0], (1, ""))
            found = library_method(".".join([whole, *base.split(".")[1:]]), method) if not level else None
            if found is not None and not waiting:
                return found
    return None


def _defines(definition: ast.ClassDef, method: str) -> bool:
    return any(isinstance(item, Function) and item.name == method for item in definition.body)


@lru_cache(maxsize=2)
def _bound(module: ast.Module) -> dict[str, tuple[int, str]]:
    return bindings(module)


@lru_cache(maxsize=2)
def _classes(module: ast.Module) -> dict[str, ast.ClassDef]:
    return {node.name: node for node, _ in statements(module) if isinstance(node, ast.ClassDef)}
