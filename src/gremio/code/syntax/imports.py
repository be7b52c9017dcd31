"""What a module imports, and which data files it reads, as written."""

from __future__ import annotations

import ast
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from gremio.code.syntax.parsing import Guard, dotted, parse_source, statements, strings

_RESOURCE_READERS = frozenset({"importlib.resources", "importlib_resources", "pkgutil"})
_SIGNS = ("__file__", "__data_files__", "importlib", "pkgutil")


@dataclass(frozen=True)
class ImportedName:
    """One module named by one import statement.

    ``import a.b`` is ``ImportedName(0, "a.b", ())``; ``from ..a import b, c`` is ``ImportedName(2, "a", ("b", "c"))``;
    ``from . import x`` has an empty module, ``from a import *`` has ``("*",)`` as names.
    """

    level: int
    module: str
    names: tuple[str, ...]
    line: int
    guard: Guard = ""

    @property
    def guarded(self) -> bool:
        """Whether the module can run without this import: in a try, a condition, a function, or for type checkers."""
        return bool(self.guard)

    @property
    def top(self) -> str:
        """The first part of the module's name."""
        return self.module.partition(".")[0]


def imports_of(source: bytes, path: str) -> tuple[ImportedName, ...]:
    """Every import of a file, nested ones too, in source order.

    Raises:
        UnreadableCode: the bytes are not Python.
    """
    return imports_in(parse_source(source, path))


def imports_in(module: ast.Module) -> tuple[ImportedName, ...]:
    """The same for a syntax tree."""
    found: list[ImportedName] = []
    for node, guard in statements(module):
        if isinstance(node, ast.Import):
            found += [ImportedName(0, alias.name, (), node.lineno, guard) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = tuple(alias.name for alias in node.names)
            found.append(ImportedName(node.level, node.module or "", names, node.lineno, guard))
    return tuple(found)


def bindings(module: ast.Module) -> dict[str, tuple[int, str]]:
    """What the imports bind: name to ``(level, dotted)``, where ``from ..a import b as c`` is ``c: (2, "a.b")``."""
    bound: dict[str, tuple[int, str]] = {}
    for node, _ in statements(module):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                bound.setdefault(alias.asname or top, (0, alias.name if alias.asname else top))
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}" if node.module else alias.name
                bound.setdefault(alias.asname or alias.name, (node.level, whole))
    return bound


def data_files(module: ast.Module, path: str, candidates: Collection[str]) -> tuple[str, ...]:
    """Which of the candidate paths a module reads as its own data, sorted.

    A module that mentions ``__file__``, ``importlib.resources``, ``pkgutil`` or assigns ``__data_files__`` declares the
    files that its strings name: from its folder, or from the tree's root. Docstrings are text, not names.
    """
    if not candidates or not _reads_files(module):
        return ()
    folder = path.rpartition("/")[0]
    wanted = set(candidates)
    named = {_tidy(text) for text in _texts(module)}
    near = {f"{folder}/{text}" if folder else text for text in named}
    return tuple(sorted(wanted & (named | near)))


def may_read_files(source: bytes) -> bool:
    """Whether ``data_files`` may find any, told without parsing."""
    text = source.decode("utf-8", "replace")
    # As Python reads names: beyond ASCII there are several ways to write one.
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return any(sign in plain for sign in _SIGNS)


def _tidy(text: str) -> str:
    return text.replace("\\", "/").removeprefix("./").strip("/")


def _reads_files(module: ast.Module) -> bool:
    for imported in imports_in(module):
        names = {imported.module, *(f"{imported.module}.{name}" for name in imported.names)}
        if names & _RESOURCE_READERS:
            return True
    return any(isinstance(node, ast.Name) and node.id in ("__file__", "__data_files__") for node in ast.walk(module))


def _texts(module: ast.Module) -> Iterator[str]:
    docstrings = {id(node.value) for node, _ in statements(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value
        elif isinstance(node, ast.Call):
            yield from _joined(node.args)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield from _joined(_divided(node))


def _joined(pieces: list[ast.expr]) -> Iterator[str]:
    """The path that consecutive strings of ``join(here, "a", "b.json")`` or ``here / "a" / "b.json"`` spell."""
    run: list[str] = []
    for piece in pieces:
        if isinstance(piece, ast.Constant) and isinstance(piece.value, str):
            run.append(piece.value.strip("/"))
        else:
            run.clear()
    if len(run) > 1:
        yield "/".join(run)


def _divided(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_divided(node.left), node.right]
    return [node]


def declared_names(module: ast.Module) -> tuple[str, ...]:
    """What ``__all__`` lists, as far as literal lists say."""
    found: list[str] = []
    for node, _ in statements(module):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(dotted(target) == "__all__" for target in targets):
                found += strings(node.value)
    return tuple(found)
