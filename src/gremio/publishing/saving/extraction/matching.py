"""Which definition, of all that ran, a class or function in memory came from, and whether it still is that."""

from __future__ import annotations

import ast
import inspect
from collections import Counter
from collections.abc import Iterator
from functools import cached_property, partial, partialmethod
from types import CodeType, FunctionType, MethodType

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.names import FUTURE
from gremio.publishing.saving.extraction.sources import Definition, Text, Texts, first_line, is_file

_WRAPS = ("__wrapped__", "__func__", "fget", "fset", "fdel", "func", "fn")
_ASKED = (property, staticmethod, classmethod, MethodType, partial, partialmethod, cached_property)
_ENOUGH = 60
_PLAIN = (bool, int, float, str, bytes, list, tuple, dict, set)
_IN_A_FILE = "Put the class into a .py file, import it from there, and it is published with its file."

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions_in(value: object) -> Iterator[FunctionType]:
    """The function that a value is or wraps: through ``wraps``, properties, partials, closures and descriptors."""
    waiting, seen = [value], {id(value)}
    while waiting and len(seen) < _ENOUGH:
        here = waiting.pop(0)
        if isinstance(here, FunctionType):
            yield here
        for inner in _inside(here):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _inside(value: object) -> list[object]:
    if isinstance(value, type):
        return []
    found = [inspect.getattr_static(value, name, None) for name in _WRAPS]
    # Other objects may do anything when they are asked for an attribute that they lack.
    if isinstance(value, _ASKED):
        found += [getattr(value, name, None) for name in ("__func__", "fget", "fset", "fdel", "func")]
    if isinstance(value, FunctionType):
        found += [cell.cell_contents for cell in value.__closure__ or () if _is_filled(cell)]
    elif hasattr(value, "__dict__"):
        found += [item for item in vars(value).values() if isinstance(item, FunctionType)]
    return [item for item in found if callable(item) or isinstance(item, property | staticmethod | classmethod)]


def _is_filled(cell: object) -> bool:
    try:
        return getattr(cell, "cell_contents", None) is not None
    except ValueError:
        return False


def function_definition(value: object, name: str, texts: Texts) -> Definition | None:
    """The definition of a function that the module has under that name; None when it isn't such a function.

    Raises:
        CodeError: it is one, and its source is gone or has changed.
    """
    for function in functions_in(value):
        code = function.__code__
        if code.co_qualname == name:
            text = _text(code, texts, name)
            node = text.function(name, code.co_firstlineno)
            found = Definition(text, node, code.co_flags & FUTURE) if node else None
            if found is None or not found.has(code):
                raise _changed(name, text)
            return found
    return None


def class_definition(cls: type, texts: Texts) -> Definition:
    """The class statement that a class in memory came from.

    Raises:
        CodeError: its source is gone or has changed, or the class was changed after its definition.
    """
    codes = [code for value in vars(cls).values() for code in _own_codes(cls, value)]
    found = _by_methods(cls, codes, texts) if codes else _by_name(cls, texts)
    _check_methods(cls, found)
    _check_values(cls, found)
    return found


def _own_codes(cls: type, value: object) -> list[CodeType]:
    codes = [function.__code__ for function in functions_in(value)]
    return [code for code in codes if code.co_qualname.rpartition(".")[0] == cls.__qualname__]


def _by_methods(cls: type, codes: list[CodeType], texts: Texts) -> Definition:
    votes: Counter[tuple[Text, ast.ClassDef]] = Counter()
    known = [text for text in (texts.of(code) for code in codes) if text]
    if not known:
        _text(codes[0], texts, cls.__name__)
    for code in codes:
        text = texts.of(code)
        for node in text.classes(cls.__name__) if text else ():
            if code.co_firstlineno in {first_line(inner) for inner in _methods(node)}:
                votes[text, node] += 1  # type: ignore[index]
    for (text, node), _ in votes.most_common():
        found = Definition(text, node, _flags(codes, text))
        if any(found.has(code) for code in codes):
            return found
    raise _changed(cls.__name__, known[0])


