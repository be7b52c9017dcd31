"""What expressions mention by name, and how they use it."""

from __future__ import annotations

import ast

from gremio.trust.findings.reading.calls import GETTERS, IMPORTERS
from gremio.trust.findings.reading.program import TREE
from gremio.trust.findings.reading.scopes import Comprehension, comprehended, is_parameter
from gremio.trust.findings.reading.texts import Texts
from gremio.trust.findings.reading.use import UseKind
from gremio.trust.findings.reading.values import Getter, Value, references

_LOOKING_UP = GETTERS | IMPORTERS | {"builtins.vars", "functools.reduce", "builtins.type", "builtins.next"}


class Mentions(Texts):
    """Records what the names, attributes, items and calls of expressions mean."""

    def _value(self, node: ast.expr, kind: UseKind) -> None:
        """Visit an expression that is given a name which is followed."""
        if isinstance(node, ast.Name | ast.Attribute):
            self._named(node, kind)
        elif isinstance(node, ast.IfExp):
            self.visit(node.test)
            self._value(node.body, kind)
            self._value(node.orelse, kind)
        elif isinstance(node, ast.BoolOp):
            for each in node.values:
                self._value(each, kind)
        else:
            self.visit(node)

    def _load(self, node: ast.Name | ast.Attribute) -> None:
        self._named(node, "value")

    def _named(self, node: ast.Name | ast.Attribute, kind: UseKind, call: ast.Call | None = None) -> None:
        """A chain of names, and what stands before it."""
        if not isinstance(node.ctx, ast.Load):
            self._store(node, None)
            return
        value = self._names.value(node, self._scope)
        self._emit(value, kind, node, call)
        if isinstance(node, ast.Attribute):
            self._asked(value)
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            # Names such as `__globals__` say enough, whatever they are asked of.
            self._guess(base, kind if base is node else "item", call if base is node else None, value)
            self._around[base.value] = base
            base = base.value
        if isinstance(base, ast.Name):
            if base.id.startswith("__"):
                self._use(f"?.{base.id}", kind, base, call=call)
        elif isinstance(base, ast.Subscript):
            self._subscripted(base, "item")
        else:
            self.visit(base)

    def _asked(self, value: Value) -> None:
        """A property runs when it is asked for."""
        for reference in references(value):
            found = self._program.scope(reference) if reference.startswith(TREE) else None
            if found is not None and found[1].parent is not None and found[1].parent.kind == "class":
                self.calls[self._context].add(reference)

    def _guess(self, node: ast.Attribute, kind: UseKind, call: ast.Call | None, value: Value) -> None:
        known = [each for each in value if isinstance(each, str) and not each.startswith((TREE, "?"))]
        if not known or node.attr.startswith("__"):
            self._use(f"?.{node.attr}", kind, node, call=call, sure=False)

    def _call(self, node: ast.Call) -> None:
        function = node.func
        self._around[function] = node
        callee = self._names.value(function, self._scope)
        if isinstance(function, ast.Name | ast.Attribute):
            self._named(function, "call", node)
        else:
            self._emit(callee, "call", function, node)
            if isinstance(function, ast.Subscript):
                self._subscripted(function, "item")
            else:
                self.visit(function)
        if not isinstance(function, ast.Attribute | ast.Lambda) and not self._told(callee, function):
            self._use("?", "computed", node, call=node)
        skipped = self._looks_up(node, callee)
        if len(node.args) > 1 and isinstance(function, ast.Attribute):
            self._pair(node.args[0], node.args[1])
        for position, arg in enumerate(node.args):
            self._called_with(arg)
            if position != skipped:
                self.visit(arg)
        for keyword in node.keywords:
            self._called_with(keyword.value)
            if keyword.arg is not None:
                self._use(f"keyword:{keyword.arg}", "keyword", keyword.value, call=node)
            self.visit(keyword.value)
        self._spelled(node, callee)

    def _told(self, callee: Value, function: ast.expr) -> bool:
        """Whether it is known what is called, or it is what the caller passed."""
        if any(isinstance(each, Getter) or (isinstance(each, str) and not _is_data(each)) for each in callee):
            return True
        if not isinstance(function, ast.Name):
            return False
        return self._scope.holder(function.id) is None or is_parameter(function.id, self._scope)

    def _looks_up(self, node: ast.Call, callee: Value) -> int | None:
        """Where a call gives something by its name, that is used here too; return which argument this explains."""
        found = [each for each in callee if isinstance(each, Getter)]
        looking = [each for each in references(callee) if self._is_looking_up(each)]
        if not found and not looking:
            return None
        value = self._names.value(node, self._scope)
        self._emit(value, "value", node)
        explained = bool(value) and "?" not in value
        return 0 if explained and any(each in GETTERS or each == "builtins.vars" for each in looking) else None

    def _is_looking_up(self, reference: str) -> bool:
        if reference in _LOOKING_UP or reference.endswith((".__getattribute__", ".__getattr__", ".__dict__.get")):
            return True
        if reference == "sys.modules.get":
            return True
        return reference.startswith(TREE) and "." in reference and self._is_dynamic(reference)

    def _is_dynamic(self, key: str) -> bool:
        """Whether a function of the tree gives what it looks up."""
        found = self._program.scope(key)
        returns = found[1].returns if found else []
        return any(isinstance(each, ast.Call | ast.Subscript | ast.Attribute) for each in returns)

    def _called_with(self, node: ast.expr) -> None:
        """What is passed to a call, or decorates, may be called by it."""
        if isinstance(node, ast.List | ast.Tuple | ast.Set):
            for each in node.elts:
                self._called_with(each)
        elif isinstance(node, ast.Dict):
            for each in node.values:
                self._called_with(each)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Lambda):
            self._calls(self._names.value(node, self._scope))

    def _calls(self, value: Value) -> None:
        """Whatever of it is a function of the tree may be called here."""
        self.calls[self._context] |= {each for each in references(value) if each.startswith(TREE) and "." in each}

    def _subscript(self, node: ast.Subscript) -> None:
        self._subscripted(node, "value")

    def _subscripted(self, node: ast.Subscript, kind: UseKind) -> None:
        self._emit(self._names.value(node, self._scope), kind, node)
        self._around[node.value] = node
        if isinstance(node.value, ast.Name | ast.Attribute):
            self._named(node.value, "item")
        elif isinstance(node.value, ast.Subscript):
            self._subscripted(node.value, "item")
        else:
            self.visit(node.value)
        self.visit(node.slice)
        self._spelled(node)

    def _store(self, node: ast.AST, value: ast.expr | None, kind: UseKind = "store") -> None:
        if isinstance(node, ast.Tuple | ast.List):
            for each in node.elts:
                self._store(each, None, kind)
        elif isinstance(node, ast.Starred):
            self._store(node.value, None, kind)
        elif isinstance(node, ast.Name):
            if node.id.startswith("__"):
                # What Python itself goes by: where a package looks for its modules, what it is called.
                self._use(f"?.{node.id}", kind, node, stored=value)
        elif isinstance(node, ast.Attribute | ast.Subscript):
            base = self._names.value(node.value, self._scope)
            for reference in references(base):
                owned = reference.startswith(TREE) or reference == "?"
                suffix = f".{node.attr}" if isinstance(node, ast.Attribute) else "[]"
                if not owned:
                    self._use(f"{reference}{suffix}", kind, node, stored=value, sure=len(base) == 1)
            if isinstance(node, ast.Attribute):
                self._use(f"?.{node.attr}", kind, node, stored=value, sure=False)
            self._value(node.value, "item")
            if isinstance(node, ast.Subscript):
                if value is not None:
                    self._pair(node.slice, value)
                self.visit(node.slice)

    def _pair(self, key: ast.expr | None, value: ast.expr) -> None:
        """An argument that is kept under its name: in a dictionary, or on its way there."""
        known = self._names.constant(key, self._scope) if key is not None else None
        if known is not None and isinstance(known.value, str):
            self._use(f"keyword:{known.value}", "keyword", value)

    def _dictionary(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            self._pair(key, value)
        self.children(node)

    def _pairs(self, node: ast.Tuple | ast.List) -> None:
        if len(node.elts) == 2:
            self._pair(node.elts[0], node.elts[1])
        self.children(node)

    def _comprehension(self, node: Comprehension) -> None:
        self._spelled(node)
        outer, self._scope = self._scope, comprehended(node, self._scope)
        self.children(node)
        self._scope = outer

    def _compare(self, node: ast.Compare) -> None:
        self.visit(node.left)
        for op, each in zip(node.ops, node.comparators, strict=True):
            # Asking whether something is in it takes nothing out.
            asked = isinstance(op, ast.In | ast.NotIn) and isinstance(each, ast.Name | ast.Attribute)
            self._value(each, "item" if asked else "value")

    def _named_expression(self, node: ast.NamedExpr) -> None:
        self._value(node.value, "alias")

    def _pattern(self, node: ast.MatchClass) -> None:
        for name in node.kwd_attrs:
            self._use(f"?.{name}", "value", node, sure=False)
        self.children(node)

    handlers = Texts.handlers | {
        ast.Name: _load,
        ast.Attribute: _load,
        ast.Call: _call,
        ast.Subscript: _subscript,
        ast.ListComp: _comprehension,
        ast.SetComp: _comprehension,
        ast.DictComp: _comprehension,
        ast.GeneratorExp: _comprehension,
        ast.NamedExpr: _named_expression,
        ast.Compare: _compare,
        ast.Dict: _dictionary,
        ast.Tuple: _pairs,
        ast.List: _pairs,
        ast.MatchClass: _pattern,
    }


def _is_data(reference: str) -> bool:
    """Whether it is unknown, or an item of what a call gave: a function that is read from somewhere."""
    return reference.endswith("?") or (reference.endswith("]") and "(" in reference)
