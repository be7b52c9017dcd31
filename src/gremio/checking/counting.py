"""A table in numbers: how many run, and what two loaders have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gremio.checking.outcomes import Outcome
from gremio.checking.table import Column, Entry, Table


@dataclass(frozen=True)
class Counts:
    """Of one column: how many pipelines there are, and how many came to what.

    ``stock`` names those that run without any code of their own being called: what ran is a pipeline of diffusers.
    ``exercised`` counts the own arguments that were turned on and had an effect, of ``own`` that there are; ``own`` is
    None where none was to be turned on.
    """

    column: Column
    by_outcome: Mapping[Outcome, int]
    stock: tuple[str, ...]
    exercised: int = 0
    own: int | None = None

    @classmethod
    def of(cls, table: Table, column: Column) -> Counts:
        """Count the entries of a column."""
        found = table.of_column(column)
        stock = tuple(entry.name for entry in found if is_stock(entry))
        reports = [entry.report for entry in found]
        own = [len(each.own_arguments) for each in reports if each.own_arguments is not None]
        exercised = sum(each.exercised for each in reports)
        return cls(column, dict(Counter(map(table.outcome, found))), stock, exercised, sum(own) if own else None)

    @property
    def runs(self) -> int:
        """How many run."""
        return self.by_outcome.get("runs", 0)

    @property
    def pipelines(self) -> int:
        """How many there are: a file that defines no pipeline counts for nothing."""
        return sum(number for word, number in self.by_outcome.items() if word != "no pipeline")

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        numbers = {"runs": self.runs, "pipelines": self.pipelines, "by_outcome": dict(sorted(self.by_outcome.items()))}
        arguments = {"exercised": self.exercised, "own": self.own}
        return {"column": asdict(self.column), **numbers, "stock": list(self.stock), "own_arguments": arguments}


def is_stock(entry: Entry) -> bool:
    """Whether it runs, but nothing of its own code did."""
    own = entry.report.findings.get("own_code")
    return entry.report.runs and own is not None and own.verdict == "no"


@dataclass(frozen=True)
class SideBySide:
    """The same code by Gremio and by plain diffusers.

    ``both`` run by either; of those, the outputs of ``identical`` are equal bit by bit, those of ``differing`` are not
    and those of ``unsettled`` differ from run to run with either. ``only_diffusers`` run there and not here.
    """

    ours: Column
    theirs: Column
    both: int
    identical: int
    differing: tuple[str, ...]
    unsettled: tuple[str, ...]
    only_diffusers: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def counts(table: Table) -> list[Counts]:
    """One for each column."""
    return [Counts.of(table, column) for column in table.columns()]


def side_by_side(table: Table) -> list[SideBySide]:
    """One for each column of Gremio's that has one of plain diffusers beside it."""
    found = []
    columns = table.columns()
    for ours in columns:
        theirs = Column(ours.version, ours.diffusers, "diffusers")
        if ours.loader == "gremio" and theirs in columns:
            found.append(_compared(table, ours, theirs))
    return found


def _compared(table: Table, ours: Column, theirs: Column) -> SideBySide:
    groups: dict[str, list[str]] = {"identical": [], "differing": [], "unsettled": [], "only": []}
    for name in table.names():
        left, right = table.get(name, ours), table.get(name, theirs)
        if left is not None and right is not None and right.report.runs:
            groups[_group(left, right)].append(name)
    identical, differing, unsettled, only = (tuple(names) for names in groups.values())
    both = len(identical) + len(differing) + len(unsettled)
    return SideBySide(ours, theirs, both, len(identical), differing, unsettled, only)


def _group(left: Entry, right: Entry) -> str:
    if not left.report.runs:
        return "only"
    if left.report.output_digest and left.report.output_digest == right.report.output_digest:
        return "identical"
    return "unsettled" if any(_random(entry) for entry in (left, right)) else "differing"


def _random(entry: Entry) -> bool:
    finding = entry.report.findings.get("deterministic")
    return not entry.report.output_digest or (finding is not None and finding.verdict == "no")
