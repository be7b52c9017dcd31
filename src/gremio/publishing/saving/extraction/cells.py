"""The cells and the script that code in memory was compiled from, and the definitions in them."""

from __future__ import annotations

import ast
import linecache
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType

from gremio.code.syntax.parsing import blocks, parse_unkept
from gremio.errors import UnreadableCode
from gremio.publishing.saving.extraction.used_names import Function, bound_names

Defined = ast.ClassDef | Function
Codes = tuple[CodeType, ...]
# What libraries generate and note in linecache is nobody's cell.
_GENERATED = re.compile(r"<(frozen |string>|eval_with_key|attrs |__|stdin>|lambdifygenerated)")

_COMPARED = (
    *("co_qualname", "co_firstlineno", "co_code", "co_names", "co_varnames", "co_freevars", "co_cellvars"),
    *("co_argcount", "co_kwonlyargcount"),
)


@dataclass(frozen=True, eq=False)
class Cell:
    """One cell, one input or one script as it was compiled; ``name`` is its code objects' file name.

    ``when`` puts cells in the order in which they ran.
    """

    name: str
    lines: tuple[str, ...] = field(repr=False)
    when: float = 0.0

    @cached_property
    def tree(self) -> ast.Module | None:
        """Its syntax; None when it is not Python."""
        try:
            return parse_unkept("".join(self.lines).encode("utf-8", "surrogatepass"), self.name)
        except UnreadableCode:
            return None

    @cached_property
    def compiled(self) -> dict[int, Codes]:
        """What the whole cell compiles to, by flags; filled as it is asked for."""
        return {}

    @cached_property
    def statements(self) -> tuple[ast.stmt, ...]:
        """What stands at module level, in ``if``, ``try``, ``with`` and loops too, in source order."""
        return tuple(module_level(self.tree.body)) if self.tree else ()

    @cached_property
    def binders(self) -> dict[str, ast.stmt]:
        """The last statement that binds each name."""
        return {name: node for node in (self.tree.body if self.tree else ()) for name in bound_names(node)}

    @property
    def label(self) -> str:
        """How to speak of it: a script by its name, a cell without the name that nobody ever sees."""
        return Path(self.name).name if is_file(self.name) else "its cell"

    def classes(self, name: str) -> list[ast.ClassDef]:
        """The definitions of a class of that name."""
        return [node for node in self.statements if isinstance(node, ast.ClassDef) and node.name == name]

    def function(self, name: str, line: int) -> Function | None:
        """The function of that name that starts at that line."""
        functions = (node for node in self.statements if isinstance(node, Function) and node.name == name)
        return next((node for node in functions if first_line(node) == line), None)

    def segment(self, node: ast.stmt) -> str:
        """A statement as written, with its decorators and the comment above it."""
        start = first_line(node) - 1
        while start and self.lines[start - 1].startswith("#"):
            start -= 1
        written = "".join(self.lines[start : node.end_lineno]).rstrip() + "\n"
        return written if _stands_for(written, node) else ast.unparse(node) + "\n"


@dataclass(frozen=True)
class Definition:
    """A class or function where it is written; ``flags`` are the ``from __future__`` flags it was compiled with."""

    cell: Cell
    node: Defined
    flags: int = 0
    certain: bool = True

    def has(self, code: CodeType) -> bool:
        """Whether that code object was compiled from here. Nothing is executed to find out."""
        return any(same_code(each, code) for codes in self._codes for each in codes)

    @cached_property
    def _codes(self) -> tuple[Codes, Codes]:
        """What it compiles to as part of the whole cell, and as IPython does it: each statement by itself.

        The two differ where Python calls a method of what it sees imported.
        """
        tree = self.cell.tree
        assert tree is not None
        if self.flags not in self.cell.compiled:
            self.cell.compiled[self.flags] = self._compiled(tree)
        alone = [node for node in tree.body if self.node in module_level([node])]
        return self.cell.compiled[self.flags], self._compiled(ast.Module(alone, []))

    def _compiled(self, module: ast.Module) -> Codes:
        try:
            flags = self.flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            return tuple(codes_in(compile(module, self.cell.name, "exec", flags, dont_inherit=True)))
        except SyntaxError:
            # What parses need not compile: a stray `return` in a cell.
            return ()


