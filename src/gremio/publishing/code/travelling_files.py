"""Which files of a tree go along with a class that is published."""

from __future__ import annotations

from posixpath import commonpath

from gremio.code import CodeTree
from gremio.code.review.closure import names_meant
from gremio.code.syntax.imports import data_files, imports_in
from gremio.code.syntax.layout import Layout, layout_of, package_parts
from gremio.code.syntax.parsing import parse


def travellers(tree: CodeTree) -> tuple[tuple[str, ...], str]:
    """What the entry of a tree needs to be imported somewhere else: Python files, then data; and their common folder.

    That is less than what importing it where it lies would execute: the ``__init__`` of a package around the entry
    stays behind, unless a file imports something from it.
    """
    layout = layout_of(tree)
    around = _inits_around(layout, tree.entry)
    waiting, code = [tree.entry], set[str]()
    while waiting:
        path = waiting.pop()
        if path not in code:
            code.add(path)
            waiting += _reached(tree, layout, path, around)
    others = [path for path in tree.files if not path.endswith(".py")]
    data = {name for path in code for name in data_files(parse(tree, path), path, others)} if others else set()
    return (*sorted(code), *sorted(data)), _root(tree.entry, code | data)


def _inits_around(layout: Layout, entry: str) -> frozenset[str]:
    parts = package_parts(entry)
    inits = (layout.modules.get(parts[:depth], "") for depth in range(len(parts) + 1))
    return frozenset(path for path in inits if path.endswith("__init__.py") and path != entry)


def _reached(tree: CodeTree, layout: Layout, path: str, around: frozenset[str]) -> list[str]:
    found: list[str] = []
    for imported in imports_in(parse(tree, path)):
        parts = layout.target(path, imported)
        if parts is None:
            continue
        names = names_meant(tree, parts, imported)
        # Whether more is wanted of a package than its submodules.
        own = not imported.names or not all(layout.is_submodule(parts, name) for name in imported.names)
        asked = layout.modules.get(parts) if own else None
        found += [each for each in layout.runs(parts, names) if each not in around or each == asked]
    return found


def _root(entry: str, paths: set[str]) -> str:
    """The entry's own folder if everything lies in it, else the nearest one above that has everything."""
    folder = entry.rpartition("/")[0]
    if not folder or all(path.startswith(f"{folder}/") for path in paths):
        return folder
    nested = all("/" in path for path in paths)
    return commonpath([folder, *(path.rpartition("/")[0] for path in paths)]) if nested else ""
