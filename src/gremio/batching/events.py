"""What whoever draws the rows of a job tells while it does, and what draws them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from gremio.batching.chunks import Chunk
from gremio.batching.jobs.row import Problem, Row
from gremio.batching.made import Made


@dataclass(frozen=True)
class Ready:
    """A worker has loaded: the kind of device that it draws on, and how many workers there are now."""

    device: str
    workers: int


@dataclass(frozen=True)
class Note:
    """Something that a person should know, in words."""

    text: str


@dataclass(frozen=True)
class Lost:
    """Rows whose worker ended while it drew them, more often than they are tried again."""

    rows: tuple[str, ...]
    why: str


Event = Made | Ready | Note | Lost


class Pool(Protocol):
    """Draws the chunks of a job, in any order; the files of a row are in the order's folder before it is told."""

    def run(self, chunks: Sequence[Chunk]) -> Iterator[Event]:
        """Draw them all; ``Made`` and ``Lost`` tell of each wanted row once. Closing the iterator ends the work.

        Raises:
            GremioError: the pipeline can't be loaded, or nothing more can be written.
        """
        ...

    def check(self, rows: Sequence[Row]) -> list[Problem]:
        """What is wrong with rows, as the loaded class tells."""
        ...


Pools = AbstractContextManager[Pool]
