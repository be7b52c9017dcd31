"""Which definition, of all that ran, a class or function in memory came from, and whether it still is that."""

from __future__ import annotations
import __future__

import ast
import inspect
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property, partial, partialmethod
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.cells import (
    Cell,
    Cells,
    Definition,
    first_line,
    is_file,
    literal,
    module_level,
)
from gremio.publishing.saving.extraction.used_names import FUTURE, Function

_WRAPS = ("__wrapped__", "__func__", "fget", "fset", "fdel", "func", "fn")
_ASKED = (property, staticmethod, classmethod, MethodType, partial, partialmethod, cached_property)
_ENOUGH = 60
_PLAIN = (bool, int, float, str, bytes, list, tuple, dict, set)
_IN_A_FILE = "Put the class into a .py file, import it from there, and it is published with its file."


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
    # Other objects may do anything when they are asked for an attribute that they lack.
    ask = getattr if isinstance(value, _ASKED) else inspect.getattr_static
    found = [ask(value, name, None) for name in _WRAPS]
    if isinstance(value, FunctionType):
        found += [cell.cell_contents for cell in value.__closure__ or () if cell != CellType()]
    elif hasattr(value, "__dict__"):
        found += [item for item in vars(value).values() if isinstance(item, FunctionType)]
    return [item for item in found if callable(item) or isinstance(item, property | staticmethod | classmethod)]


def is_defined_as(name: str, value: object, space: Mapping[str, object]) -> bool:
    """Whether a ``def`` of that name made a value, whatever its decorators made of it since."""
    if isinstance(value, type):
        return False
    return any(inner.__code__.co_qualname == name and inner.__globals__ is space for inner in functions_in(value))


def definition_of(value: Any, name: str, cells: Cells) -> Definition:
    """The statement that a class or function of that name came from.

    Raises:
        CodeError: it has none at the top level of a module, its source is gone or has changed, or it was changed
            after its definition.
    """
    return _of_class(value, cells) if isinstance(value, type) else _of_function(value, name, cells)


def _of_function(value: object, name: str, cells: Cells) -> Definition:
    code = next((each.__code__ for each in functions_in(value) if each.__code__.co_qualname == name), None)
    if code is None or hasattr(value, "registry"):
        why = "has parts registered elsewhere" if code else "was made by a call, not by a def at the top level"
        raise CodeError(
            f"the function {name} {why}: it has no source of its own",
            ref=name,
            next_step="Define it with def at the top level of the cell, or put the code into a .py file.",
        )
    cell = _cell(code, cells, name)
    node = cell.function(name, code.co_firstlineno)
    found = Definition(cell, node, code.co_flags & FUTURE) if node else None
    if found is None or not found.has(code):
        raise _changed(name, cell)
    return found


def _of_class(cls: type, cells: Cells) -> Definition:
    outer, _, _ = cls.__qualname__.rpartition(".")
    if outer:
        raise CodeError(
            f"{cls.__name__} is defined inside {outer.removesuffix('.<locals>')}: it exists only after that has run",
            ref=cls.__name__,
            next_step="Define it at the top level of the cell or the script, or in a .py file.",
        )
    codes = [function.__code__ for value in vars(cls).values() for function in functions_in(value)]
    own = [code for code in codes if code.co_qualname.rpartition(".")[0] == cls.__qualname__]
    node, found = _by_methods(cls, own, cells) if own else _by_name(cls, cells)
    _check_methods(cls, node, found)
    for name in _changed_values(cls, node):
        raise _replaced(cls, name, "was given another value after the class statement")
    return found


def _by_methods(cls: type, codes: list[CodeType], cells: Cells) -> tuple[ast.ClassDef, Definition]:
    votes: Counter[tuple[Cell, ast.ClassDef]] = Counter()
    known = [cell for cell in map(cells.of, codes) if cell]
    if not known:
        _cell(codes[0], cells, cls.__name__)
    for code in codes:
        cell = cells.of(code)
        for node in cell.classes(cls.__name__) if cell else ():
            if cell and code.co_firstlineno in map(first_line, _methods(node)):
                votes[cell, node] += 1
    for (cell, node), _ in votes.most_common():
        flags = next((code.co_flags & FUTURE for code in codes if code.co_filename == cell.name), 0)
        found = Definition(cell, node, flags)
        if any(map(found.has, codes)):
            return node, found
    raise _changed(cls.__name__, known[0])


