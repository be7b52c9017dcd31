"""One row of a job, and what is wrong with one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gremio.errors import BadRows

_SHOWN = 50


@dataclass(frozen=True)
class Row:
    """One call, as it was written.

    ``id`` names it and its files; ``place`` is where a person finds it (``line 7``); ``cells`` are values by column,
    as text or as JSON has them; ``folder`` is where relative ``@file`` begin.
    """

    id: str
    place: str
    cells: Mapping[str, Any] = field(repr=False)
    folder: str = ""

    def seed(self, of_job: int) -> int:
        """The seed of a row that names none: the same wherever, whenever and after whatever it is drawn."""
        return int.from_bytes(hashlib.sha256(f"{of_job}:{self.id}".encode()).digest()[:6])


@dataclass(frozen=True)
class Problem:
    """What is wrong with one row, and where it is."""

    place: str
    what: str

    def __str__(self) -> str:
        """``line 7: …``."""
        return f"{self.place}: {self.what}"


@dataclass(frozen=True)
class Jobs:
    """All rows of a job, and those that can't be rows at all."""

    rows: tuple[Row, ...]
    problems: tuple[Problem, ...] = ()


def refuse(problems: list[Problem], of: int, *, ref: str) -> None:
    """All that is wrong with all rows, at once; nothing where nothing is.

    Raises:
        BadRows: something is; its ``problems`` hold all of it.
    """
    if not problems:
        return
    shown = "".join(f"\n  {each}" for each in problems[:_SHOWN])
    more = f"\n  … and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    bad = len({each.place for each in problems})
    raise BadRows(
        f"{bad} of {of} rows can't be drawn, and none was:{shown}{more}",
        problems=problems,
        ref=ref,
        next_step="Mend these rows; `gremio show` tells what the pipeline takes.",
    )
