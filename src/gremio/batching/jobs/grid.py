"""``steps=10,20 seed=1..4``: every row once for each combination."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gremio.batching.jobs.row import Jobs, Problem, Row
from gremio.errors import OptionError

_RANGE = re.compile(r"(-?\d{1,18})\.\.(-?\d{1,18})", re.ASCII)
_MOST = 1_000_000
_FORM = "Write --grid steps=10,20 seed=1..4; a value with a comma or a space goes into quotes."


@dataclass(frozen=True)
class Axis:
    """One column and its values, as text."""

    name: str
    values: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Axis:
        """Read ``steps=10,20`` or ``seed=1..4``, both ends included.

        Raises:
            OptionError: it is neither.
        """
        name, equals, listed = text.partition("=")
        values = tuple(itertools.chain.from_iterable(_values(each, text) for each in next(csv.reader([listed]), [])))
        if not equals or not name.strip() or not values:
            raise OptionError(f"--grid {text!r} is no axis", next_step=_FORM)
        return cls(name.strip().replace("-", "_"), values)


def _values(text: str, whole: str) -> Iterable[str]:
    ends = _RANGE.fullmatch(text.strip())
    if not ends:
        return [text]
    first, last = int(ends[1]), int(ends[2])
    if not 0 <= last - first < _MOST:
        raise OptionError(f"--grid {whole!r}: {text} is no range, or too long a one", next_step=_FORM)
    return map(str, range(first, last + 1))


def parse_axes(texts: Iterable[str]) -> tuple[Axis, ...]:
    """The axes of ``--grid``, each text one or several of them.

    Raises:
        OptionError: one is none, or one column has two.
    """
    axes = tuple(Axis.parse(part) for text in texts for part in _parts(text))
    names = [axis.name for axis in axes]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice:
        raise OptionError(f"--grid has {twice} twice", next_step="Put all its values into one list.")
    return axes


def _parts(text: str) -> list[str]:
    """``steps=10,20 seed=1..4`` as two; what a shell has taken apart already is one, whatever spaces it has."""
    return re.split(r"\s+(?=[A-Za-z_][\w-]*=)", text.strip())


def crossed(jobs: Jobs, axes: Sequence[Axis]) -> Jobs:
    """Every row once for each combination of the axes, the last of which changes fastest."""
    if not axes:
        return jobs
    points = [dict(zip([a.name for a in axes], p, strict=True)) for p in itertools.product(*[a.values for a in axes])]
    rows: list[Row] = []
    problems = list(jobs.problems)
    for row in jobs.rows:
        both = [axis.name for axis in axes if row.cells.get(axis.name) not in (None, "")]
        problems += [Problem(row.place, f"{name} is a column and in --grid") for name in both]
        rows += _spread(row, points)
    return Jobs(tuple(rows), tuple(problems))


def _spread(row: Row, points: Sequence[dict[str, str]]) -> Iterator[Row]:
    width = len(str(len(points)))
    for number, point in enumerate(points, 1):
        told = " ".join(f"{name}={value}" for name, value in point.items())
        place, own = f"{row.place} with {told}", f"{row.id}-{number:0{width}}"
        yield replace(row, id=own, place=place, cells={**row.cells, **point})
