"""What a walk over a program finds, and where it is just now."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable
from typing import Any, ClassVar

from gremio.trust.findings.reading.names import Names
from gremio.trust.findings.reading.program import TREE, File, Program
from gremio.trust.findings.reading.scopes import Scope
from gremio.trust.findings.reading.use import IMPORT, Use, UseKind
from gremio.trust.findings.reading.values import Value


class Recorder:
    """Keeps the ``uses`` of names that are ``wanted``, and which function ``calls`` which.

    Subclasses say in ``handlers`` what they do with a kind of node; of all others the parts are visited.
    """

    handlers: ClassVar[dict[type[ast.AST], Callable[[Any, Any], None]]] = {}

    def __init__(self, program: Program, file: File, wanted: Callable[[str], object], names: Names) -> None:
        self.uses: list[Use] = []
        self.calls: dict[str, set[str]] = defaultdict(set)
        self._program = program
        self._file = file
        self._names = names
        self._wanted = wanted
        self._scope: Scope = file.scopes.module
        self._context = IMPORT
        # What is done with the result of a call: it is called, asked for an attribute or an item.
        self._around: dict[ast.AST, ast.AST] = {}

    def visit(self, node: ast.AST) -> None:
        """A node, by its handler."""
        handle = self.handlers.get(type(node))
        if handle is not None:
            handle(self, node)
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        """The parts of a node."""
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                for each in value:
                    if isinstance(each, ast.AST):
                        self.visit(each)
            elif isinstance(value, ast.AST):
                self.visit(value)

    def _emit(self, value: Value, kind: UseKind, node: ast.AST, call: ast.Call | None = None) -> None:
        several = len(value) > 1
        for reference in value:
            if not isinstance(reference, str):
                continue
            if reference.startswith(TREE):
                if kind == "call":
                    self.calls[self._context].add(reference)
            elif reference != "?":
                self._use(reference, kind, node, call=call, sure=not several)

    def _text(self, text: str, node: ast.AST, *, assembled: bool) -> None:
        self.uses.append(
            Use(
                "text:",
                "text",
                node,
                self._file,
                self._scope,
                self._context,
                self._names,
                text=text,
                assembled=assembled,
            )
        )

    def _use(
        self,
        name: str,
        kind: UseKind,
        node: ast.AST,
        *,
        call: ast.Call | None = None,
        stored: ast.expr | None = None,
        sure: bool = True,
    ) -> None:
        # Whatever is assigned to something of a library, or to a class, may change it.
        changes = kind in ("store", "delete") and (not name.startswith("?") or name.startswith("?.__class__"))
        if self._wanted(name) or changes:
            around = self._around.get(call) if call is not None else None
            self.uses.append(
                Use(name, kind, node, self._file, self._scope, self._context, self._names, sure, call, stored, around)
            )
