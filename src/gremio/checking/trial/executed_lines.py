"""Which lines and functions of the community code run."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import CodeType, FrameType
from typing import Any

from gremio.machine.processes import is_community


@dataclass
class Executed:
    """What ran: how often each line did, by file and number, and the code of the functions."""

    lines: Counter[tuple[str, int]] = field(default_factory=Counter)
    functions: set[CodeType] = field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        """As Python's trace function; lines of other code are not traced."""
        code = frame.f_code
        if not _is_own(code.co_filename):
            return None
        if event == "call":
            self.functions.add(code)
        else:
            self.lines[code.co_filename, frame.f_lineno] += 1
        return self


_is_own = cache(is_community)


@contextmanager
def executed() -> Iterator[Executed]:
    """Note what this thread runs while the context lasts."""
    found, before = Executed(), sys.gettrace()
    sys.settrace(found)
    try:
        yield found
    finally:
        sys.settrace(before)
