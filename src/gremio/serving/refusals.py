"""What is said where there is nothing else to give: a status, and words without paths of this machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gremio.drawing.process import Lost
from gremio.errors import CodeFailed, GremioError, OptionError, SandboxFailed, SandboxLost

_PATH = re.compile(r"(?<![\w.:/~-])(?:~|[A-Za-z]:)?(?:[/\\][^\s'\"`:,;()\[\]{}<>|*?/\\]+){2,}[/\\]?")
_LONGEST = 2000


@dataclass(eq=False)
class Refusal(Exception):
    """``code`` is a word for programs, ``param`` the argument that is meant; ``headers`` go along."""

    status: int
    code: str
    message: str
    param: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """In the form that clients of OpenAI understand."""
        told = {"message": self.message, "type": _type(self.status), "param": self.param or None, "code": self.code}
        return {"error": told}


def of(error: BaseException) -> Refusal:
    """What a client is told of an error that a call ended with."""
    if isinstance(error, Refusal):
        return error
    message = without_paths(error.message if isinstance(error, GremioError) else str(error))
    if isinstance(error, CodeFailed | SandboxFailed):
        # Whose fault it is nobody can tell; the same call would fail again.
        return Refusal(422, "pipeline_failed", message)
    if isinstance(error, OptionError):
        return Refusal(400, "bad_value", message)
    if isinstance(error, Lost | SandboxLost):
        return Refusal(500, "process_lost", "the process that was drawing is gone; the service started another")
    return Refusal(500, "failed", "it could not be drawn; the service's log has more")


def without_paths(text: str) -> str:
    """The text, with the last part in place of each path."""
    return _PATH.sub(lambda found: "…/" + re.split(r"[/\\]", found[0].rstrip("/\\"))[-1], text)[:_LONGEST]


def bad(message: str, param: str = "") -> Refusal:
    """A value that can't work."""
    return Refusal(400, "bad_value", message, param)


def _type(status: int) -> str:
    known = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
    return known.get(status, "server_error" if status >= 500 else "invalid_request_error")
