"""Classes of the installed libraries, found and outlined by reading."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from gremio.code.libraries.exports import Method, Outline, class_definitions
from gremio.code.libraries.moved_names import library_of


def library_home(absolute: str) -> tuple[str, str] | None:
    """The module of an installed library that defines what an absolute name means, and its name there."""
    module, _, name = absolute.rpartition(".")
    source = library_of(module)
    return source.home(module, name) if source else None


def library_outline(absolute: str) -> tuple[str, Outline] | None:
    """The module of an installed library's class, and its outline."""
    home = library_home(absolute)
    source = library_of(home[0]) if home else None
    exports = source.exports(home[0]) if source and home else None
    outline = exports.classes.get(home[1]) if exports and home else None
    return (home[0], outline) if home and outline else None


def library_method(absolute: str, method: str) -> Method | None:
    """A method that a class of an installed library has or inherits."""
    waiting, seen = [absolute], set()
    while waiting:
        name = waiting.pop(0)
        found = library_outline(name) if name not in seen else None
        seen.add(name)
        if found is None:
            continue
        module, outline = found
        if method in outline.methods:
            return outline.methods[method]
        waiting = [*library_bases(module, outline.bases), *waiting]
    return None


def library_class(absolute: str) -> tuple[str, ast.ClassDef] | None:
    """The module and definition of an installed library's class."""
    home = library_home(absolute)
    source = library_of(home[0]) if home else None
    tree = source.parse(home[0]) if source and home else None
    node = class_definitions(tree).get(home[1]) if tree and home else None
    return (home[0], node) if home and node else None


def library_bases(module: str, bases: Iterable[str]) -> list[str]:
    """The absolute names of what a module of an installed library calls by these names."""
    source = library_of(module)
    exports = source.exports(module) if source else None
    found = []
    for base in bases:
        first, _, rest = base.partition(".")
        origin = exports.names.get(first) if exports else None
        if origin is None or source is None:
            whole = f"{module}.{first}"
        else:
            whole = ".".join(filter(None, [source.absolute(module, origin[0], origin[1]), origin[2]]))
        found.append(f"{whole}.{rest}" if rest else whole)
    return found
