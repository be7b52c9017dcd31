"""Re-pointing imports in a syntax tree, so that code runs where it lies and on the libraries that are installed.

Three things are re-pointed: siblings imported by their absolute name, relative imports that lead out of the tree (the
file was written to live inside diffusers), and names that diffusers or transformers have moved or renamed since.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal, TypeVar

from gremio.code import CodeTree
from gremio.code.libraries.moved_names import LIBRARIES, Finder, Kind, Nowhere, Place
from gremio.code.libraries.origin import home_of, rebased
from gremio.code.review.closure import closure
from gremio.code.syntax.imports import ImportedName, imports_in
from gremio.code.syntax.layout import Layout, Parts, layout_of, module_parts
from gremio.code.syntax.parsing import Guard, blocks, parse_source, survives_import_error

TREE = "tree"
"""What ``relocated`` calls the package of the tree."""

Part = TypeVar("Part", ast.ExceptHandler, ast.match_case)


@dataclass(frozen=True)
class Relocation:
    """One name that is imported from elsewhere than written; ``old`` and ``new`` are dotted."""

    file: str
    line: int
    old: str
    new: str
    kind: Kind


@dataclass(frozen=True)
class Unresolved:
    """One name that the installed libraries don't have.

    ``why`` is ``gone`` (nowhere any more), ``several`` (``candidates`` differ, and only a person can choose) or
    ``outside`` (a relative import that leaves the tree and fits no installed package). What is ``guarded`` the module
    can run without.
    """

    file: str
    line: int
    name: str
    why: Literal["gone", "several", "outside"]
    guarded: bool = False
    candidates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rewritten:
    """The syntax tree to compile, and what was done to it."""

    module: ast.Module
    relocations: tuple[Relocation, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()


def module_name(package: str, path: str) -> str:
    """The absolute name of a file's module when the tree's root is ``package``."""
    return ".".join([package, *module_parts(path)])


def rewrite(module: ast.Module, *, tree: CodeTree, path: str, package: str) -> Rewritten:
    """Re-point the imports of one file. The tree that is given stays as it is; line numbers stay too.

    ``package`` is the dotted name that the tree's root has at run time.
    """
    return _rewrite(module, layout_of(tree), path=path, package=package)


def _rewrite(module: ast.Module, layout: Layout, *, path: str, package: str) -> Rewritten:
    outside = _outside(module, layout, path)
    rewriter = _Rewriter(
        path=path,
        package=package,
        layout=layout,
        finder=Finder(),
        home=home_of(path, outside) if outside else None,
    )
    body = rewriter.body(module.body, "")
    new = module if body is module.body else ast.Module(body=body, type_ignores=module.type_ignores)
    return Rewritten(new, tuple(rewriter.relocations), tuple(rewriter.unresolved))


def relocations(tree: CodeTree) -> tuple[tuple[Relocation, ...], tuple[Unresolved, ...]]:
    """What ``rewrite`` would do over the closure of the entry, and what it could not."""
    results = [relocated(tree, path) for path in closure(tree)]
    return (
        tuple(found for result in results for found in result.relocations),
        tuple(found for result in results for found in result.unresolved),
    )


def relocated(tree: CodeTree, path: str) -> Rewritten:
    """One file rewritten as if its tree were the package ``tree``; remembered, for all who only want to read it."""
    return _relocated(tree.files[path], tree.python_files, path)


@lru_cache(maxsize=16)
def _relocated(source: bytes, paths: tuple[str, ...], path: str) -> Rewritten:
    module = parse_source(source, path)
    return _rewrite(module, Layout(paths), path=path, package=TREE)


def _outside(module: ast.Module, layout: Layout, path: str) -> list[ImportedName]:
    """The relative imports that the tree itself can't answer."""
    return [found for found in imports_in(module) if found.level and not _inside(layout, path, found)]


def _inside(layout: Layout, path: str, imported: ImportedName) -> bool:
    parts = layout.target(path, imported)
    if parts is None:
        return False
    if imported.module or parts in layout.modules:
        return True
    # `from . import x` in a folder without `__init__` can only mean a file.
    return all(layout.is_submodule(parts, name) for name in imported.names)


