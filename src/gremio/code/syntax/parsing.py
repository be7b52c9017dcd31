"""Python source to syntax tree, and the walk over its statements that every other reader shares."""

from __future__ import annotations

import ast
import gc
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Literal

from gremio.code import CodeTree
from gremio.errors import EntryNotFound, UnreadableCode

Guard = Literal["", "function", "if", "try", "typing"]
"""Why a statement may never run when its module does; empty when it always runs."""

_IMPORT_FAILURES = frozenset({"ImportError", "ModuleNotFoundError", "Exception", "BaseException"})
_COMPOUND = (
    ast.If,
    ast.FunctionDef,
    ast.Try,
    ast.With,
    ast.For,
    ast.ClassDef,
    ast.While,
    ast.AsyncFunctionDef,
    ast.AsyncFor,
    ast.AsyncWith,
    ast.Match,
    ast.TryStar,
)
_SPELLED = (ast.Name, ast.Attribute, ast.Tuple)
# `catch_warnings` swaps a global list: two threads in it at once would leave it swapped.
_WHILE_PARSING = threading.Lock()


def parse(tree: CodeTree, path: str) -> ast.Module:
    """The syntax tree of one file. It is shared: look at it, don't change it.

    Raises:
        EntryNotFound: the tree has no such file.
        UnreadableCode: the file is not Python.
    """
    if path not in tree.files:
        raise EntryNotFound(f"there is no {path} in {tree.origin}", nearest=tree.python_files)
    return parse_source(tree.files[path], path)


def parse_source(source: bytes, path: str) -> ast.Module:
    """The same for bytes that are in no tree (yet); ``path`` is for the message.

    Raises:
        UnreadableCode: the bytes are not Python.
    """
    return _read(_parse_and_keep, source, path)


def parse_unkept(source: bytes, path: str) -> ast.Module:
    """The same without remembering the result."""
    return _read(_parse, source, path)


def _read(read: Callable[[bytes], ast.Module], source: bytes, path: str) -> ast.Module:
    try:
        return read(source)
    except SyntaxError as error:
        reason, line = error.msg, error.lineno or 1
    except UnicodeDecodeError as error:
        reason, line = f"it is not {error.encoding}", source[: error.start].count(b"\n") + 1
    except ValueError as error:
        reason, line = str(error), source.partition(b"\0")[0].count(b"\n") + 1
    except (RecursionError, MemoryError):
        reason, line = "it is nested too deeply", 1
    raise UnreadableCode(f"{path}, line {line}: this is not Python: {reason}", path=path, line=line)


@lru_cache(maxsize=16)
def _parse_and_keep(source: bytes) -> ast.Module:
    return _parse(source)


def _parse(source: bytes) -> ast.Module:
    with _WHILE_PARSING, warnings.catch_warnings(), no_collection():
        # An invalid escape in someone else's docstring is not news for who loads it.
        warnings.simplefilter("ignore")
        return ast.parse(source)


@contextmanager
def no_collection() -> Iterator[None]:
    """A syntax tree is many objects and no garbage; looking for some while it grows takes 40 % of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@lru_cache(maxsize=16)
def statements(module: ast.Module) -> tuple[tuple[ast.stmt, Guard], ...]:
    """Every statement, nested ones too, in source order, with its guard. Remembered, since every reader asks."""
    found: list[tuple[ast.stmt, Guard]] = []
    _collect(module.body, "", found)
    return tuple(found)


def _collect(body: Sequence[ast.stmt], guard: Guard, found: list[tuple[ast.stmt, Guard]]) -> None:
    for statement in body:
        found.append((statement, guard))
        if isinstance(statement, _COMPOUND):
            for block, inner in blocks(statement, guard):
                _collect(block, inner, found)


def blocks(statement: ast.stmt, guard: Guard) -> Iterator[tuple[list[ast.stmt], Guard]]:
    """The statement lists inside a statement, each with the guard that holds there."""
    if not isinstance(statement, _COMPOUND):
        return
    match statement:
        case ast.If(body=body, orelse=orelse):
            typing = is_type_checking(statement.test)
            yield body, "typing" if typing else guard or "if"
            yield orelse, guard if typing else guard or "if"
        case ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
            yield body, "function"
        case ast.Try() | ast.TryStar():
            yield from _try_blocks(statement, guard)
        case ast.With(body=body) | ast.AsyncWith(body=body):
            yield body, guard or ("try" if _suppresses(statement) else "")
        case ast.Match(cases=cases):
            yield from ((case.body, guard or "if") for case in cases)
        case ast.ClassDef(body=body):
            yield body, guard
        case ast.For(body=body, orelse=orelse) | ast.AsyncFor(body=body, orelse=orelse):
            yield body, guard
            yield orelse, guard
        case ast.While(body=body, orelse=orelse):
            yield body, guard or "if"
            yield orelse, guard


def _try_blocks(statement: ast.Try | ast.TryStar, guard: Guard) -> Iterator[tuple[list[ast.stmt], Guard]]:
    tried: Guard = guard or ("try" if survives_import_error(statement) else "")
    yield statement.body, tried
    yield from ((handler.body, guard or "try") for handler in statement.handlers)
    yield statement.orelse, tried
    yield statement.finalbody, guard


def survives_import_error(statement: ast.Try | ast.TryStar) -> bool:
    """Whether a failed import in the body of this ``try`` leaves the module running."""
    for handler in statement.handlers:
        if handler.type is None or _names(handler.type) & _IMPORT_FAILURES:
            # `except ImportError: raise ImportError("please install x")` makes x no more optional.
            return not any(isinstance(inner, ast.Raise) for inner in handler.body)
    return False


def is_type_checking(test: ast.expr) -> bool:
    """Whether a condition is ``TYPE_CHECKING``, alone or in an ``or``."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.Or):
        return any(is_type_checking(value) for value in test.values)
    return isinstance(test, _SPELLED) and "TYPE_CHECKING" in _names(test)


def _suppresses(statement: ast.With | ast.AsyncWith) -> bool:
    calls = [item.context_expr for item in statement.items if isinstance(item.context_expr, ast.Call)]
    caught = {name for call in calls if "suppress" in _names(call.func) for arg in call.args for name in _names(arg)}
    return bool(caught & _IMPORT_FAILURES)


def _names(node: ast.expr) -> set[str]:
    elements = node.elts if isinstance(node, ast.Tuple) else [node]
    return {dotted(element).rpartition(".")[2] for element in elements}


def dotted(node: ast.expr) -> str:
    """``a.b.C`` for the names and attributes that spell it, else an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def strings(node: ast.expr | None) -> tuple[str, ...]:
    """The strings of a literal list, tuple or set of strings."""
    if not isinstance(node, ast.List | ast.Tuple | ast.Set):
        return ()
    return tuple(e.value for e in node.elts if isinstance(e, ast.Constant) and isinstance(e.value, str))
