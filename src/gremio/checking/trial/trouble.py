"""From an exception to what a report says about it."""

from __future__ import annotations

import traceback
from collections.abc import Callable

from gremio.checking.trial.report import Trouble
from gremio.errors import CodeFailed, GremioError, MissingPackages

_LONGEST = 1000


def trouble_of(error: BaseException, is_community: Callable[[str], bool]) -> Trouble:
    """What happened and where; ``is_community`` tells whether a file name is one of the community code's.

    Code that raised while it was executed is told by the exception that it raised, not by the one that wraps it.
    """
    hint = error.next_step if isinstance(error, GremioError) else ""
    if isinstance(error, CodeFailed) and error.__cause__ is not None:
        error = error.__cause__
    message = error.message if isinstance(error, GremioError) else str(error)
    return Trouble(type(error).__name__, _short(message), _place(error, is_community), hint)


def missing_packages(error: BaseException) -> tuple[str, ...]:
    """The packages to install for an error that says so, or that is Python's own for a module that isn't there."""
    if isinstance(error, MissingPackages):
        return error.packages
    if isinstance(error, CodeFailed) and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, ModuleNotFoundError) and error.name:
        from gremio.code.libraries.packages import is_installed
        from gremio.code.review.requirements import package_for

        top = error.name.partition(".")[0]
        return () if is_installed(top) else (package_for(top) or top,)
    return ()


def _place(error: BaseException, is_community: Callable[[str], bool]) -> str:
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
    parts = parts[start:]
    return f"{'/'.join(parts)}:{frame.lineno}"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
