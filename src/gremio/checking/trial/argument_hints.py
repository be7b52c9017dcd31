"""What community code tells of an argument's values beside its annotation: what it compares it with, its examples."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from gremio.code.syntax.parsing import dotted

_DEPTH = 2  # how often an argument may be passed on under another name


@dataclass(frozen=True)
class Hints:
    """By argument: ``choices`` are the values in a list or table of the code, ``texts`` those that it is compared with.

    ``limits`` are the numbers that it is compared with. ``kinds`` are the texts that a class of the code lists, as an
    enum does; ``calls`` are the documented calls: their arguments, as far as they are literals.
    """

    choices: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    limits: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    kinds: tuple[tuple[str, ...], ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, files: Mapping[str, bytes], names: Sequence[str]) -> Hints:
        """Read the code for these arguments; a file that can't be read tells nothing."""
        nodes = [node for source in files.values() for node in _nodes(source)]
        tables = dict(_tables(nodes))
        choices, texts, limits = {}, {}, {}
        for name in names:
            compared = list(_compared(nodes, _aliases(nodes, name)))
            listed = [value for other, how in compared if how == "in" for value in _constants(other, tables)]
            single = [value for other, how in compared if how != "in" for value in _constants(other, {})]
            choices[name] = tuple(dict.fromkeys(listed))
            texts[name] = tuple(each for each in dict.fromkeys(single) if isinstance(each, str))
            limits[name] = tuple(each for each in dict.fromkeys(single) if isinstance(each, (int, float)))
        kinds = tuple(filter(None, (_listed(node) for node in nodes if isinstance(node, ast.ClassDef))))
        written = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        spoken = [text for text in written if "(" in text and any(name in text for name in names)]
        calls = tuple(call for text in spoken for call in _documented_calls(text))
        return cls(choices, texts, limits, kinds, calls)

    def examples(self, name: str) -> list[Any]:
        """The values that documented calls have for an argument."""
        return [call[name] for call in self.calls if name in call]

    def beside(self, name: str) -> Mapping[str, Any]:
        """What the first documented call that has an argument has beside it."""
        call = next((call for call in self.calls if name in call), {})
        return {key: value for key, value in call.items() if key != name}


def _nodes(source: bytes) -> list[ast.AST]:
    try:
        return list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _tables(nodes: Sequence[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Lists and dictionaries by the names that they are given."""
    for node in nodes:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ) if isinstance(value, ast.List | ast.Tuple | ast.Set | ast.Dict):
                yield name, value


def _listed(node: ast.ClassDef) -> tuple[str, ...]:
    values = [item.value for item in node.body if isinstance(item, ast.Assign)]
    return tuple(each.value for each in values if isinstance(each, ast.Constant) and isinstance(each.value, str))


def _aliases(nodes: Sequence[ast.AST], name: str) -> set[str]:
    """The names that an argument has elsewhere: ``_name`` on the object, ``kind`` after ``f(kind=name)``."""
    found = {name}
    for _ in range(_DEPTH):
        found |= {each.arg for each in nodes if isinstance(each, ast.keyword) and each.arg and _is(each.value, found)}
    return found


def _is(node: ast.AST, names: set[str]) -> bool:
    return isinstance(node, ast.expr) and dotted(node).rpartition(".")[2].lstrip("_") in names


def _compared(nodes: Sequence[ast.AST], names: set[str]) -> Iterator[tuple[ast.expr, str]]:
    """What stands on the other side of a comparison, and ``in`` where that is all that is meant."""
    for node in nodes:
        match node:
            case ast.Compare(left=left, ops=[op, *_], comparators=others):
                sides = [left, *others]
                if any(_is(each, names) for each in sides):
                    how = "in" if isinstance(op, ast.In | ast.NotIn) else "is"
                    yield from ((each, how) for each in sides if not _is(each, names))
            case ast.Subscript(value=ast.Dict() | ast.Name() as table, slice=index) if _is(index, names):
                yield table, "in"


def _constants(node: ast.expr, tables: Mapping[str, ast.expr]) -> Iterator[Any]:
    """A text or number, those of a list, or the keys of a dictionary, which may be meant by their names."""
    node = tables.get(node.id, node) if isinstance(node, ast.Name) else node
    several = node.keys if isinstance(node, ast.Dict) else getattr(node, "elts", [node])
    for each in several:
        if isinstance(each, ast.Constant) and isinstance(each.value, (str, int, float)):
            yield each.value


def _documented_calls(text: str) -> Iterator[dict[str, Any]]:
    """The keyword arguments of the calls in an example that are literals, or names that were set to one before."""
    for block in _blocks(text):
        try:
            nodes = list(ast.walk(ast.parse(block)))
        except (SyntaxError, ValueError):
            continue
        known: dict[str, Any] = {}
        for node in nodes:
            match node:
                case ast.Assign(targets=[ast.Name(id=name)], value=value):
                    known |= _literal(name, value, known)
        for node in nodes:
            if isinstance(node, ast.Call):
                pairs = [_literal(keyword.arg, keyword.value, known) for keyword in node.keywords if keyword.arg]
                yield {name: value for pair in pairs for name, value in pair.items()}


def _literal(name: str, node: ast.expr, known: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(node, ast.Name):
        return {name: known[node.id]} if node.id in known else {}
    try:
        return {name: ast.literal_eval(node)}
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return {}


def _blocks(text: str) -> Iterator[str]:
    """The lines of an interactive session, and what stands between fences."""
    session = [line.strip() for line in text.splitlines() if line.strip().startswith((">>>", "..."))]
    if session:
        yield "\n".join(line[4:] for line in session)
    for block in text.split("```")[1::2]:
        yield dedent(block.partition("\n")[2])
