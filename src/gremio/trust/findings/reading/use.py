"""One place where code mentions something by name."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import Any, Literal

from gremio.trust.findings.reading.calls import argument
from gremio.trust.findings.reading.names import Names
from gremio.trust.findings.reading.program import File
from gremio.trust.findings.reading.scopes import Scope
from gremio.trust.findings.reading.values import Const, Value

UseKind = Literal["call", "value", "alias", "item", "import", "store", "delete", "keyword", "text", "computed"]

IMPORT = ""
"""The context of what runs while its file is imported."""
MAIN = "__main__"
"""The context of what runs when its file is started as a script, which never happens to a pipeline."""


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """One place, and what is meant there.

    ``name`` is an absolute name; ``?.x`` is an attribute of something unknown. ``kind`` is how it is used: called,
    taken as a value, given another name (``alias``), asked for an item, imported, assigned to (``stored`` is the new
    value), deleted; ``keyword``: ``name`` is an argument and ``node`` its value; ``text``: ``text`` was spelled out
    here, in pieces if ``assembled``; ``computed``: what is called can't be told. ``call`` is the call of it, ``around``
    what is done with what that gives: a call, an item, an attribute. ``context`` is the key of the function around it.
    """

    name: str
    kind: UseKind
    node: ast.AST
    file: File
    scope: Scope
    context: str
    names: Names
    sure: bool = True
    call: ast.Call | None = None
    stored: ast.expr | None = None
    around: ast.AST | None = None
    text: str = ""
    assembled: bool = False

    @property
    def line(self) -> int:
        """Where it is, from 1."""
        return int(getattr(self.node, "lineno", 1))

    @property
    def column(self) -> int:
        """Where in the line it is."""
        return int(getattr(self.node, "col_offset", 0))

    @property
    def end(self) -> int:
        """The last line of the call of it, or of itself."""
        return int(getattr(self.call or self.node, "end_lineno", 0) or 0)

    def given(self, position: int, keyword: str) -> ast.expr | None:
        """An argument of the call, if it is written there."""
        return argument(self.call, position, keyword) if self.call is not None else None

    def value(self, node: ast.AST | None) -> Value:
        """What an expression near it means."""
        return self.names.value(node, self.scope) if node is not None else ()

    def some_constants(self, node: ast.AST | None) -> list[Any]:
        """The constants among all that it may be."""
        return [each.value for each in self.value(node) if isinstance(each, Const)]

    def constants(self, node: ast.AST | None) -> tuple[Any, ...] | None:
        """All constants that it may be; None if it may be something else."""
        found = self.some_constants(node)
        return tuple(found) if found and len(found) == len(self.value(node)) else None
