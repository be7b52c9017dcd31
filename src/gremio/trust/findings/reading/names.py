"""What an expression means: the absolute name of a thing, or a constant. Followed through imports, assignments,
containers, re-exports, simple functions and calls that look names up; nothing is executed.

A *reference* is a dotted text. ``os.system`` is the function, ``requests.Session()`` what a call gives,
``os.environ[]`` an item. What lies in the tree itself begins with ``tree:``, ``tree:a/b.Class.method``.
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable
from typing import Any

from gremio.code.syntax.imports import ImportedName
from gremio.trust.findings.reading.expressions import CHEAP, RESOLVERS
from gremio.trust.findings.reading.members import OS, attribute, elements, item
from gremio.trust.findings.reading.program import TREE, File, Program
from gremio.trust.findings.reading.scopes import Binding, Scope
from gremio.trust.findings.reading.values import MOST, Const, Value, either, fewer, references, union

_DEEPEST = 40  # expressions within expressions and names, at once
_ROUNDS = 100
_NOWHERE = 1_000_000
_BUILTINS = frozenset(dir(builtins))


class Names:
    """Resolves the expressions of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._depth = 0
        # The names and expressions that are being resolved, the outermost of them that was asked for again meanwhile,
        # and what was remembered since: it may lack what that one turns out to mean, and is forgotten when it is known.
        self._open: dict[tuple[int, Any], int] = {}
        self._cut = _NOWHERE
        self._unsure: list[tuple[dict[Any, Any], Any]] = []
        self.entered: set[str] = set()
        self.climbed: set[str] = set()
        self._deeper: tuple[ast.AST, Scope] | None = None

    def file(self, scope: Scope) -> File:
        """The file that a scope lies in."""
        return self.program.by_module[scope.module]

    def constant(self, node: ast.expr | None, scope: Scope) -> Const | None:
        """The one constant that an expression gives, if it surely gives one."""
        value = self.value(node, scope) if node is not None else ()
        return value[0] if len(value) == 1 and isinstance(value[0], Const) else None

    def value(self, node: ast.AST, scope: Scope) -> Value:
        """All that the expression may mean."""
        known: Value
        if node in scope.memo:
            known = scope.memo[node]
            return known
        if type(node) is ast.Name:
            holder = scope.holder(node.id)
            if holder is not None and node.id in holder.memo:
                known = holder.memo[node.id]
                return known
        if self._depth:
            return self._value(node, scope)
        self._deeper, self._cut, self._unsure = None, _NOWHERE, []
        found = self._value(node, scope)
        return found if self._deeper is None else self._from_below(node, scope)

    def _from_below(self, node: ast.AST, scope: Scope) -> Value:
        """What is reached through more names than can be followed at once: the farthest first."""
        waiting = [(node, scope)]
        for _ in range(_ROUNDS):
            self._deeper = None
            found = self._value(*waiting[-1])
            if self._deeper is not None:
                waiting.append(self._deeper)
                continue
            waiting.pop()
            if not waiting:
                return found
        self.file(scope).steps = 0
        return ()

    def _value(self, node: ast.AST, scope: Scope) -> Value:
        resolve = RESOLVERS.get(type(node))
        if resolve is None:
            return ()
        if self._depth > _DEEPEST:
            # From here it is asked again, and what was found on the way here is not remembered.
            self._deeper = self._deeper or (node, scope)
            return ()
        if not self.go_on(scope, 1):
            return ()
        if type(node) in CHEAP:
            return self._deeply(resolve, node, scope)
        me = (id(scope), id(node))
        if self._asked_again(me):
            return ()
        self._open[me] = len(self._open)
        try:
            found = self._deeply(resolve, node, scope)
        finally:
            del self._open[me]
        if self._cut == len(self._open):
            self._forget()
        self._remember(scope.memo, node, found)
        return found

    def _deeply(self, resolve: Callable[[Names, Any, Scope], Value], node: ast.AST, scope: Scope) -> Value:
        self._depth += 1
        try:
            found = resolve(self, node, scope)
        finally:
            self._depth -= 1
        return found if len(found) <= MOST else fewer(found)

    def _asked_again(self, me: tuple[int, Any]) -> bool:
        """Whether it is being resolved already: what is made from itself means nothing more by that."""
        place = self._open.get(me)
        if place is not None:
            self._cut = min(self._cut, place)
        return place is not None

    def go_on(self, scope: Scope, steps: int) -> bool:
        """Whether so many more steps may be made for this file."""
        program = self.program
        file = program.by_module[scope.module]
        file.steps -= steps
        program.steps -= steps
        if program.steps <= 0:
            file.steps = 0
        return file.steps > 0

    def _remember(self, memo: dict[Any, Any], key: Any, value: Value) -> None:
        if self._deeper is not None:
            return
        memo[key] = value
        if self._cut < len(self._open):
            self._unsure.append((memo, key))

    # Names and what they are bound to.

    def name(self, name: str, scope: Scope) -> Value:
        """What a name means in a scope."""
        holder = scope.holder(name)
        if holder is not None:
            return self.held(name, holder)
        if name == "__builtins__":
            return ("builtins",)
        if name in _BUILTINS:
            return (f"builtins.{name}",)
        return self.starred(name, scope.module)

    def held(self, name: str, holder: Scope) -> Value:
        """What a name of exactly this scope means."""
        return self.resolved(holder.memo, name, lambda: [self.bound(each, holder) for each in holder.bound[name]])

    def resolved(self, memo: dict[Any, Any], key: str, values: Callable[[], list[Value]]) -> Value:
        """What a name means, remembered."""
        if key in memo:
            known: Value = memo[key]
            return known
        me = (id(memo), key)
        if self._asked_again(me):
            return ()
        self._open[me] = len(self._open)
        try:
            value = either(values())
        finally:
            del self._open[me]
        if self._cut == len(self._open) and self._deeper is None:
            # It was asked for itself. Now that something is known of it, once more: `x = getattr(x, name)`.
            self._forget()
            memo[key] = value
            value = either([value, *values()])
        if self._cut == len(self._open):
            self._forget()
        self._remember(memo, key, value)
        return value

    def _forget(self) -> None:
        for memo, key in self._unsure:
            memo.pop(key, None)
        self._unsure, self._cut = [], _NOWHERE

    def bound(self, binding: Binding, holder: Scope) -> Value:
        """What one binding gives."""
        scope = binding.scope or holder
        match binding.kind:
            case "import":
                return self._imported(binding, self.file(holder))
            case "value" if binding.node is not None:
                return self.value(binding.node, scope)
            case "each" if binding.node is not None:
                return elements(self, self.value(binding.node, scope))
            case "part" if binding.node is not None:
                return item(self, self.value(binding.node, scope), Const(binding.index))
            case "definition" if binding.inner is not None:
                return (binding.inner.key,)
            case "instance":
                return (f"{binding.dotted}()",)
            case "class":
                return (binding.dotted,)
            case "known":
                known: Value = binding.known
                return known
        return ()

    def _imported(self, binding: Binding, file: File) -> Value:
        if isinstance(binding.node, ast.Import):
            return self.module(binding.dotted, file)
        module, _, name = binding.dotted.rpartition(".")
        return self.imported(binding.level, module, name, file)

    def imported(self, level: int, module: str, name: str, file: File) -> Value:
        """What ``from module import name`` gives in a file."""
        parts = self.program.layout.target(file.source.path, ImportedName(level, module, (name,), 1))
        if parts is not None:
            return attribute(self, TREE + "/".join(parts), name)
        if level:
            return attribute(self, f"relative.{module}".rstrip("."), name)
        return union(attribute(self, each, name) for each in references(self.module(module, file)))

    def module(self, dotted: str, file: File) -> Value:
        """What a module's absolute name means in a file."""
        if not dotted:
            return ()
        parts = self.program.layout.target(file.source.path, ImportedName(0, dotted, (), 1))
        if parts is not None:
            return (TREE + "/".join(parts),)
        first, *rest = dotted.split(".")
        value: Value = ("os" if first in OS else first,)
        for each in rest:
            value = union(attribute(self, reference, each) for reference in references(value))
        return value

    def starred(self, name: str, module: Scope) -> Value:
        """What a name means that only star imports can have brought."""
        if not module.stars or name.startswith("__") or not self.go_on(module, len(module.stars)):
            return ()
        file = self.file(module)
        stars = module.stars
        return self.resolved(
            module.memo, f"*{name}", lambda: [self.imported(level, source, name, file) for level, source in stars]
        )
