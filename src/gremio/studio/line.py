"""Who draws next. One thing is drawn at a time, for there is one GPU or processor; everybody sees their place."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from gremio.drawing.process import Cancelled
from gremio.errors import GremioError, OptionError
from gremio.studio.drawing.artist import Artist
from gremio.studio.drawing.order import Drawn, Event, Order

State = Literal["waiting", "loading", "drawing", "done", "failed", "cancelled"]

_ABANDONED = 30.0  # seconds without anybody who looks, after which a page counts as closed
_MOST_WAITING = 4  # of one person
_PAUSE = 1.0


@dataclass
class Job:
    """One thing to draw: an order, or several that are seen side by side.

    ``drawn`` has what each order made, ``error`` what went wrong, ``notes`` what a person should know; ``step`` and
    ``steps`` count within the present order.
    """

    owner: str
    orders: Sequence[Order]
    artist: Artist
    state: State = "waiting"
    drawn: list[Drawn] = field(default_factory=list)
    error: str = ""
    notes: list[str] = field(default_factory=list)
    unloaded: list[str] = field(default_factory=list)
    step: int = 0
    steps: int = 0
    preview: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)
    begun: float = 0.0
    first_step: float = 0.0
    seen: float = field(default_factory=time.monotonic)

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def left(self) -> float | None:
        """Seconds until the present order is drawn, as the steps so far tell; None where they don't."""
        if self.state != "drawing" or self.step < 2 or not self.steps:
            return None
        took = time.monotonic() - self.first_step
        return took / (self.step - 1) * max(self.steps - self.step, 0)

    def hear(self, event: Event) -> None:
        """Note what happened."""
        if event.what == "loading":
            self.state = "loading"
        elif event.what == "loaded":
            self.state = "drawing"
        elif event.what == "unloaded":
            self.unloaded.append(event.text)
        elif event.what == "note":
            self.notes.append(event.text)
        elif event.what == "preview":
            self.preview = event.file
        else:
            self._stepped(event)

    def _stepped(self, event: Event) -> None:
        self.state = "drawing"
        if event.done <= self.step or event.total != self.steps:
            # Another loop of the same call: its steps are counted anew.
            self.first_step = time.monotonic()
        self.step, self.steps = event.done, event.total


class Line:
    """Jobs in the order in which they came, drawn by one thread."""

    def __init__(self) -> None:
        self._waiting: deque[Job] = deque()
        self._present: Job | None = None
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._work, daemon=True, name="studio-line").start()
        threading.Thread(target=self._look, daemon=True, name="studio-look").start()

    def put(self, job: Job) -> None:
        """At the end.

        Raises:
            OptionError: this person has enough waiting.
        """
        with self._changed:
            if sum(each.owner == job.owner for each in self._waiting) >= _MOST_WAITING:
                raise OptionError(f"{_MOST_WAITING} of yours are waiting already", next_step="Cancel one, or wait.")
            self._waiting.append(job)
            self._changed.notify_all()

    def before(self, job: Job) -> int:
        """How many are drawn before it, the present one among them."""
        with self._changed:
            if job not in self._waiting:
                return 0
            return self._waiting.index(job) + (self._present is not None)

    def cancel(self, job: Job) -> None:
        """Take it out, or stop it within a step."""
        with self._changed:
            job.stopped.set()
            if job in self._waiting:
                self._waiting.remove(job)
                job.state = "cancelled"

    def close(self) -> None:
        """Draw nothing more."""
        with self._changed:
            self._closed = True
            for job in [*self._waiting, *([self._present] if self._present else [])]:
                job.stopped.set()
            self._waiting.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closed)
                if self._closed:
                    return
                self._present = job = self._waiting.popleft()
            self._draw(job)
            with self._changed:
                self._present = None

    def _draw(self, job: Job) -> None:
        job.state, job.begun = "drawing", time.monotonic()
        try:
            for order in job.orders:
                job.step, job.steps, job.preview = 0, 0, ""
                job.drawn.append(job.artist.draw(order, job.hear, job.stopped))
        except Cancelled:
            job.state = "cancelled"
        except GremioError as error:
            job.error, job.state = str(error), "failed"
        except Exception as error:
            job.error, job.state = f"{type(error).__name__}: {error}", "failed"
        else:
            job.state = "done"

    def _look(self) -> None:
        """Stop what nobody looks at any more: the tab was closed."""
        while not self._closed:
            time.sleep(_PAUSE)
            with self._changed:
                jobs = [*self._waiting, *([self._present] if self._present else [])]
            for job in jobs:
                if time.monotonic() - job.seen > _ABANDONED and not job.stopped.is_set():
                    self.cancel(job)
