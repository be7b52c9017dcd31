"""One thing that a review found, as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Severity = Literal["high", "medium", "low"]
"""``high``: a person has to look before it runs. ``medium``: worth knowing. ``low``: said for completeness."""
Confidence = Literal["high", "medium", "low"]
"""How sure it is that the place means what the finding says."""

_WEIGHTS = {severity: weight for weight, severity in enumerate(get_args(Severity))}


@dataclass(frozen=True)
class Finding:
    """Something that code, or a file beside it, would be able to do.

    ``code`` is stable and has two parts, the capability and what of it: ``process/start``. ``line`` counts from 1 and
    is None where the whole file is meant. ``snippet`` is the source from that line on, as it is: whoever prints it
    escapes it.
    ``what`` says what is there, ``why`` why it matters, ``benign`` what an honest use looks like; a sentence each.
    """

    code: str
    severity: Severity
    confidence: Confidence
    file: str
    line: int | None
    snippet: str
    what: str
    why: str
    benign: str

    @property
    def capability(self) -> str:
        """The first part of the code."""
        return self.code.partition("/")[0]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def high(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that a person has to look at."""
    return tuple(finding for finding in findings if finding.severity == "high")


def without(findings: Iterable[Finding], others: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings that have no like among the others, on whatever line; each of the others is the like of one."""
    left = Counter(map(_likeness, others))
    found = []
    for finding in findings:
        likeness = _likeness(finding)
        if left[likeness]:
            left[likeness] -= 1
        else:
            found.append(finding)
    return tuple(found)


def _likeness(finding: Finding) -> tuple[str, ...]:
    return finding.code, finding.severity, finding.file, finding.what, finding.snippet


def by_weight(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first, then by place, then the surest."""
    return tuple(sorted(findings, key=_order))


def _order(finding: Finding) -> tuple[int, str, int, str, int, str]:
    weight, sureness = _WEIGHTS[finding.severity], _WEIGHTS[finding.confidence]
    return weight, finding.file, finding.line or 0, finding.code, sureness, finding.what
