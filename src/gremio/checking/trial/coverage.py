"""Whether the community code itself ran, and not only what it inherits."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from gremio.checking.trial.arguments import entry_of
from gremio.checking.trial.loaded_class import Subject
from gremio.checking.trial.report import Finding


class Witness:
    """Counts the calls of a class's own methods while it watches.

    A class with a ``__call__`` of its own needs no watching: its own code is what a call runs. Only a class that
    inherits ``__call__`` is watched, by standing between its own functions and their callers.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._entry = entry_of(subject.cls)
        self._ran: set[str] = set()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note which own methods run."""
        replaced = [] if self._calls_itself() else list(self._replace())
        try:
            yield
        finally:
            for cls, name, original in replaced:
                setattr(cls, name, original)

    def finding(self) -> Finding:
        """Whether own code ran."""
        cls, entry = self._subject.cls, self._entry
        owner = self._owner()
        if self._calls_itself():
            code = getattr(inspect.unwrap(vars(owner)[entry]), "__code__", None)
            where = f", line {code.co_firstlineno}" if code else ""
            return Finding("yes", f"{entry} is {owner.__name__}'s own{where}")
        if self._subject.kind != "pipeline":
            return self._of_component()
        if self._ran:
            return Finding("yes", f"{entry} is {owner.__name__}'s; of its own ran {', '.join(sorted(self._ran))}")
        own = self._subject.own_methods()
        if own:
            return Finding("no", f"{entry} is {owner.__name__}'s, and none of its own methods ran: {', '.join(own)}")
        return Finding("no", f"{cls.__name__} has no code of its own: what ran is {owner.__name__}")

    def _of_component(self) -> Finding:
        """A component is called in many ways; that it was made is no proof that it did anything."""
        own = [name for name in self._subject.own_methods() if not name.startswith("__")]
        ran = sorted(self._ran & set(own))
        if ran or not own:
            told = f"of its own ran {', '.join(ran)}" if ran else "its own is what __init__ makes"
            return Finding("yes" if self._subject.own_methods() else "no", told)
        return Finding("no", f"none of its own methods ran: {', '.join(own)}")

    def _owner(self) -> type:
        cls = self._subject.cls
        return next((each for each in cls.__mro__ if self._entry in vars(each)), cls)

    def _calls_itself(self) -> bool:
        return self._entry in vars(self._owner()) and self._subject.is_own(self._owner())

    def _replace(self) -> Iterator[tuple[type, str, object]]:
        for cls in filter(self._subject.is_own, self._subject.cls.__mro__):
            for name, value in list(vars(cls).items()):
                if isinstance(value, types.FunctionType):
                    setattr(cls, name, self._noted(name, value))
                    yield cls, name, value

    def _noted(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noted(*args: Any, **kwargs: Any) -> Any:
            self._ran.add(name)
            return function(*args, **kwargs)

        return noted
