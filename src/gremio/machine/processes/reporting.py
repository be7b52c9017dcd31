"""How a process of its own reports to the one that started it: one JSON object, on the last line of its stdout."""

from __future__ import annotations

import json
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

from gremio.errors import CodeFailed, GremioError

_COMMUNITY = re.compile(r"/(trees/[0-9a-f]{64}|diffusers_modules|transformers_modules)/")
_LONGEST = 1000  # characters of a message


@contextmanager
def stdout_of_report() -> Iterator[TextIO]:
    """Stdout for the report alone: meanwhile what else prints goes to stderr, C libraries and child processes too."""
    sys.stdout.flush()
    # One line of ASCII: no terminal, encoding or odd line separator can spoil it.
    with os.fdopen(os.dup(1), "w", encoding="ascii") as stdout:
        os.dup2(2, 1)
        yield stdout
        sys.stdout.flush()


def last_object(text: str) -> dict[str, Any]:
    """The report at the end of what a process printed.

    Raises:
        ValueError: the last line is none.
    """
    values = json.loads(text.strip().rpartition("\n")[2] or "null")
    if not isinstance(values, dict):
        raise ValueError("what the process printed does not end with a report")
    return values


@dataclass(frozen=True)
class Trouble:
    """The exception that ended the work.

    ``kind`` is its class, empty where nothing was raised, ``place`` is ``file:line`` of the innermost frame in the
    community code, followed by `` ← file:line`` of the innermost frame of all where that is another one; ``hint`` is
    what to do, if known.
    """

    kind: str
    message: str
    place: str = ""
    hint: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Trouble:
        """Code that raised while it was executed is told by what it raised, not by the exception that wraps it."""
        hint = error.next_step if isinstance(error, GremioError) else ""
        if isinstance(error, CodeFailed) and error.__cause__ is not None:
            error = error.__cause__
        message = error.message if isinstance(error, GremioError) else str(error)
        short = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"
        return cls(type(error).__name__, short, _place(error), hint)

    def __str__(self) -> str:
        """``KeyError: 'x' (pipeline.py:7)``."""
        place = f" ({self.place})" if self.place else ""
        return f"{self.kind}: {self.message}{place}" if self.kind else self.message


def is_community(filename: str) -> bool:
    """Whether a file name in a traceback is the community code's: in Gremio's store or where diffusers copies it."""
    return _COMMUNITY.search(filename.replace("\\", "/")) is not None


def _place(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = next((frame for frame in reversed(frames) if is_community(frame.filename)), None)
    # Where Gremio refuses is no place in anybody's code.
    last = frames[-1] if frames and not isinstance(error, GremioError) else None
    shown = [_shown(frame) for frame in (own, last) if frame is not None]
    return " ← ".join(dict.fromkeys(shown))


def _shown(frame: traceback.FrameSummary) -> str:
    """The file by its last parts, for where a library is installed tells nothing."""
    parts = frame.filename.replace("\\", "/").split("/")
    start = parts.index("site-packages") + 1 if "site-packages" in parts else -1
    return f"{'/'.join(parts[start:])}:{frame.lineno}"
