"""What a mend is: one incompatibility between community code and the installed libraries, and its repair."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import Protocol

from packaging.version import InvalidVersion, Version

from gremio.code.libraries.packages import version_of
from gremio.code.syntax.parsing import dotted

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Change:
    """What happened in a library, and from which version on; an empty ``since`` means in every version."""

    library: str
    since: str = ""

    @property
    def is_here(self) -> bool:
        """Whether the installed version has the change."""
        return _has(self.library, self.since)


@cache
def _has(library: str, since: str) -> bool:
    try:
        return not since or Version(version_of(library)) >= Version(since)
    except InvalidVersion:
        return False


@dataclass(frozen=True)
class Repair:
    """One place that was mended: what its author wrote, and what is there instead.

    ``line`` is 0, and ``file`` may be empty, where it is no expression of the code.
    """

    mend: str
    file: str
    line: int
    old: str
    new: str

    def __str__(self) -> str:
        """One line for people."""
        place = f" ({self.file}:{self.line})" if self.line else ""
        return f"{self.mend}: {self.old} → {self.new}{place}"


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: definitions around it, outermost first, the node right above it, the module."""

    inside: tuple[Definition, ...] = ()
    parent: ast.AST | None = None
    module: ast.Module | None = None

    @property
    def function(self) -> Function | None:
        """The function around it."""
        return next((node for node in reversed(self.inside) if isinstance(node, Function)), None)

    @property
    def me(self) -> str | None:
        """What the method around it calls its object; None outside of methods."""
        for outer, inner in pairwise(self.inside):
            if isinstance(outer, ast.ClassDef) and isinstance(inner, Function):
                names = [*inner.args.posonlyargs, *inner.args.args]
                plain = {dotted(each) for each in inner.decorator_list} & {"staticmethod", "classmethod"}
                return names[0].arg if names and not plain else None
        return None


class Mend(Protocol):
    """Repairs one incompatibility in the syntax tree of community code.

    ``name`` is what reports call it, ``reason`` the sentence that explains it, ``change`` what made it necessary: on
    versions without the change it is not tried. ``words`` are texts of which the file must hold one, ``marks`` those of
    which a line must hold one to be looked at; files and lines without are not walked.
    """

    @property
    def name(self) -> str:
        """Short, with hyphens."""

    @property
    def reason(self) -> str:
        """What changed where, in one sentence."""

    @property
    def change(self) -> Change:
        """Since when it is needed."""

    @property
    def words(self) -> tuple[str, ...]:
        """What the file holds wherever it may be needed."""

    @property
    def marks(self) -> tuple[str, ...]:
        """What a line holds that may have to be mended."""

    def expression(self, node: ast.expr, scope: Scope) -> ast.expr | None:
        """What to put in place of an expression; None to leave it. The node itself must not be changed."""
