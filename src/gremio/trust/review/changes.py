"""What came and what went between two reviews."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gremio.code import Difference
from gremio.trust.findings import Finding, high, without
from gremio.trust.review.capabilities import NOTE, CapabilityReview


@dataclass(frozen=True)
class Changes:
    """``came`` and ``went`` are findings, without those that only moved to another line; likewise packages, by name."""

    before: str
    after: str
    code: Difference
    came: tuple[Finding, ...]
    went: tuple[Finding, ...]
    packages_came: tuple[str, ...]
    packages_went: tuple[str, ...]

    @property
    def high(self) -> tuple[Finding, ...]:
        """What came that a person has to look at."""
        return high(self.came)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON, with the note that a report needs."""
        return asdict(self) | {"note": NOTE}


def changes(before: CapabilityReview, after: CapabilityReview) -> Changes:
    """What changed from one to the other: code, findings, packages."""
    old, new = ({package.name for package in each.packages} for each in (before, after))
    return Changes(
        before=f"{before.origin} {before.digest}",
        after=f"{after.origin} {after.digest}",
        code=Difference.between(before.contents, after.contents),
        came=without(after.findings, before.findings),
        went=without(before.findings, after.findings),
        packages_came=tuple(sorted(new - old)),
        packages_went=tuple(sorted(old - new)),
    )
