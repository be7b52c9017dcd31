"""Rows that are drawn in one call, where somebody asked for that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gremio.batching.jobs.row import Row


@dataclass(frozen=True)
class Chunk:
    """Rows that go to a worker together; ``wanted`` are the ids of those that are still to be drawn.

    What is in a chunk follows from the job alone, so that a row is drawn with the same others however often a job was
    interrupted.
    """

    number: int
    rows: tuple[Row, ...]
    wanted: frozenset[str]
    attempt: int = 0


def chunks(rows: Sequence[Row], size: int, done: frozenset[str]) -> Iterator[Chunk]:
    """The job in chunks of ``size`` rows, without those of which all is done."""
    for number, start in enumerate(range(0, len(rows), size)):
        part = tuple(rows[start : start + size])
        wanted = frozenset(row.id for row in part) - done
        if wanted:
            yield Chunk(number, part, wanted)