def _by_name(cls: type, cells: Cells) -> tuple[ast.ClassDef, Definition]:
    """A class without methods leaves no trace of its place before Python 3.13: its values have to tell."""
    nodes = [(cell, node) for cell in cells.all for node in reversed(cell.classes(cls.__name__))]
    fitting = [(cell, node) for cell, node in nodes if _fits(cls, node)]
    if not fitting:
        raise _changed(cls.__name__, nodes[0][0]) if nodes else _gone(cls.__name__)
    cell, node = fitting[0]
    same = {ast.dump(other) for _, other in fitting}
    # Annotations that are all text were compiled so, or written so: then it makes no difference.
    noted = inspect.get_annotations(cls)
    kept = noted and all(isinstance(value, str) for value in noted.values())
    named = any(isinstance(each, ast.ImportFrom) and each.module == "__future__" for each in cell.statements)
    flags = __future__.annotations.compiler_flag if kept or named else 0
    return node, Definition(cell, node, flags, certain=len(same) == 1)


def _fits(cls: type, node: ast.ClassDef) -> bool:
    text, line = cls.__dict__.get("__doc__"), cls.__dict__.get("__firstlineno__")
    # A dataclass without a docstring is given one.
    docstring = None if isinstance(text, str) and text.startswith(f"{cls.__name__}(") else text
    variables = [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
    return (
        line in (None, first_line(node))
        and ast.get_docstring(node, clean=False) == docstring
        and {each.id for each in variables if isinstance(each, ast.Name)} == set(inspect.get_annotations(cls))
        and not _changed_values(cls, node)
    )


def bases_of(value: Any, definition: Definition) -> dict[str, object]:
    """A class's bases by name, as they were when it was made: the name may mean another class by now."""
    if not isinstance(definition.node, ast.ClassDef):
        return {}
    written, bases = definition.node.bases, vars(value).get("__orig_bases__", value.__bases__)
    if len(bases) != len(written):
        return {}
    return {base.id: each for base, each in zip(written, bases, strict=True) if isinstance(base, ast.Name)}


def _methods(node: ast.ClassDef) -> list[Function]:
    """The functions that a class body defines, under conditions too."""
    return [item for item in module_level(node.body) if isinstance(item, Function)]


def _check_methods(cls: type, node: ast.ClassDef, definition: Definition) -> None:
    """Refuse a class whose methods are not those of its definition."""
    written = {_mangled(cls, method.name): method for method in _methods(node)}
    assigned = {_mangled(cls, name): value for name, value in _assigned(node).items()}
    hooks = _has_hooks(cls, node)
    for name, value in vars(cls).items():
        functions = list(functions_in(value))
        if name in written:
            _check_written(cls, written[name], functions, definition)
        elif name in assigned:
            if not _is_assigned(assigned[name], functions, definition):
                raise _replaced(cls, name, "was replaced after the class statement")
        elif functions and not (hooks and _is_made_by_hook(cls, functions[0])):
            raise _replaced(cls, name, "was put into it after the class statement")
    lost = [name for name in written if name not in vars(cls)]
    if lost and not hooks and not any(isinstance(inner, ast.Delete) for inner in node.body):
        raise _replaced(cls, lost[0], "was deleted from it after the class statement")


def _check_written(cls: type, method: Function, functions: list[FunctionType], definition: Definition) -> None:
    wanted = f"{cls.__qualname__}.{method.name}"
    codes = [function.__code__ for function in functions if function.__code__.co_qualname == wanted]
    if codes and all(map(definition.has, codes)):
        return
    if codes and codes[0].co_filename == definition.cell.name and is_file(codes[0].co_filename):
        raise _changed(cls.__name__, definition.cell)
    if functions or not method.decorator_list:
        raise _replaced(cls, method.name, "was replaced after the class statement")


def _is_assigned(value: ast.expr | None, functions: list[FunctionType], definition: Definition) -> bool:
    if isinstance(value, ast.Lambda):
        return any(definition.has(function.__code__) for function in functions)
    return not isinstance(value, ast.Name) or not functions or value.id in {each.__name__ for each in functions}


def _assigned(node: ast.ClassDef) -> dict[str, ast.expr | None]:
    """What the assignments of a class body bind; None where several places do or the value is part of another."""
    found: dict[str, ast.expr | None] = {}
    for statement in ast.walk(ast.Module([inner for inner in node.body if not isinstance(inner, Function)], [])):
        match statement:
            case ast.Assign(targets=targets, value=value):
                found |= {name: None if part or name in found else value for name, part in _targets(*targets)}
            case ast.AnnAssign(target=target, value=value):
                found |= {name: None if part or name in found else value for name, part in _targets(target)}
            case ast.NamedExpr(target=target) | ast.For(target=target):
                found |= {name: None for name, _ in _targets(target)}
            case ast.ClassDef(name=name):
                found[name] = None
            case ast.ImportFrom(names=names) | ast.Import(names=names):
                found |= {alias.asname or alias.name.partition(".")[0]: None for alias in names}
    return found


def _targets(*targets: ast.expr) -> Iterator[tuple[str, bool]]:
    """The names in targets, and whether they are a part of one."""
    for target in targets:
        yield from ((each.id, each is not target) for each in ast.walk(target) if isinstance(each, ast.Name))


def _has_hooks(cls: type, node: ast.ClassDef) -> bool:
    """Whether something besides the body may put methods into a class: a decorator, a metaclass, a base."""
    hooked = any("__init_subclass__" in vars(base) for base in cls.__mro__[1:-1])
    return bool(node.decorator_list) or type(cls) is not type or hooked or "__orig_bases__" in vars(cls)


def _is_made_by_hook(cls: type, function: FunctionType) -> bool:
    own = function.__module__ == cls.__module__
    return not own or "<locals>" in function.__code__.co_qualname or function.__code__.co_filename == "<string>"


def _changed_values(cls: type, node: ast.ClassDef) -> list[str]:
    """The attributes whose value is no longer the plain one that the class body gives them."""
    found = []
    for name, expression in _assigned(node).items():
        value, now = literal(expression), vars(cls).get(_mangled(cls, name), ...)
        if type(now) is type(value) and isinstance(value, _PLAIN) and now != value:
            found.append(name)
    return found


def _mangled(cls: type, name: str) -> str:
    private = name.startswith("__") and not name.endswith("__")
    return f"_{cls.__name__.lstrip('_')}{name}" if private else name


def _cell(code: CodeType, cells: Cells, name: str) -> Cell:
    cell = cells.of(code)
    if cell is None:
        raise _gone(name)
    if cell.tree is None:
        raise CodeError(f"the source of {name} is not Python as it stands now", ref=name, next_step=_IN_A_FILE)
    return cell


def _gone(name: str) -> CodeError:
    return CodeError(
        f"the source of {name} is gone: Python keeps that of notebook cells and scripts, not that of exec, of type() "
        "and of code read from standard input",
        ref=name,
        next_step=_IN_A_FILE,
    )


def _changed(name: str, cell: Cell) -> CodeError:
    return CodeError(
        f"{cell.label} was changed since {name} was made: what is written there now is not what is in memory",
        ref=name,
        next_step="Run it again, so that both are the same, and publish then.",
    )


def _replaced(cls: type, name: str, how: str) -> CodeError:
    return CodeError(
        f"{cls.__name__}.{name} {how}: the source of the class does not make this class",
        ref=cls.__name__,
        next_step=f"Write {name} into the class itself and run it again, or put both into a .py file.",
    )
