"""What a review found, as every command shows it: to a person who reads, who approves, or who updates a lock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from gremio.machine.terminal import plain_line

if TYPE_CHECKING:
    from gremio.trust.findings import Finding

_COLOURS = {"high": "red", "medium": "yellow", "low": "blue"}
_MEANING = {"high": "a person has to look", "medium": "worth knowing", "low": "said for completeness"}
_DOUBTS = {"high": "", "medium": "  (or something else)", "low": "  (a guess by its name)"}
_WENT = "went, "


def finding_lines(findings: Iterable[Finding], *, everything: bool, sign: str = "") -> Iterator[str]:
    """By severity, then by code; the reason once for each code."""
    for severity, group in groupby(findings, key=lambda finding: finding.severity):
        found = list(group)
        yield ""
        title = f"{sign}{severity}: {len(found)}  {_MEANING[severity]}"
        yield click.style(title, fg=_COLOURS[severity], bold=severity == "high")
        if severity == "low" and not everything:
            counts = Counter(finding.code for finding in found)
            yield f"  {', '.join(f'{code} {count}' for code, count in sorted(counts.items()))}  (--all shows each)"
            continue
        for code in dict.fromkeys(finding.code for finding in found):
            yield from _of_code([finding for finding in found if finding.code == code], reasons=sign != _WENT)


def _of_code(findings: list[Finding], *, reasons: bool) -> Iterator[str]:
    first = findings[0]
    yield f"  {click.style(first.code, bold=True)}"
    for finding in findings:
        place = f"{finding.file}:{finding.line}" if finding.line else finding.file
        yield f"    {plain_line(place)}  {plain_line(finding.what)}{_DOUBTS[finding.confidence]}"
        for number, text in enumerate(finding.snippet.split("\n"), finding.line or 0):
            if number and text:
                yield click.style(f"      {number:>5} │ {plain_line(text)}", dim=True)
    if reasons and first.severity == "high":
        yield f"    why: {first.why}"
        yield f"    an honest use: {first.benign}"


def changed_lines(came: Iterable[Finding], went: Iterable[Finding], *, everything: bool) -> Iterator[str]:
    """What code could not do before, and what it can no longer do."""
    yield from finding_lines(came, everything=everything, sign="came, ")
    yield from finding_lines(went, everything=everything, sign=_WENT)
