"""Whether the community code itself ran, and not only what it inherits."""

from __future__ import annotations

import inspect
from collections.abc import Container, Mapping
from types import CodeType
from typing import Any

from gremio.checking.trial.arguments import entry_of
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.report import Finding


def own_code(subject: Subject, ran: Container[CodeType]) -> Finding:
    """Whether own code ran; ``ran`` has every function that did."""
    cls, entry = subject.cls, entry_of(subject.cls)
    owner = next((each for each in cls.__mro__ if entry in vars(each)), cls)
    own = _methods(subject)
    if entry in own and subject.is_own(owner):
        return Finding("yes", f"{entry} is {owner.__name__}'s own, line {own[entry].co_firstlineno}")
    names = sorted(name for name, code in own.items() if code in ran)
    if subject.kind != "pipeline":
        return _of_component(subject, names)
    if names:
        return Finding("yes", f"{entry} is {owner.__name__}'s; of its own ran {', '.join(names)}")
    if named := subject.own_methods():
        return Finding("no", f"{entry} is {owner.__name__}'s, and none of its own methods ran: {', '.join(named)}")
    return Finding("no", f"{cls.__name__} has no code of its own: what ran is {owner.__name__}")


def _of_component(subject: Subject, ran: list[str]) -> Finding:
    """A component is called in many ways; that it was made is no proof that it did anything."""
    own = [name for name in subject.own_methods() if not name.startswith("__")]
    ran = [name for name in ran if name in own]
    if ran or not own:
        told = f"of its own ran {', '.join(ran)}" if ran else "its own is what __init__ makes"
        return Finding("yes" if subject.own_methods() else "no", told)
    return Finding("no", f"none of its own methods ran: {', '.join(own)}")


def _methods(subject: Subject) -> Mapping[str, CodeType]:
    """The code of each method that the class has from the community code, decorated or not."""
    found: dict[str, CodeType] = {}
    for cls in filter(subject.is_own, reversed(subject.cls.__mro__)):
        found |= {name: code for name, value in vars(cls).items() if (code := _code(value))}
    return found


def _code(value: Any) -> CodeType | None:
    function = inspect.unwrap(getattr(value, "fget", None) or getattr(value, "__func__", value))
    return getattr(function, "__code__", None)
