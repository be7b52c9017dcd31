"""Which names of its module a piece of code uses, and when: as its compiler sees it."""

from __future__ import annotations
import __future__

import ast
import copy
import symtable
from collections.abc import Iterator
from dataclasses import dataclass, field

from gremio.code.syntax.parsing import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef

_COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})
_DYNAMIC = frozenset({"eval", "exec", "globals"})
ANNOTATIONS = __future__.annotations.compiler_flag
FUTURE = sum(getattr(__future__, name).compiler_flag for name in set(__future__.all_feature_names))
"""Every flag that a ``from __future__`` import can leave in a code object."""


@dataclass
class Uses:
    """The module's names that a statement uses.

    ``eager`` are looked up when the statement runs, ``lazy`` when its functions do, and ``soft`` at most by who reads
    annotations. ``dotted`` are whole chains such as ``PIL.Image.open``; ``lines`` says where each name stands first.
    """

    eager: set[str] = field(default_factory=set)
    lazy: set[str] = field(default_factory=set)
    soft: set[str] = field(default_factory=set)
    dotted: set[str] = field(default_factory=set)
    lines: dict[str, int] = field(default_factory=dict)

    @property
    def dynamic(self) -> tuple[str, ...]:
        """The builtins it uses whose names nobody can follow."""
        return tuple(sorted(_DYNAMIC & (self.eager | self.lazy)))


def uses(node: ast.stmt, flags: int = 0) -> Uses:
    """What a statement uses; ``flags`` are those of the code objects."""
    found = Uses()
    plain = _WithoutAnnotations(everywhere=bool(flags & ANNOTATIONS)).visit(copy.deepcopy(node))
    _collect(_table(plain), True, found)
    found.eager |= _before_bound(plain) if isinstance(plain, ast.ClassDef) else set()
    found.lazy -= found.eager
    found.soft = set(_in_annotations(node)) - found.eager - found.lazy
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name):
            found.lines[inner.id] = min(inner.lineno, found.lines.get(inner.id, inner.lineno))
        elif isinstance(inner, ast.Attribute) and dotted(inner):
            found.dotted.add(dotted(inner))
    return found


def bound_names(*nodes: ast.stmt) -> set[str]:
    """What statements at the top level of a module bind."""
    return {symbol.get_name() for symbol in _table(*nodes).get_symbols() if _is_bound(symbol)}


def _table(*nodes: ast.stmt) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(ast.Module([*nodes], [])), "<reading>", "exec")


def _is_bound(symbol: symtable.Symbol) -> bool:
    return symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()


def _collect(table: symtable.SymbolTable, now: bool, found: Uses) -> None:
    into = found.eager if now else found.lazy
    top = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (not _is_bound(symbol) if top else symbol.is_global()):
            into.add(symbol.get_name())
    for inner in table.get_children():
        runs_now = inner.get_type() == "class" or inner.get_name() in _COMPREHENSIONS
        _collect(inner, now and runs_now, found)


def _before_bound(node: ast.ClassDef) -> set[str]:
    """The module's names that a class body reads before it binds the same name itself: ``dtype = dtype``."""
    found: set[str] = set()
    bound: set[str] = set()
    for statement in node.body:
        read = {symbol.get_name() for symbol in _table(statement).get_symbols() if symbol.is_referenced()}
        binds = bound_names(statement)
        # Whether a compound statement or a definition reads first can't be told from its table.
        found |= read - bound - (set() if isinstance(statement, ast.Assign) else binds)
        bound |= binds
    return found


class _WithoutAnnotations(ast.NodeTransformer):
    """Empties the annotations that are never evaluated: of a function's variables always, of all if they stay text."""

    def __init__(self, *, everywhere: bool) -> None:
        self._everywhere = everywhere
        self._in_function = False

    def generic_visit(self, node: ast.AST) -> ast.AST:
        """A class in a function evaluates the annotations of its body."""
        outside = self._in_function
        if isinstance(node, Function | ast.ClassDef):
            self._in_function = isinstance(node, Function)
        super().generic_visit(node)
        self._in_function = outside
        if isinstance(node, ast.AnnAssign) and (self._everywhere or self._in_function):
            node.annotation = ast.Constant(None)
        elif isinstance(node, ast.arg) and self._everywhere:
            node.annotation = None
        elif isinstance(node, Function) and self._everywhere:
            node.returns = None
        return node


def _in_annotations(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        annotation = getattr(inner, "annotation", None) or getattr(inner, "returns", None)
        if isinstance(annotation, ast.expr):
            yield from _names(annotation)


def _names(annotation: ast.expr) -> Iterator[str]:
    for inner in ast.walk(annotation):
        if isinstance(inner, ast.Name):
            yield inner.id
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            try:
                yield from _names(ast.parse(inner.value.strip(), mode="eval").body)
            except SyntaxError:
                # Literal["linear"] parses, Literal["not a name!"] does not: neither matters.
                continue
