"""From an exception to what a report says about it."""

from __future__ import annotations

import traceback

from gremio.errors import CodeFailed, GremioError
from gremio.publishing.proof.report import Trouble

_LONGEST = 1000
_PUBLISHED = ("gremio_code", "diffusers_modules", "transformers_modules")


def trouble_of(error: BaseException) -> Trouble:
    """What happened and where: in the published code if any of it is on the way, else where it was raised."""
    hint = error.next_step if isinstance(error, GremioError) else ""
    if isinstance(error, CodeFailed) and error.__cause__ is not None:
        error = error.__cause__
    message = error.message if isinstance(error, GremioError) else str(error)
    text = message if len(message) <= _LONGEST else f"{message[: _LONGEST - 1]}…"
    return Trouble(type(error).__name__, text, "" if isinstance(error, GremioError) else _where(error), hint)


def _where(error: BaseException) -> str:
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [each for each in frames if str(each[0].f_globals.get("__name__", "")).startswith(_PUBLISHED)]
    for frame, line in (own or frames)[-1:]:
        module = str(frame.f_globals.get("__name__", ""))
        return f"{module.rpartition('.')[2]}.py:{line}" if own else f"{module}:{line}"
    return ""
