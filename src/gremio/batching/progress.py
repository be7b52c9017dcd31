"""How far a job is."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from gremio.batching.made import Made


@dataclass(frozen=True)
class Progress:
    """Of ``total`` rows, ``before`` were done when this began; since then ``drawn`` and ``failed``.

    ``pictures`` are files, ``seconds`` since the first worker was ready, ``workers`` how many draw; ``note`` is news.
    """

    total: int
    before: int
    drawn: int = 0
    failed: int = 0
    pictures: int = 0
    seconds: float = 0.0
    workers: int = 0
    note: str = ""

    @property
    def done(self) -> int:
        """Rows that need nothing more."""
        return self.before + self.drawn + self.failed

    @property
    def rate(self) -> float:
        """Pictures per second."""
        return self.pictures / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining(self) -> float | None:
        """Seconds, if it goes on like this; None while nobody knows."""
        now = self.drawn + self.failed
        return (self.total - self.done) * self.seconds / now if now and self.seconds > 0 else None

    def __str__(self) -> str:
        """``12 of 500, 1.5 pictures/s, 5:25 left, 1 failed``."""
        left = "" if self.remaining is None else f", {clock(self.remaining)} left"
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.done} of {self.total}, {self.rate:.2f} pictures/s{left}{failed}"


Listener = Callable[[Progress], None]


class Tally:
    """Counts, and tells whoever listens."""

    def __init__(self, total: int, before: int, listener: Listener | None) -> None:
        self._total, self._before = total, before
        self._listener = listener
        self._began: float | None = None
        self._drawn = self._failed = self._pictures = self._workers = 0

    def ready(self, workers: int) -> None:
        """A worker is; time begins with the first."""
        self._began = self._began or time.monotonic()
        self._workers = workers
        self.tell()

    def count(self, made: Made) -> None:
        """A row is done with."""
        self._drawn += not made.error
        self._failed += bool(made.error)
        self._pictures += len(made.files)
        self.tell()

    def tell(self, note: str = "") -> None:
        """Where things are now."""
        if self._listener is not None:
            seconds = time.monotonic() - self._began if self._began else 0.0
            counts = (self._drawn, self._failed, self._pictures)
            self._listener(Progress(self._total, self._before, *counts, seconds, self._workers, note))


def clock(seconds: float) -> str:
    """``5:25``, or ``1:05:25``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
