"""Import statements of a file, spelled for the place where the file is published."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass

from gremio.code import CodeTree
from gremio.code.review.relocation import TREE, relocated
from gremio.code.syntax.imports import ImportedName
from gremio.code.syntax.layout import Layout, Parts, layout_of, module_parts, package_parts, split
from gremio.code.syntax.parsing import parse, statements
from gremio.publishing.publication import Edit

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_IMPORTS = (ast.Import, ast.ImportFrom)


def reworded(tree: CodeTree, path: str, places: Mapping[str, str]) -> tuple[bytes, tuple[Edit, ...]]:
    """A file's text with the imports that have to read otherwise, and what was changed.

    ``places`` are the new logical paths of the files that travel. Imports of siblings become relative, which plain
    diffusers needs; imports that lead out of the tree, or to names that the libraries have moved, are written as they
    are resolved here. Everything else stays as it is, to the byte.
    """
    source = tree.files[path]
    speller = _Speller(layout_of(tree), path, places)
    changes = []
    for node, group in _pairs(tree, path):
        spelled = [speller.spelled(each) for each in group]
        if [ast.unparse(each) for each in spelled] != [ast.unparse(node)]:
            changes.append((node, spelled))
    if not changes:
        return source, ()
    text = _Text.of(source)
    edits = tuple(text.replace(node, spelled, path) for node, spelled in reversed(changes))
    return text.encoded(), edits[::-1]


def _pairs(tree: CodeTree, path: str) -> list[tuple[ast.stmt, list[ast.stmt]]]:
    """Every import statement as written, with those that stand in its place once it is relocated."""
    by_place: dict[tuple[int, int], list[ast.stmt]] = {}
    for node, _ in statements(relocated(tree, path).module):
        if isinstance(node, _IMPORTS):
            by_place.setdefault((node.lineno, node.col_offset), []).append(node)
    written = (node for node, _ in statements(parse(tree, path)) if isinstance(node, _IMPORTS))
    return [(node, by_place[node.lineno, node.col_offset]) for node in written]


@dataclass(frozen=True)
class _Speller:
    """Knows where the modules of a tree are going."""

    layout: Layout
    path: str
    places: Mapping[str, str]

    def spelled(self, node: ast.stmt) -> ast.stmt:
        if isinstance(node, ast.ImportFrom):
            return self._from(node)
        assert isinstance(node, ast.Import)
        alias = node.names[0]
        # Relocation gives every sibling that is imported whole a statement of its own.
        if alias.name.partition(".")[0] != TREE:
            return node
        *above, last = self._new(split(alias.name)[1:])
        name = ast.alias(name=last, asname=alias.asname if alias.asname != last else None)
        return self._relative(tuple(above), [name])

    def _from(self, node: ast.ImportFrom) -> ast.stmt:
        module = node.module or ""
        if node.level:
            names = tuple(alias.name for alias in node.names)
            parts = self.layout.target(self.path, ImportedName(node.level, module, names, node.lineno))
        else:
            parts = split(module)[1:] if split(module)[:1] == (TREE,) else None
        if parts is None:
            return node
        return self._relative(self._new(parts), [self._alias(parts, alias) for alias in node.names])

    def _alias(self, parts: Parts, alias: ast.alias) -> ast.alias:
        """A submodule may be going by another name."""
        if alias.name == "*" or not self.layout.is_submodule(parts, alias.name):
            return alias
        new = self._new((*parts, alias.name))[-1]
        return alias if new == alias.name else ast.alias(name=new, asname=alias.asname or alias.name)

    def _new(self, parts: Parts) -> Parts:
        """The parts that a module of the tree has where it is going."""
        file = self.layout.modules.get(parts)
        if file is not None and file in self.places:
            return module_parts(self.places[file])
        # A folder without `__init__`, or whose `__init__` stays behind, is where the files below it go.
        for old, new in self.places.items():
            inside = package_parts(old)
            if inside[: len(parts)] == parts:
                below = len(inside) - len(parts)
                moved = package_parts(new)
                return moved[: len(moved) - below]
        return parts

    def _relative(self, target: Parts, names: list[ast.alias]) -> ast.ImportFrom:
        here = package_parts(self.places[self.path])
        common = 0
        while common < min(len(here), len(target)) and here[common] == target[common]:
            common += 1
        rest = target[common:]
        return ast.ImportFrom(module=".".join(rest) or None, names=names, level=len(here) - common + 1)


@dataclass
class _Text:
    """Source as lines, to replace statements in from the last to the first."""

    lines: list[str]
    encoding: str
    bom: bool

    @classmethod
    def of(cls, source: bytes) -> _Text:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        text = source.decode(encoding)
        return cls(_LINES.findall(text), encoding.removesuffix("-sig"), encoding.endswith("-sig"))

    def encoded(self) -> bytes:
        data = "".join(self.lines).encode(self.encoding)
        return b"\xef\xbb\xbf" + data if self.bom else data

    def replace(self, node: ast.stmt, by: list[ast.stmt], path: str) -> Edit:
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before, _ = _cut(self.lines[first], node.col_offset)
        _, after = _cut(self.lines[last], node.end_col_offset or 0)
        alone = not before.strip() and not after.strip(" \t\r\n").removeprefix("\\")
        ending = _ending(self.lines[last]) or "\n"
        joint = f"{ending}{before}" if alone else "; "
        new = joint.join(ast.unparse(each) for each in by)
        self.lines[first : last + 1] = [f"{before}{new}{after}"]
        return Edit(path, node.lineno, ast.unparse(node), "; ".join(ast.unparse(each) for each in by))


def _cut(line: str, offset: int) -> tuple[str, str]:
    """A line in two, at an offset that the parser counts in bytes of UTF-8."""
    data = line.encode()
    return data[:offset].decode(), data[offset:].decode()


def _ending(line: str) -> str:
    return line[len(line.rstrip("\r\n")) :]