class Cells:
    """Every cell and script that linecache knows, found by code object or by what they bind."""

    def __init__(self, script: str = "") -> None:
        self._script = script
        self._known: dict[str, Cell] = {}

    def of(self, code: CodeType) -> Cell | None:
        """The cell that a code object was compiled from; None when it is gone."""
        name = code.co_filename
        if name not in self._known:
            lines = linecache.getlines(name)
            # The interactive interpreter of Python 3.13 notes its inputs by code object.
            by_code = getattr(linecache, "_getlines_from_code", None)
            if not lines and by_code is not None:
                lines = list(by_code(code))
            if not lines:
                return None
            ended = (line if line.endswith("\n") else f"{line}\n" for line in lines)
            self._known[name] = Cell(name, tuple(ended), _when(name))
        return self._known[name]

    @cached_property
    def all(self) -> tuple[Cell, ...]:
        """All of them, the latest first."""
        for name in list(linecache.cache):
            if isinstance(name, str) and not _GENERATED.match(name) and not is_file(name):
                self._known.setdefault(name, Cell(name, tuple(linecache.getlines(name)), _when(name)))
        # The inputs of Python 3.13's interpreter: one entry a code object and one name an input.
        for place, entry in enumerate(list(getattr(linecache, "_interactive_cache", {}).values())):
            if len(entry) > 3 and not _GENERATED.match(entry[3]):
                self._known.setdefault(entry[3], Cell(entry[3], tuple(entry[2]), float(place)))
        if self._script and self._script not in self._known and (lines := linecache.getlines(self._script)):
            self._known[self._script] = Cell(self._script, tuple(lines))
        return tuple(sorted(self._known.values(), key=lambda cell: cell.when, reverse=True))

    def near(self, cell: Cell) -> Iterator[Cell]:
        """That cell first, then the others."""
        yield cell
        yield from (other for other in self.all if other is not cell)


def module_level(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that run with the module or class that has them, those in compound statements too."""
    for statement in body:
        yield statement
        if not isinstance(statement, Defined):
            for inner, _ in blocks(statement, ""):
                yield from module_level(inner)


def first_line(node: ast.stmt) -> int:
    """The line of the first decorator, or of the statement: what code objects have as their first line."""
    decorators: Sequence[ast.expr] = getattr(node, "decorator_list", ())
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def codes_in(code: CodeType) -> Iterator[CodeType]:
    """A code object and those inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from codes_in(constant)


def same_code(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same at the same lines; where they were compiled does not matter."""
    if any(getattr(one, name) != getattr(other, name) for name in _COMPARED):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(_same_constant(a, b) for a, b in zip(one.co_consts, other.co_consts, strict=True))


def _same_constant(one: object, other: object) -> bool:
    if isinstance(one, CodeType) and isinstance(other, CodeType):
        return same_code(one, other)
    return type(one) is type(other) and repr(one) == repr(other) if not isinstance(one, frozenset) else one == other


NO_LITERAL = object()


def literal(node: ast.expr | None) -> object:
    """The plain value that an expression writes; ``NO_LITERAL`` where it is no such expression."""
    try:
        return NO_LITERAL if node is None else ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError):
        return NO_LITERAL


def is_file(name: str) -> bool:
    """Whether a code object's file name is a file that is there."""
    return not name.startswith("<") and Path(name).is_file()


def _stands_for(written: str, node: ast.stmt) -> bool:
    """Whether these lines hold the statement and nothing else: it may be indented, or share its line."""
    try:
        found = ast.parse(written).body
    except SyntaxError:
        return False
    return len(found) == 1 and ast.dump(found[0]) == ast.dump(node)


def _when(name: str) -> float:
    """A cell's place among those that linecache knows."""
    names = list(linecache.cache)
    return float(names.index(name)) if name in names else 0.0
