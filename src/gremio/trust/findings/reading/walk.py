"""One walk over a file: what its statements define, import, assign and run."""

from __future__ import annotations

import ast

from gremio.code.syntax.parsing import parse_unkept
from gremio.errors import UnreadableCode
from gremio.trust.findings.reading.mentions import Mentions
from gremio.trust.findings.reading.program import TREE
from gremio.trust.findings.reading.scopes import Function
from gremio.trust.findings.reading.use import IMPORT, MAIN
from gremio.trust.findings.reading.values import references

_RUNNING_BY_THEMSELVES = frozenset(
    ("__init_subclass__", "__set_name__", "__class_getitem__", "__prepare__", "__mro_entries__", "__instancecheck__")
)
_OF_A_MODULE = frozenset(("__getattr__", "__dir__"))
_META = frozenset(("builtins.type", "abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"))


class Walk(Mentions):
    """Walks the statements of one file."""

    def walk(self, module: ast.Module) -> None:
        """The whole file.

        Raises:
            RecursionError: it is nested too deeply.
        """
        self._body(module.body)

    def _body(self, body: list[ast.stmt]) -> None:
        for statement in body:
            self.visit(statement)

    def _expression_statement(self, node: ast.Expr) -> None:
        # A text that stands alone does nothing: a docstring.
        if not isinstance(node.value, ast.Constant):
            self.visit(node.value)

    def _if(self, node: ast.If) -> None:
        self.visit(node.test)
        before = self._context
        if before == IMPORT and self._scope.kind == "module" and _is_main(node.test) and not self._renamed():
            self._context = MAIN
        self._body(node.body)
        self._context = before
        self._body(node.orelse)

    def _renamed(self) -> bool:
        return "__name__" in self._scope.bound

    def _import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._imported(alias.name, node)

    def _import_from(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if not node.level:
            self._imported(module, node)
        for alias in node.names:
            if alias.name == "*":
                self._use(f"{module}.*", "import", node)
            else:
                for reference in references(self._names.imported(node.level, module, alias.name, self._file)):
                    self._use(reference, "import", node)

    def _imported(self, module: str, node: ast.stmt) -> None:
        if not all(each.startswith(TREE) for each in references(self._names.module(module, self._file))):
            self._use(module, "import", node)

    def _function(self, node: Function) -> None:
        self._decorators(node)
        self._signature(node.args)
        if node.returns is not None:
            self._annotation(node.returns)
        for each in getattr(node, "type_params", ()):
            self.visit(each)
        scope = self._file.scopes.of[node]
        by_itself = node.name in _RUNNING_BY_THEMSELVES or (self._scope.kind == "module" and node.name in _OF_A_MODULE)
        if by_itself:
            self.calls[self._context].add(scope.key)
        outer = self._scope, self._context
        self._scope, self._context = scope, scope.key
        self._body(node.body)
        self._scope, self._context = outer

    def _decorators(self, node: Function | ast.ClassDef) -> None:
        for decorator in node.decorator_list:
            # What a decorator gives is called, too, where it is called itself.
            self._calls(self._names.value(decorator, self._scope))
            self.visit(decorator)

    def _signature(self, args: ast.arguments) -> None:
        for default in (*args.defaults, *args.kw_defaults):
            if default is not None:
                self._value(default, "alias")
        for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg):
            if arg is not None and arg.annotation is not None:
                self._annotation(arg.annotation)

    def _annotation(self, node: ast.expr) -> None:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            # Whoever asks for the hints of a function evaluates them.
            if "(" in node.value or "__" in node.value:
                self._visit_text(node.value, node)
        else:
            self.visit(node)

    def _visit_text(self, text: str, node: ast.expr) -> None:
        try:
            parsed = parse_unkept(f"({text})".encode(), self._file.source.path)
        except UnreadableCode:
            return
        for each in ast.walk(parsed):
            if hasattr(each, "lineno"):
                ast.copy_location(each, node)
        self.children(parsed)

    def _class(self, node: ast.ClassDef) -> None:
        self._decorators(node)
        bases = [each for base in node.bases for each in references(self._names.value(base, self._scope))]
        for base in node.bases:
            self.visit(base)
        for keyword in node.keywords:
            for reference in references(self._names.value(keyword.value, self._scope)):
                self.calls[self._context].add(f"{reference}.*" if keyword.arg == "metaclass" else reference)
            self.visit(keyword)
        for each in getattr(node, "type_params", ()):
            self.visit(each)
        scope = self._file.scopes.of[node]
        # Making an object of it runs what its bases have, too.
        self.calls[scope.key] |= {base for base in bases if base.startswith(TREE)}
        if _META & set(bases):
            self.calls[self._context].add(f"{scope.key}.*")
        outer, self._scope = self._scope, scope
        self._body(node.body)
        self._scope = outer

    def _assign(self, node: ast.Assign) -> None:
        for target in node.targets:
            self._store(target, node.value)
        followed = all(isinstance(target, ast.Name) for target in node.targets) and self._scope.kind != "class"
        self._value(node.value, "alias" if followed else "value")

    def _annotated(self, node: ast.AnnAssign) -> None:
        self._annotation(node.annotation)
        self._store(node.target, node.value)
        if node.value is not None:
            followed = isinstance(node.target, ast.Name) and self._scope.kind != "class"
            self._value(node.value, "alias" if followed else "value")

    def _augmented(self, node: ast.AugAssign) -> None:
        self._store(node.target, node.value)
        self.visit(node.value)

    def _for(self, node: ast.For | ast.AsyncFor) -> None:
        self._store(node.target, None)
        self.visit(node.iter)
        self._body(node.body)
        self._body(node.orelse)

    def _delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            self._store(target, None, kind="delete")

    def _lambda(self, node: ast.Lambda) -> None:
        self._signature(node.args)
        # Whoever holds it may call it at once, so its body counts as part of what is around it.
        outer, self._scope = self._scope, self._file.scopes.define(node, self._scope)
        self.visit(node.body)
        self._scope = outer

    def _nothing(self, node: ast.AST) -> None:
        """Nothing is mentioned there."""

    handlers = Mentions.handlers | {
        ast.Expr: _expression_statement,
        ast.If: _if,
        ast.Import: _import,
        ast.ImportFrom: _import_from,
        ast.FunctionDef: _function,
        ast.AsyncFunctionDef: _function,
        ast.ClassDef: _class,
        ast.Assign: _assign,
        ast.AnnAssign: _annotated,
        ast.AugAssign: _augmented,
        ast.For: _for,
        ast.AsyncFor: _for,
        ast.Delete: _delete,
        ast.Lambda: _lambda,
        ast.Global: _nothing,
        ast.Nonlocal: _nothing,
        ast.Pass: _nothing,
        ast.Load: _nothing,
        ast.Store: _nothing,
    }


def _is_main(test: ast.expr) -> bool:
    match test:
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return True
    return False
