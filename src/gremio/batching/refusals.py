"""An error as data, and back: what passes between processes is never unpickled."""

from __future__ import annotations

from collections.abc import Mapping

from gremio import errors
from gremio.errors import GremioError


def refusal(error: Exception) -> dict[str, str]:
    """An error as data."""
    if isinstance(error, GremioError):
        return {"kind": type(error).__name__, "message": error.message, "ref": error.ref, "next_step": error.next_step}
    message = f"it raised {type(error).__name__} while it was loaded: {error}"
    return {"kind": "CodeFailed", "message": message, "ref": "", "next_step": "`gremio run` shows more of it."}


def rebuilt(told: Mapping[str, str]) -> GremioError:
    """An error that a worker told."""
    kind = getattr(errors, told["kind"], GremioError)
    error: GremioError = kind.__new__(kind, told["message"])
    error.__dict__.update(message=told["message"], ref=told["ref"], next_step=told["next_step"])
    return error
