"""The files of a tree, laid out so that names can be followed from one to another."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from gremio.code import CodeTree
from gremio.code.syntax.layout import Layout, layout_of, module_parts
from gremio.trust.findings.reading.scopes import Scope, ScopeBuilder
from gremio.trust.findings.reading.source import Source

TREE = "tree:"
"""What the names of the tree's own modules begin with."""
_STEPS = 400_000  # of resolving, for one file
_STEPS_OF_ALL = 20 * _STEPS


@dataclass(eq=False)
class File:
    """One Python file of the program: its source, its scopes, the key of its module."""

    source: Source
    module: ast.Module
    key: str
    scopes: ScopeBuilder
    steps: int = _STEPS

    @property
    def tangled(self) -> bool:
        """Whether following its names was given up."""
        return self.steps <= 0


@dataclass(eq=False)
class Program:
    """All files of a tree by the key of their module, and every function and class by its key."""

    layout: Layout
    files: dict[str, File] = field(default_factory=dict)
    steps: int = _STEPS_OF_ALL
    lost: list[Source] = field(default_factory=list)
    """The sources that are nested too deeply to be followed."""
    by_module: dict[Scope, File] = field(default_factory=dict)
    """The file of each module's scope."""

    @classmethod
    def of(cls, tree: CodeTree, sources: Iterable[Source]) -> Program:
        """Lay out what could be parsed."""
        program = cls(layout_of(tree))
        for source in sources:
            if source.module is not None:
                program._add(source, source.module)
        return program

    def _add(self, source: Source, module: ast.Module) -> None:
        key = TREE + "/".join(module_parts(source.path))
        while key in self.files:
            key += "'"
        builder = ScopeBuilder(key, source.data)
        try:
            builder.build(module)
        except RecursionError:
            self.lost.append(source)
        else:
            self.files[key] = self.by_module[builder.module] = File(source, module, key, builder)

    def scope(self, key: str) -> tuple[File, Scope] | None:
        """The function or class with this key, and its file."""
        file = self.files.get(key.partition(".")[0])
        scope = file.scopes.keys.get(key) if file else None
        return (file, scope) if file and scope else None

    def is_folder(self, key: str) -> bool:
        """Whether a key is that of a folder with code in it."""
        return tuple(key.removeprefix(TREE).split("/")) in self.layout.folders
