"""One thing that a reader of a repository should know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True)
class Finding:
    """What was noticed, where, and why it matters.

    ``code`` is stable, for scripts; ``what`` says what is there, ``why`` what it can do, ``benign`` when it is fine.
    ``confidence`` is how sure the reading is. ``file`` is the path in the repository, ``line`` counts from one and is
    None where a file has no lines; ``snippet`` is the text in question, as it stands there.
    """

    code: str
    severity: Severity
    confidence: Severity
    file: str
    line: int | None
    snippet: str
    what: str
    why: str
    benign: str
