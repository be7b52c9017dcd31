"""What was collected, put in an order in which it can run, as one module; and read again before anybody gets it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterable, Sequence

from gremio.errors import CodeError
from gremio.publishing.saving.extraction.collecting import MODULE_NAMES, Item
from gremio.publishing.saving.extraction.used_names import ANNOTATIONS, bound_names, uses


def written(items: Iterable[Item], submodules: Iterable[str]) -> str:
    """A whole module: flags, imports, then everything else after what it needs."""
    distinct = list(dict.fromkeys(items))
    later = any(item.definition and item.definition.flags & ANNOTATIONS for item in distinct)
    parts = ["from __future__ import annotations\n"] if later else []
    parts.append(_imports(distinct, submodules))
    ordered = in_order([item for item in distinct if item.place is None])
    body = ""
    for before, item in zip([None, *ordered], ordered, strict=False):
        apart = item.definition is not None or (before is not None and before.definition is not None)
        body += ("\n\n" if apart and body else "") + item.source.rstrip("\n") + "\n"
    head = "\n".join(part for part in parts if part)
    return f"{head}\n\n{body}" if head and body else head or body


def _imports(items: Iterable[Item], submodules: Iterable[str]) -> str:
    """Modules first, then what is taken out of them."""
    plain = {f"import {name}\n" for name in submodules}
    taken: dict[str, set[str]] = {}
    for item in items:
        if item.place is not None:
            (name,), module, attribute = item.names, item.place.module, item.place.attribute
            alias = "" if name == (attribute or module) else f" as {name}"
            if attribute:
                taken.setdefault(module, set()).add(f"{attribute}{alias}")
            else:
                plain.add(f"import {module}{alias}\n")
    froms = [f"from {module} import {', '.join(sorted(names))}\n" for module, names in sorted(taken.items())]
    return "".join([*sorted(plain), *froms])


def in_order(items: Sequence[Item]) -> list[Item]:
    """The order in which they were written as far as that works: what runs at once needs its names before it.

    Constants come first, and what is needed at once may be called at once: then what its functions use is there too.
    """
    by_name = {name: item for item in items for name in item.names}
    done: dict[Item, None] = {}
    begun: list[Item] = []

    def needs(item: Item) -> list[Item]:
        return [by_name[name] for name in sorted(item.eager) if name in by_name and by_name[name] is not item]

    def waits_for_begun(item: Item) -> bool:
        rest, seen = [item], {item}
        while rest:
            new = [inner for inner in needs(rest.pop()) if inner not in seen]
            rest += new
            seen |= {*new}
        return not (seen - {item}).isdisjoint(begun)

    def place(item: Item, *, whole: bool) -> None:
        if item not in done and item not in begun:
            begun.append(item)
            for inner in needs(item):
                place(inner, whole=True)
            begun.remove(item)
            done[item] = None
        for name in sorted(item.lazy & by_name.keys()) if whole else ():
            used = by_name[name]
            if used not in done and used not in begun and not waits_for_begun(used):
                place(used, whole=True)

    for item in sorted(items, key=lambda item: (item.definition is not None, item.order)):
        place(item, whole=False)
    return list(done)


def check(source: str, file: str, name: str) -> None:
    """Compile and read a module that was put together; it is never executed here.

    Raises:
        CodeError: it is not Python, or it uses a name before or without binding it.
    """
    try:
        module = ast.parse(source)
        flags = compile(source, file, "exec", dont_inherit=True).co_flags & ANNOTATIONS
    except SyntaxError as error:
        raise _broken(name, f"line {error.lineno} of it is not Python ({error.msg})") from None
    known = set(dir(builtins)) | MODULE_NAMES
    everything = known | bound_names(*module.body)
    for node in module.body:
        found, bound = uses(node, flags), bound_names(node)
        if early := found.eager - known - bound:
            raise _broken(name, f"{min(early)} would be used before it is there")
        if missing := found.lazy - everything:
            raise _broken(name, f"{min(missing)} would be missing")
        known |= bound


def _broken(name: str, why: str) -> CodeError:
    return CodeError(
        f"{name} can't be cut out into a file of its own: {why}",
        ref=name,
        next_step="Put the class and what it needs into a .py file, and import it from there.",
    )
