"""One call of a pipeline, seen from outside: what it returns and what it runs, so that two calls can be compared."""

from __future__ import annotations

import signal
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.calling import Caller
from gremio.checking.trial.digest import digest
from gremio.checking.trial.executed_lines import executed


class TooLong(BaseException):
    """A call was broken off; no ``except Exception`` of the code's takes it for its own."""


@dataclass(frozen=True)
class Seen:
    """A call: the digest of what it returned, and how often each line of the community code ran."""

    digest: str
    lines: Counter[tuple[str, int]]


@dataclass(frozen=True)
class Comparison:
    """What tells two calls apart: of two that were the same, what was equal."""

    by_output: bool
    by_lines: bool

    @classmethod
    def of(cls, first: Seen, second: Seen) -> Comparison:
        """After two calls with the same arguments."""
        return cls(first.digest == second.digest, first.lines == second.lines)

    def difference(self, before: Seen, after: Seen) -> str:
        """In words; empty where there is none."""
        if self.by_output and before.digest != after.digest:
            return "the output differs"
        return "the code takes another way" if self.by_lines and before.lines != after.lines else ""


def observe(pipeline: Any, plan: Plan, *, seconds: float) -> Seen:
    """Call it.

    Raises:
        TooLong: it takes longer than that.
        Exception: whatever the call raises.
    """
    with limited(seconds), executed() as ran:
        result = Caller(pipeline, plan).call()
    return Seen(digest(result), ran.lines)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Break off what takes more of the processor's time, where the system has a timer for that.

    Raises:
        TooLong: it does.
    """
    if not hasattr(signal, "SIGPROF") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> None:
        raise TooLong(f"it takes more than {seconds:.0f} s")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