@dataclass
class _Rewriter:
    """Walks the statements of one file and copies only what changes and what contains it."""

    path: str
    package: str
    layout: Layout
    finder: Finder
    home: str | None
    relocations: list[Relocation] = field(default_factory=list)
    unresolved: list[Unresolved] = field(default_factory=list)
    # Names that the handlers of the enclosing `try` import in their own way.
    _provided: frozenset[str] = frozenset()
    # In the handlers of a `try` whose imports all work.
    _quiet: bool = False
    # A missing name was left to the handler that provides it.
    _skipped: bool = False

    def body(self, body: list[ast.stmt], guard: Guard) -> list[ast.stmt]:
        """The list itself when nothing in it changes."""
        new: list[ast.stmt] = []
        for statement in body:
            new += self._statement(statement, guard)
        unchanged = len(new) == len(body) and all(a is b for a, b in zip(new, body, strict=True))
        return body if unchanged else new

    def _statement(self, statement: ast.stmt, guard: Guard) -> Sequence[ast.stmt]:
        match statement:
            case ast.Import():
                return self._import(statement, guard)
            case ast.ImportFrom():
                return self._import_from(statement, guard)
            case ast.Try() | ast.TryStar():
                return [self._try(statement, guard)]
        replaced = [(block, self.body(block, inner)) for block, inner in blocks(statement, guard)]
        if all(old is new for old, new in replaced):
            return [statement]
        return [_with_blocks(statement, replaced)]

    def _try(self, statement: ast.Try | ast.TryStar, guard: Guard) -> ast.stmt:
        handlers, quiet = statement.handlers, self._quiet
        before = len(self.relocations) + len(self.unresolved)
        provided = self._provided
        if survives_import_error(statement):
            self._provided |= _bound(handler.body for handler in handlers)
        pairs = list(blocks(statement, guard))
        replaced = [(pairs[0][0], self.body(*pairs[0]))]
        untouched = len(self.relocations) + len(self.unresolved) == before and not self._skipped
        self._provided = provided
        # A fallback for a library that isn't installed here never runs: what it lacks is no news.
        self._quiet = quiet or (untouched and _imports(statement.body))
        replaced += [(block, self.body(block, inner)) for block, inner in pairs[1 : len(handlers) + 1]]
        self._quiet, self._skipped = quiet, False
        replaced += [(block, self.body(block, inner)) for block, inner in pairs[len(handlers) + 1 :]]
        return _with_blocks(statement, replaced)

    def _import(self, node: ast.Import, guard: Guard) -> Sequence[ast.stmt]:
        groups = [self._alias(node, alias, guard) for alias in node.names]
        if all(group is None for group in groups):
            return [node]
        new: list[ast.stmt] = []
        for alias, group in zip(node.names, groups, strict=True):
            new += group or [ast.Import(names=[alias])]
        return [_placed(statement, node) for statement in new]

    def _alias(self, node: ast.Import, alias: ast.alias, guard: Guard) -> list[ast.stmt] | None:
        parts = self.layout.target(self.path, ImportedName(0, alias.name, (), node.lineno))
        if parts is not None:
            return self._sibling(parts, alias)
        if alias.name.partition(".")[0] not in LIBRARIES or self.finder.has_module(alias.name) or self._quiet:
            return None
        found = self.finder.find_module(alias.name)
        if found is None or not alias.asname:
            # Without `as`, the code spells the old path out wherever it uses it.
            self._lose(node, alias.name, guard, Nowhere((found,) if found else ()))
            return None
        self._report(node, alias.name, found, "moved")
        return [ast.Import(names=[ast.alias(name=found, asname=alias.asname)])]

    def _sibling(self, parts: Parts, alias: ast.alias) -> list[ast.stmt]:
        whole = self._absolute(parts)
        if alias.asname:
            return [ast.Import(names=[ast.alias(name=whole, asname=alias.asname)])]
        # `import a.b` executes a.b and binds a.
        top, depth = alias.name.partition(".")[0], alias.name.count(".")
        first = self._absolute(parts[: len(parts) - depth])
        names = [whole, first] if depth else [first]
        return [ast.Import(names=[ast.alias(name=name, asname=top)]) for name in names]

    def _absolute(self, parts: Parts) -> str:
        return ".".join([self.package, *parts])

    def _import_from(self, node: ast.ImportFrom, guard: Guard) -> Sequence[ast.stmt]:
        imported = ImportedName(node.level, node.module or "", tuple(a.name for a in node.names), node.lineno)
        if node.level:
            return [node] if _inside(self.layout, self.path, imported) else self._rebase(node, guard)
        parts = self.layout.target(self.path, imported)
        if parts is not None:
            new = ast.ImportFrom(module=self._absolute(parts), names=node.names, level=0)
            return [_placed(new, node)]
        module = _checkout(imported.module) or imported.module
        if module.partition(".")[0] not in LIBRARIES:
            return [node]
        return self._split(node, module, guard, written=imported.module)

    def _rebase(self, node: ast.ImportFrom, guard: Guard) -> Sequence[ast.stmt]:
        written = "." * node.level + (node.module or "")
        module = _checkout(node.module or "")
        if module is None and self.home:
            module = rebased(self.home, node.level, node.module or "")
        if module is None:
            for alias in node.names:
                self._lose(node, _join(written, alias.name), guard, None)
            return [node]
        return self._split(node, module, guard, written=written)

    def _split(self, node: ast.ImportFrom, module: str, guard: Guard, *, written: str) -> Sequence[ast.stmt]:
        """One import per module that the names are in now, in the order in which they are first named."""
        groups: dict[str, list[ast.alias]] = {}
        for alias in node.names:
            place = self._place(node, alias, module, guard, written=written)
            new = alias if place.name == alias.name else _renamed(alias, place.name)
            groups.setdefault(place.module, []).append(new)
        if written == module and list(groups) == [module] and groups[module] == node.names:
            return [node]
        return [_placed(ast.ImportFrom(module=target, names=names, level=0), node) for target, names in groups.items()]

    def _place(self, node: ast.ImportFrom, alias: ast.alias, module: str, guard: Guard, *, written: str) -> Place:
        old = _join(written, alias.name)
        here = Place(module, alias.name, "in-tree")
        if alias.name == "*":
            here = self._star(node, module, guard)
        elif not self.finder.is_there(module, alias.name):
            if (alias.asname or alias.name) in self._provided or self._quiet:
                self._skipped = True
                return here
            found = self.finder.find(module, alias.name)
            if isinstance(found, Nowhere):
                self._lose(node, old, guard, found)
                return here
            here = found
        if written != here.module or here.name != alias.name:
            kind = "in-tree" if node.level and here.kind != "renamed" else here.kind
            self._report(node, old, f"{here.module}.{here.name}", kind)
        return here

    def _star(self, node: ast.ImportFrom, module: str, guard: Guard) -> Place:
        if self.finder.has_module(module):
            return Place(module, "*", "in-tree")
        found = self.finder.find_module(module)
        if found is None:
            self._lose(node, f"{module}.*", guard, Nowhere())
        return Place(found or module, "*")

    def _report(self, node: ast.stmt, old: str, new: str, kind: Kind) -> None:
        self.relocations.append(Relocation(self.path, node.lineno, old, new, kind))

    def _lose(self, node: ast.stmt, name: str, guard: Guard, found: Nowhere | None) -> None:
        candidates = found.candidates if found else ()
        why: Literal["gone", "several", "outside"] = "outside" if found is None else "several" if candidates else "gone"
        self.unresolved.append(Unresolved(self.path, node.lineno, name, why, bool(guard), candidates))


