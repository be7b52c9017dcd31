"""What was collected, put in an order in which it can run, as one module; and read again before anybody gets it."""

from __future__ import annotations
import __future__

import ast
import builtins
from collections.abc import Iterable, Sequence

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.collecting import MODULE_NAMES, Item
from gremio.publishing.saving.extraction.names import ANNOTATIONS, bound_names, uses
from gremio.publishing.saving.extraction.places import is_installed

_LINE = 119


def write(items: Iterable[Item], extra: Iterable[str]) -> str:
    """A whole module: flags, imports, then everything else after what it needs."""
    distinct = list(dict.fromkeys(items))
    later = any(item.definition and item.definition.flags & ANNOTATIONS for item in distinct)
    parts = ["from __future__ import annotations\n"] if later else []
    parts.append(_imports(distinct, extra))
    ordered = in_order([item for item in distinct if item.place is None])
    body = ""
    for before, item in zip([None, *ordered], ordered, strict=False):
        apart = item.definition is not None or (before is not None and before.definition is not None)
        body += ("\n\n" if apart and body else "") + item.source.rstrip("\n") + "\n"
    head = "\n".join(part for part in parts if part)
    return f"{head}\n\n{body}" if head and body else head or body


def _imports(items: Sequence[Item], extra: Iterable[str]) -> str:
    """Grouped as usual: Python's own, installed packages, the author's."""
    groups: list[set[str]] = [set(), set(), set()]
    shared: dict[str, set[str]] = {}
    for item in items:
        if item.place is not None and item.place.attribute:
            shared.setdefault(item.place.module, set()).add(item.source.strip().partition(" import ")[2])
        elif item.place is not None:
            groups[_group(item.place.module)].add(item.source)
    for name in extra:
        groups[_group(name)].add(f"import {name}\n")
    blocks = []
    for number, plain in enumerate(groups):
        lines = sorted(plain) + [_from(m, shared[m]) for m in sorted(shared) if _group(m) == number]
        blocks.append("".join(lines))
    return "\n".join(block for block in blocks if block)


def _from(module: str, names: set[str]) -> str:
    # As isort does it: constants, classes, the rest.
    ordered = sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}\n"
    if len(line) <= _LINE:
        return line
    inside = "".join(f"    {name},\n" for name in ordered)
    return f"from {module} import (\n{inside})\n"


def _group(module: str) -> int:
    import sys

    top = module.partition(".")[0]
    return 0 if top in sys.stdlib_module_names else 1 if is_installed(top) else 2


def in_order(items: Sequence[Item]) -> list[Item]:
    """The order in which they were written as far as that works: what runs at once needs its names before it."""
    by_name = {name: item for item in items for name in item.names}
    waiting = sorted(items, key=lambda item: (_layer(item), item.order))
    done: dict[Item, None] = {}
    open_now: list[Item] = []

    def needs(item: Item) -> list[Item]:
        return [by_name[name] for name in sorted(item.eager) if name in by_name and by_name[name] is not item]

    def all_needs(item: Item) -> set[Item]:
        found: set[Item] = set()
        rest = [item]
        while rest:
            for inner in needs(rest.pop()):
                if inner not in found:
                    found.add(inner)
                    rest.append(inner)
        return found

    def place(item: Item) -> None:
        if item in done or item in open_now:
            return
        open_now.append(item)
        for inner in needs(item):
            place_whole(inner)
        open_now.remove(item)
        done[item] = None

    def place_whole(item: Item) -> None:
        """The item and what its functions use: it may be called as soon as it is there."""
        place(item)
        for name in sorted(item.lazy):
            inner = by_name.get(name)
            if inner and inner not in done and inner not in open_now and not all_needs(inner) & set(open_now):
                place_whole(inner)

    for item in waiting:
        place(item)
    return list(done)


def _layer(item: Item) -> int:
    return 1 if item.definition is not None else 0


def check(source: str, file: str, name: str) -> None:
    """Compile and read a module that was put together; it is never executed here.

    Raises:
        CodeError: it is not Python, or it uses a name before or without binding it.
    """
    try:
        module = ast.parse(source)
        code = compile(source, file, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _broken(name, f"line {error.lineno} of it is not Python ({error.msg})") from None
    flags = code.co_flags & __future__.annotations.compiler_flag
    known = set(dir(builtins)) | MODULE_NAMES
    everything = known | bound_names(module)
    for node in module.body:
        found = uses(node, flags)
        early = found.eager - known - bound_names(ast.Module([node], []))
        if early:
            raise _broken(name, f"{min(early)} would be used before it is there")
        missing = found.lazy - everything
        if missing:
            raise _broken(name, f"{min(missing)} would be missing")
        known |= bound_names(ast.Module([node], []))


def _broken(name: str, why: str) -> CodeError:
    return CodeError(
        f"{name} can't be cut out into a file of its own: {why}",
        ref=name,
        next_step="Put the class and what it needs into a .py file, and import it from there.",
    )
