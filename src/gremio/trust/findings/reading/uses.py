"""Every place of a program where something is mentioned by name, and what runs by itself while it is imported."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from gremio.trust.findings.reading.names import Names
from gremio.trust.findings.reading.program import Program
from gremio.trust.findings.reading.scopes import Function
from gremio.trust.findings.reading.use import IMPORT, Use
from gremio.trust.findings.reading.walk import Walk


@dataclass(frozen=True)
class Uses:
    """``every`` use of a name that is wanted, and the contexts that run ``at_import`` of the tree."""

    every: tuple[Use, ...]
    at_import: frozenset[str]


def uses(program: Program, wanted: Callable[[str], object]) -> Uses:
    """Walk all files. Those that are nested too deeply are lost to the program."""
    names, found, calls = Names(program), list[Use](), defaultdict[str, set[str]](set)
    for file in program.files.values():
        walk = Walk(program, file, wanted, names)
        try:
            walk.walk(file.module)
        except RecursionError:
            program.lost.append(file.source)
        found += walk.uses
        for caller, callees in walk.calls.items():
            calls[caller] |= callees
    return Uses(tuple(found), _running(program, calls))


def _running(program: Program, calls: Mapping[str, set[str]]) -> frozenset[str]:
    seen: set[str] = set()
    waiting = [IMPORT]
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            waiting += calls.get(key, ())
            waiting += _methods(program, key)
    return frozenset(seen)


def _methods(program: Program, key: str) -> list[str]:
    """What making an object of a class runs; of a metaclass, everything."""
    found = program.scope(key.removesuffix(".*"))
    if found is None or found[1].kind != "class":
        return []
    functions = [n for n in getattr(found[1].node, "body", []) if isinstance(n, Function)]
    chosen = [n for n in functions if key.endswith(".*") or n.name.startswith("__")]
    return [found[0].scopes.of[each].key for each in chosen]
