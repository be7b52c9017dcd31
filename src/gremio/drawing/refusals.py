"""An error as data, and back: what passes between processes is never unpickled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gremio import errors
from gremio.errors import CodeFailed, GremioError


def refusal(error: Exception) -> dict[str, str]:
    """An error as data."""
    if isinstance(error, GremioError):
        return {"kind": type(error).__name__, "message": error.message, "ref": error.ref, "next_step": error.next_step}
    message = f"it raised {type(error).__name__}: {error}"
    return {"kind": "CodeFailed", "message": message, "ref": "", "next_step": "`gremio run` shows more of it."}


def rebuilt(told: Mapping[str, Any]) -> GremioError:
    """An error that a worker told."""
    kind = getattr(errors, str(told["kind"]), None)
    if not (isinstance(kind, type) and issubclass(kind, GremioError)):
        kind = CodeFailed
    error = kind.__new__(kind, told["message"])
    Exception.__init__(error, told["message"])
    error.__dict__.update({name: str(told[name]) for name in ("message", "ref", "next_step")})
    return error