def _join(module: str, name: str) -> str:
    return f"{module}{name}" if module.endswith(".") else f"{module}.{name}"


def _checkout(module: str) -> str | None:
    """``diffusers.x`` for ``src.diffusers.x``: the author's file lay in a checkout of the library."""
    before, _, inside = module.partition(".")
    return inside if before == "src" and inside.partition(".")[0] in LIBRARIES else None


def _renamed(alias: ast.alias, name: str) -> ast.alias:
    return ast.copy_location(ast.alias(name=name, asname=alias.asname or alias.name), alias)


def _placed(statement: ast.stmt, like: ast.stmt) -> ast.stmt:
    ast.copy_location(statement, like)
    for child in ast.walk(statement):
        if isinstance(child, ast.alias):
            ast.copy_location(child, like)
    return statement


def _with_blocks(statement: ast.stmt, replaced: Iterable[tuple[list[ast.stmt], list[ast.stmt]]]) -> ast.stmt:
    """A shallow copy of the statement with other lists of statements in it; itself if they are the same."""
    swap = {id(old): new for old, new in replaced if old is not new}
    if not swap:
        return statement
    new = copy.copy(statement)
    for name, value in ast.iter_fields(statement):
        if isinstance(value, list) and id(value) in swap:
            setattr(new, name, swap[id(value)])
        elif isinstance(value, list) and value and isinstance(value[0], ast.ExceptHandler | ast.match_case):
            setattr(new, name, [_with_body(part, swap) for part in value])
    return new


def _with_body(part: Part, swap: dict[int, list[ast.stmt]]) -> Part:
    if id(part.body) not in swap:
        return part
    new = copy.copy(part)
    new.body = swap[id(part.body)]
    return new


def _bound(bodies: Iterable[list[ast.stmt]]) -> frozenset[str]:
    aliases = [
        alias
        for body in bodies
        for node in body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    ]
    return frozenset(alias.asname or alias.name.partition(".")[0] for alias in aliases)


def _imports(body: list[ast.stmt]) -> bool:
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in body)