def _flags(codes: list[CodeType], text: Text) -> int:
    return next((code.co_flags & FUTURE for code in codes if code.co_filename == text.name), 0)


def _by_name(cls: type, texts: Texts) -> Definition:
    """A class without methods leaves no trace of its place before Python 3.13: its values have to tell."""
    line = cls.__dict__.get("__firstlineno__")
    nodes = [(text, node) for text in texts.all for node in reversed(text.classes(cls.__name__))]
    fitting = [
        (text, node)
        for text, node in nodes
        if (line is None or first_line(node) == line) and ast.get_docstring(node, clean=False) == _docstring(cls)
        if not _changed_values(cls, node) and _annotated(node) == set(inspect.get_annotations(cls))
    ]
    if not fitting:
        raise _changed(cls.__name__, nodes[0][0]) if nodes else _gone(cls.__name__)
    text, node = fitting[0]
    same = {ast.dump(other) for _, other in fitting}
    return Definition(text, node, _future_imports(text, cls), certain=len(same) == 1)


def _docstring(cls: type) -> str | None:
    # A dataclass without a docstring is given one.
    text = cls.__dict__.get("__doc__")
    return None if isinstance(text, str) and text.startswith(f"{cls.__name__}(") else text


def _annotated(node: ast.ClassDef) -> set[str]:
    return {
        statement.target.id
        for statement in node.body
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }


def _future_imports(text: Text, cls: type) -> int:
    """Annotations that are all text were compiled so, or written so: then it makes no difference."""
    import __future__

    noted = inspect.get_annotations(cls)
    kept = noted and all(isinstance(value, str) for value in noted.values())
    named = any(isinstance(node, ast.ImportFrom) and node.module == "__future__" for node in text.statements)
    return __future__.annotations.compiler_flag if kept or named else 0


def _methods(node: ast.ClassDef) -> list[Function]:
    """The functions that a class body defines, under conditions too."""
    inner = Text("", ())
    inner.__dict__["tree"] = ast.Module(node.body, [])
    return [item for item in inner.statements if isinstance(item, Function)]


def _check_methods(cls: type, definition: Definition) -> None:
    """Refuse a class whose methods are not those of its definition."""
    node = definition.node
    assert isinstance(node, ast.ClassDef)
    written = {_mangled(cls, method.name): method for method in _methods(node)}
    assigned = {_mangled(cls, name): value for name, value in _assigned(node).items()}
    hooks = _has_hooks(cls, node)
    for name, value in vars(cls).items():
        functions = list(functions_in(value))
        if name in written:
            _check_written(cls, written[name], functions, definition)
        elif name in assigned:
            _check_assigned(cls, name, assigned[name], functions, definition)
        elif functions and not (hooks and _is_made_by_hook(cls, functions[0])):
            raise _replaced(cls, name, "was put into it after the class statement")
    lost = [name for name in written if name not in vars(cls)]
    if lost and not hooks and not any(isinstance(inner, ast.Delete) for inner in node.body):
        raise _replaced(cls, lost[0], "was deleted from it after the class statement")


def _check_written(cls: type, method: Function, functions: list[FunctionType], definition: Definition) -> None:
    wanted = f"{cls.__qualname__}.{method.name}"
    codes = [function.__code__ for function in functions if function.__code__.co_qualname == wanted]
    if codes and all(definition.has(code) for code in codes):
        return
    if codes and codes[0].co_filename == definition.text.name and is_file(codes[0].co_filename):
        raise _changed(cls.__name__, definition.text)
    if functions or not method.decorator_list:
        raise _replaced(cls, method.name, "was replaced after the class statement")


def _check_assigned(
    cls: type, name: str, value: ast.expr | None, functions: list[FunctionType], definition: Definition
) -> None:
    if isinstance(value, ast.Lambda) and not any(definition.has(function.__code__) for function in functions):
        raise _replaced(cls, name, "was replaced after the class statement")
    if isinstance(value, ast.Name) and functions and value.id not in {function.__name__ for function in functions}:
        raise _replaced(cls, name, "was replaced after the class statement")


