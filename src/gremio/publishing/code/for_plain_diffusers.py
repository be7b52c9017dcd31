"""What plain diffusers needs besides, to find the helpers of the classes it loads.

It looks for them by the text of files, and copies those only that the file of a class itself names; from the folder of
a component with weights it downloads one Python file alone; and what a downloaded helper imports it looks for at the
top of the repository. So the file of a class names all helpers, in a block that never runs, and the pipeline's file
those of the components too; and helpers of components spell their imports so that the search passes over them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, MutableMapping, Sequence, Set

from gremio.code.syntax.imports import ImportedName, imports_of
from gremio.code.syntax.parsing import parse_source, statements
from gremio.publishing.code.placing import Placed

_NOTE = "# Plain diffusers copies only the helpers that this file itself names; added by Gremio."
_BLOCK = re.compile(
    rb"\s*" + re.escape(_NOTE).encode() + rb"\s+if False:\s+(?:from \.\S+ import __name__ as _[^\n]*\s*)+\Z"
)
_SEEN = re.compile(rb"^\s*from\s+\.(\S+)\s+import", re.MULTILINE)
"""What plain diffusers takes for a helper's name, wherever in a file it stands."""


def unbridged(source: bytes) -> bytes:
    """The text without the block, as its author wrote it."""
    found = _BLOCK.search(source)
    return source[: found.start()] + b"\n" if found else source


def bridged(placed: Sequence[Placed], files: MutableMapping[str, bytes]) -> tuple[str, ...]:
    """Add to the files what is needed; why plain diffusers can't load the rest from the Hub, in words."""
    limits: list[str] = []
    main = next((one for one in placed if not one.piece.role), None)
    passed_on: list[str] = []
    for one in placed:
        if one is main:
            continue
        found = _limits(one, files)
        limits += found
        if not found and _helpers(one):
            _name(one, _helpers(one), files)
            if one.piece.has_weights and main is None:
                limits.append(_without_pipeline(one))
            elif one.piece.has_weights:
                passed_on += [f"{one.piece.role}.{name}" for name in _helpers(one)]
                _hide(one, files)
    if main is not None:
        found = _limits(main, files)
        limits += found
        if not found:
            _name(main, [*_helpers(main), *passed_on], files)
    return tuple(dict.fromkeys(limits))


def _limits(one: Placed, files: Mapping[str, bytes]) -> list[str]:
    """Imports that plain diffusers can't follow."""
    if "/" in one.entry:
        return [f"{one.path(one.entry)} imports from folders above it, and plain diffusers looks for {one.module} flat"]
    if data := [new for new in one.places.values() if not new.endswith(".py")]:
        return [f"plain diffusers doesn't copy data files beside code: {', '.join(one.path(new) for new in data)}"]
    helpers = set(_helpers(one))
    return [
        f"{one.path(new)}, line {imported.line}: {why}"
        for new in one.code.values()
        for imported in _relative(one, files, new)
        if (why := _why_not(imported, helpers))
    ]


def _why_not(imported: ImportedName, helpers: Set[str]) -> str:
    if imported.level > 1:
        return "plain diffusers can't follow an import with more than one dot"
    wanted = [imported.module] if imported.module else imported.names
    if not set(wanted) <= helpers:
        return "plain diffusers can't follow an import from a package of helpers"
    return ""


def _without_pipeline(one: Placed) -> str:
    names = ", ".join(f"{name}.py" for name in _helpers(one))
    return (
        f"{one.piece.role}: of the folder of a component with weights plain diffusers downloads one Python file, and"
        f" this one needs {names} besides; only a pipeline with code of its own could name them"
    )


def _helpers(one: Placed) -> list[str]:
    return sorted(new.removesuffix(".py") for new in one.code.values() if new != one.entry)


def _relative(one: Placed, files: Mapping[str, bytes], new: str) -> list[ImportedName]:
    path = one.path(new)
    return [imported for imported in imports_of(files[path], path) if imported.level]


def _name(one: Placed, names: Sequence[str], files: MutableMapping[str, bytes]) -> None:
    """Add the block for the names that diffusers would not see."""
    path = one.path(one.entry)
    source = files[path]
    seen = {name.decode() for name in _SEEN.findall(source)}
    if unseen := sorted(set(names) - seen):
        lines = [f"    from .{name} import __name__ as _  # noqa: F401" for name in unseen]
        block = "\n".join(["", "", _NOTE, "if False:", *lines, ""])
        files[path] = source.rstrip() + block.replace("\n", "\r\n" if b"\r\n" in source else "\n").encode()


def _hide(one: Placed, files: MutableMapping[str, bytes]) -> None:
    """``from .norm import N`` in a helper becomes ``from.norm import N``, which is the same to Python."""
    for new in one.code.values():
        path = one.path(new)
        if new != one.entry:
            lines = files[path].split(b"\n")
            for node, _ in statements(parse_source(files[path], path)):
                if isinstance(node, ast.ImportFrom) and node.level == 1 and node.module:
                    line = lines[node.lineno - 1]
                    start = line[: node.col_offset]
                    lines[node.lineno - 1] = start + re.sub(rb"\Afrom\s+\.", b"from.", line[node.col_offset :])
            files[path] = b"\n".join(lines)
