"""What is known of many pipelines, by version and loader, in a file that every check adds to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from gremio.checking.outcomes import Outcome, outcome
from gremio.checking.portable import portable
from gremio.checking.trial.report import Report
from gremio.errors import OptionError
from gremio.machine.placing import place
from gremio.machine.processes import Limits

_FORMAT = "gremio check 2"


@dataclass(frozen=True, order=True)
class Column:
    """What a column of the table is about: the code's version, the installed diffusers, who loads, whether mended."""

    version: str
    diffusers: str
    loader: str = "gremio"
    mend: bool = True

    def __str__(self) -> str:
        """For a heading."""
        how = self.loader if self.mend or self.loader != "gremio" else f"{self.loader}, no mends"
        return f"{self.version} on diffusers {self.diffusers}, {how}"


@dataclass(frozen=True)
class Entry:
    """One report with what it depends on.

    ``versions`` are the installed packages', ``options`` what the trial was asked beside the code, ``limits`` what its
    process was allowed, ``date`` the day.
    """

    name: str
    column: Column
    digest: str
    versions: Mapping[str, str]
    options: Mapping[str, Any]
    limits: Mapping[str, float | None]
    date: str
    report: Report

    @property
    def key(self) -> tuple[str, Column]:
        """There is one entry for a file and a column."""
        return self.name, self.column

    @property
    def outcome(self) -> Outcome:
        """What came of it, in a word."""
        return outcome(self.report)

    def answers(self, planned: PlannedTrial) -> bool:
        """Whether this is what that trial would find: the same code, packages and options, and limits that mattered."""
        if self.outcome in ("packages", "refused"):
            # An installation or a grant changes these, and they cost little to try.
            return False
        same = (self.digest, dict(self.versions), dict(self.options))
        if not self.digest or same != (planned.digest, dict(planned.versions), dict(planned.options)):
            return False
        if self.outcome == "timeout":
            return not _more(planned.limits.seconds, self.limits.get("seconds"))
        if self.outcome == "memory":
            return not _more(planned.limits.megabytes, self.limits.get("megabytes"))
        return True

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        plain = {each.name: getattr(self, each.name) for each in fields(self)}
        return plain | {"column": asdict(self.column), "report": self.report.as_dict()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Entry:
        """What ``as_dict`` gave.

        Raises:
            ValueError, TypeError, KeyError: it is none.
        """
        column, report = Column(**values["column"]), Report.from_dict(values["report"])
        return cls(**{**values, "column": column, "report": report})


@dataclass(frozen=True)
class PlannedTrial:
    """A trial to be made, and what its entry would depend on."""

    name: str
    column: Column
    digest: str
    versions: Mapping[str, str]
    options: Mapping[str, Any]
    limits: Limits

    def entry(self, report: Report, date: str) -> Entry:
        """Its entry, once it is made. What ran counts: a branch may have moved since it was listed."""
        digest = report.digest or self.digest
        told, limits = portable(report, self.name), asdict(self.limits)
        return Entry(self.name, self.column, digest, self.versions, self.options, limits, date, told)


@dataclass
class Table:
    """Entries by file and column, in a fixed order."""

    entries: dict[tuple[str, Column], Entry] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Table:
        """A table of these; later ones take the place of earlier ones."""
        table = cls()
        for entry in entries:
            table.add(entry)
        return table

    @classmethod
    def load(cls, path: Path) -> Table:
        """What a file holds; empty if there is none.

        Raises:
            OptionError: it is no table, or can't be read.
        """
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return cls()
        except OSError as error:
            step = "Name another file."
            raise OptionError(f"{path} can't be read: {error.strerror or error}", next_step=step) from error
        try:
            document = json.loads(data)
            if document["format"] != _FORMAT:
                raise ValueError(document["format"])
            return cls.of(Entry.from_dict(each) for each in document["entries"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            step = "Name another file, or remove this one."
            raise OptionError(f"{path} is no table of `gremio check`", next_step=step) from error

    def save(self, path: Path) -> None:
        """Write the file in one step.

        Raises:
            OptionError: the path can't be used.
            GremioError: the disk is full, or fails.
        """
        text = json.dumps(self.as_dict(), ensure_ascii=False, indent=1) + "\n"
        place(path, lambda new: new.write_text(text, "utf-8"))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {"format": _FORMAT, "entries": [entry.as_dict() for entry in self]}

    def add(self, entry: Entry) -> None:
        """Put an entry where it belongs, in place of an earlier one."""
        self.entries[entry.key] = entry

    def forget(self, keys: Iterable[tuple[str, Column]]) -> None:
        """Drop these entries, as far as they are there."""
        for key in keys:
            self.entries.pop(key, None)

    def __iter__(self) -> Iterator[Entry]:
        """By name, then by column."""
        return iter([self.entries[key] for key in sorted(self.entries)])

    def __len__(self) -> int:
        """How many entries."""
        return len(self.entries)

    def columns(self) -> list[Column]:
        """Every column, oldest version first, ``main`` last."""
        return sorted({column for _, column in self.entries}, key=_age)

    def names(self) -> list[str]:
        """Every file."""
        return sorted({name for name, _ in self.entries})

    def of_column(self, column: Column) -> list[Entry]:
        """The entries of one column, by name."""
        return [entry for entry in self if entry.column == column]

    def outcome(self, entry: Entry) -> Outcome:
        """What came of it. That a file has no pipeline is so for every loader, whatever each says of it."""
        version = entry.column.version
        there = (each for each in self.entries.values() if (each.name, each.column.version) == (entry.name, version))
        return "no pipeline" if any(each.outcome == "no pipeline" for each in there) else entry.outcome

    def get(self, name: str, column: Column) -> Entry | None:
        """One entry."""
        return self.entries.get((name, column))


def _more(now: float | None, then: float | None) -> bool:
    """Whether a limit has been raised."""
    return then is not None and (now is None or now > then)


def _age(column: Column) -> tuple[object, ...]:
    from packaging.version import InvalidVersion, Version

    def order(text: str) -> tuple[int, Version | str]:
        try:
            return 0, Version(text)
        except InvalidVersion:
            return 1, text

    return order(column.version), order(column.diffusers), column.loader, not column.mend