def _assigned(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """What the assignments of a class body bind; None where several places do or the value is part of another."""
    found: dict[str, ast.expr | None] = {}
    for statement in ast.walk(ast.Module([inner for inner in node.body if not isinstance(inner, Function)], [])):
        if isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            for target in targets:
                found |= {
                    inner.id: None if inner is not target or inner.id in found else statement.value
                    for inner in ast.walk(target)
                    if isinstance(inner, ast.Name)
                }
        elif isinstance(statement, ast.ClassDef | ast.NamedExpr | ast.For | ast.ImportFrom | ast.Import):
            found |= dict.fromkeys(_other_names(statement))
    return found


def _other_names(statement: ast.AST) -> Iterator[str]:
    match statement:
        case ast.ClassDef(name=name):
            yield name
        case ast.NamedExpr(target=target) | ast.For(target=target):
            yield from (inner.id for inner in ast.walk(target) if isinstance(inner, ast.Name))
        case ast.ImportFrom(names=names) | ast.Import(names=names):
            yield from (alias.asname or alias.name.partition(".")[0] for alias in names)


def _has_hooks(cls: type, node: ast.ClassDef) -> bool:
    """Whether something besides the body may put methods into a class: a decorator, a metaclass, a base."""
    hooked = any("__init_subclass__" in vars(base) for base in cls.__mro__[1:-1])
    return bool(node.decorator_list) or type(cls) is not type or hooked or "__orig_bases__" in vars(cls)


def _is_made_by_hook(cls: type, function: FunctionType) -> bool:
    own = function.__module__ == cls.__module__
    return not own or "<locals>" in function.__code__.co_qualname or function.__code__.co_filename == "<string>"


def _check_values(cls: type, definition: Definition) -> None:
    assert isinstance(definition.node, ast.ClassDef)
    for name in _changed_values(cls, definition.node):
        raise _replaced(cls, name, "was given another value after the class statement")


def _changed_values(cls: type, node: ast.ClassDef) -> list[str]:
    """The attributes whose value is no longer the plain one that the class body gives them."""
    found = []
    for name, expression in _assigned(node).items():
        try:
            value = ast.literal_eval(expression) if expression is not None else ...
        except (ValueError, TypeError, SyntaxError, RecursionError):
            continue
        now = vars(cls).get(_mangled(cls, name), ...)
        if type(now) is type(value) and isinstance(value, _PLAIN) and now != value:
            found.append(name)
    return found


def _mangled(cls: type, name: str) -> str:
    private = name.startswith("__") and not name.endswith("__")
    return f"_{cls.__name__.lstrip('_')}{name}" if private else name


def _text(code: CodeType, texts: Texts, name: str) -> Text:
    text = texts.of(code)
    if text is None:
        raise _gone(name)
    if text.tree is None:
        raise CodeError(f"the source of {name} is not Python as it stands now", ref=name, next_step=_IN_A_FILE)
    return text


def _gone(name: str) -> CodeError:
    return CodeError(
        f"the source of {name} is gone: Python keeps that of notebook cells and scripts, not that of exec, of type() "
        "and of code read from standard input",
        ref=name,
        next_step=_IN_A_FILE,
    )


def _changed(name: str, text: Text) -> CodeError:
    what = f"{text.label} was changed" if is_file(text.name) else "its cell was changed"
    return CodeError(
        f"{what} since {name} was made: what is written there now is not what is in memory",
        ref=name,
        next_step="Run it again, so that both are the same, and publish then.",
    )


def _replaced(cls: type, name: str, how: str) -> CodeError:
    return CodeError(
        f"{cls.__name__}.{name} {how}: the source of the class does not make this class",
        ref=cls.__name__,
        next_step=f"Write {name} into the class itself and run it again, or put both into a .py file.",
    )
