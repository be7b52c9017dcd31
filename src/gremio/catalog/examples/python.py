"""A snippet as Python for Gremio: loads by name, defines what it uses, reads no file, passes what the call takes."""

from __future__ import annotations

import ast
import builtins

from gremio.catalog.examples.uses import Subject, Use, called, is_load
from gremio.code import CodeTree, Origin
from gremio.code.review import relocations
from gremio.code.review.requirements import BROUGHT
from gremio.code.syntax.parsing import dotted

_LONGEST = 6000  # characters
# What an example may be asked to do beyond drawing: ask for a picture, show time go by.
_MODULES = BROUGHT | {"cv2", "io", "math", "matplotlib", "random", "time", "typing", "urllib"}
_UNSEEMLY = frozenset({"eval", "exec", "compile", "__import__", "open", "globals", "getattr", "setattr", "input"})
_READERS = ("open", "load_image", "load_video", "imread", "load_numpy", "get_file", "load")


def python_of(subject: Subject, use: Use) -> str:
    """The snippet, rewritten; empty where it could not work as it is printed."""
    if use.module is None or not use.variable or not any(_calls(use.module, use.variable)):
        return ""
    module = ast.parse(ast.unparse(use.module))
    loads = _Loads(subject)
    rewritten = loads.visit(module)
    if not loads.done or not _seemly(rewritten) or not _complete(rewritten) or not _fits(rewritten, subject, use):
        return ""
    text = "\n".join([*_first_lines(rewritten), ast.unparse(ast.fix_missing_locations(rewritten))])
    try:
        compile(text, subject.ref, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return ""
    return text + "\n" if len(text) <= _LONGEST and _imports_here(text) else ""


def _imports_here(text: str) -> bool:
    """Whether the installed libraries have what it imports of them, where it says."""
    moved, lost = relocations(CodeTree({"example.py": text.encode()}, "example.py", Origin("local", "")))
    return not moved and not lost


class _Loads(ast.NodeTransformer):
    """Has Gremio load the pipeline: every load of it by name, and no import of its file."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.done = False

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if is_load(node, self._subject) and isinstance(node.func, ast.Attribute):
            self.done = True
            node.func.value = ast.Name("DiffusionPipeline", ast.Load())
            kept = [each for each in node.keywords if each.arg != "custom_pipeline"]
            node.keywords = [ast.keyword("custom_pipeline", ast.Constant(self._subject.ref)), *kept]
        elif isinstance(node.func, ast.Attribute) and node.func.attr == "save" and node.args:
            # A folder for pictures is not there for everybody.
            _without_folder(node.args[0])
        return node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        gone = {"DiffusionPipeline", self._subject.class_name} if node.module == "diffusers" else set()
        if (node.module or "").rpartition(".")[2] in self._subject.names:
            gone = {self._subject.class_name}
        node.names = [each for each in node.names if each.name not in gone]
        return node if node.names else None


def _without_folder(path: ast.expr) -> None:
    first = path.values[0] if isinstance(path, ast.JoinedStr) and path.values else path
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        first.value = first.value.rpartition("/")[2]


def _first_lines(module: ast.Module) -> list[str]:
    """Our import, unless the code has it."""
    has = any(isinstance(node, ast.ImportFrom) and node.module == "gremio" for node in module.body)
    return [] if has else ["from gremio import DiffusionPipeline"]


def _calls(module: ast.Module, variable: str) -> list[ast.Call]:
    return [node for node in ast.walk(module) if isinstance(node, ast.Call) and dotted(node.func) == variable]


def _seemly(module: ast.Module) -> bool:
    """Whether it imports what everybody has, reads no file that isn't there, and runs nothing else."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            if not {each.name.partition(".")[0] for each in node.names} <= _MODULES:
                return False
        elif isinstance(node, ast.ImportFrom):
            top = (node.module or "").partition(".")[0]
            if node.level or top not in _MODULES or any(each.name == "*" for each in node.names):
                return False
        elif (isinstance(node, ast.Name) and node.id in _UNSEEMLY) or (
            isinstance(node, ast.Call) and _reads_a_file(node)
        ):
            return False
    return True


def _reads_a_file(call: ast.Call) -> bool:
    if called(call) not in _READERS or not call.args:
        return False
    texts = [node.value for node in ast.walk(call.args[0]) if isinstance(node, ast.Constant)]
    return any(isinstance(text, str) and not text.startswith("https://") for text in texts)


def _complete(module: ast.Module) -> bool:
    """Whether every name that it uses is Python's own, imported, or defined somewhere in it."""
    used: set[str] = set()
    defined = {"DiffusionPipeline", *dir(builtins)}
    for node in ast.walk(module):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            defined.add(node.name)
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            defined |= {(each.asname or each.name).partition(".")[0] for each in node.names}
        elif isinstance(node, ast.ExceptHandler) and node.name:
            defined.add(node.name)
    return used <= defined


def _fits(module: ast.Module, subject: Subject, use: Use) -> bool:
    """Whether the call takes the arguments that it is given."""
    names = set(subject.signature.names)
    if not names and not subject.signature.accepts_kwargs:
        return False
    given = {each.arg for call in _calls(module, use.variable) for each in call.keywords}
    return subject.signature.accepts_kwargs or given - {None} <= names
