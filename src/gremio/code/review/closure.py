"""Which files of a tree an entry reaches."""

from __future__ import annotations

from gremio.code import CodeTree
from gremio.code.syntax.imports import ImportedName, data_files, declared_names, imports_in
from gremio.code.syntax.layout import Parts, layout_of, module_parts
from gremio.code.syntax.parsing import parse


def closure(tree: CodeTree, entry: str | None = None) -> tuple[str, ...]:
    """The tree's own Python files that importing the entry can execute, sorted, the entry among them.

    Follows relative imports and imports of siblings by their absolute name, wherever in a file they stand, and the
    ``__init__`` of every package on the way.

    Raises:
        EntryNotFound: the tree has no such entry.
        UnreadableCode: a file that is reached is not Python.
    """
    layout = layout_of(tree)
    start = entry or tree.entry
    waiting = [start, *layout.runs(module_parts(start))]
    seen: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path not in seen:
            seen.add(path)
            waiting += reached(tree, path)
    return tuple(sorted(seen))


def reached(tree: CodeTree, path: str) -> tuple[str, ...]:
    """The tree's own files that the imports of one file execute."""
    layout = layout_of(tree)
    found: dict[str, None] = {}
    for imported in imports_in(parse(tree, path)):
        parts = layout.target(path, imported)
        if parts is not None:
            found |= dict.fromkeys(layout.runs(parts, names_meant(tree, parts, imported)))
    return tuple(found)


def names_meant(tree: CodeTree, parts: Parts, imported: ImportedName) -> tuple[str, ...]:
    """The names that an import takes from a module of the tree; of a star, those that may be submodules."""
    if imported.names != ("*",):
        return imported.names
    # `from package import *` imports the submodules that its __all__ names.
    path = layout_of(tree).modules.get(parts, "")
    return declared_names(parse(tree, path)) if path.endswith("__init__.py") else ()


def declared_data(tree: CodeTree) -> tuple[str, ...]:
    """The data files that the closure of the entry declares, sorted."""
    others = [path for path in tree.files if not path.endswith(".py")]
    files = closure(tree) if others else ()
    return tuple(sorted({name for path in files for name in data_files(parse(tree, path), path, others)}))
