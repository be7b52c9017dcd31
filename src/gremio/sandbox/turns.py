"""Whose turn it is: so many workers, one call at a time each. Who finds none free waits in a line that has an end."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gremio.errors import SandboxBusy, SandboxLost
from gremio.sandbox.attended import Attended

_CLOSING = 60.0  # seconds that calls which lost their worker have to notice it
_PAUSE = 0.2


class Turns:
    """Hands out workers, to any thread; those that are loaded first.

    At most ``waiting`` calls wait, in the order in which they came, each for at most ``patience`` seconds; None is as
    long as it takes.
    """

    def __init__(self, workers: Sequence[Attended], *, waiting: int, patience: float | None, ref: str) -> None:
        self._free = list(workers)
        self._taken: dict[Attended, int] = {}
        self._line: deque[object] = deque()
        self._waiting = waiting
        self._patience = patience
        self._ref = ref
        self._closed = False
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[Attended]:
        """A worker that nobody else has until the block ends.

        Raises:
            SandboxBusy: too many wait already, or it took too long.
            SandboxLost: there are none any more.
        """
        worker = self._take()
        try:
            yield worker
        finally:
            self._give_back(worker)

    def close(self) -> None:
        """End all workers. Calls that are under way are lost and told so, as are those that wait."""
        until = time.monotonic() + _CLOSING
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            # Whoever is asking one clears away after it; only what this thread has itself is not waited for.
            while self._others() and time.monotonic() < until:
                for worker in self._others():
                    worker.kill("the sandbox was closed")
                self._changed.wait(_PAUSE)
            others = self._others()
            for worker in [*self._free, *self._taken]:
                if worker not in others:
                    worker.end("the sandbox was closed")

    def _take(self) -> Attended:
        me = object()
        with self._changed:
            self._require_open()
            if (self._line or not self._free) and len(self._line) >= self._waiting:
                raise self._busy(f"{len(self._line)} calls wait for a worker already", "Make fewer calls at once")
            if not self._free and not self._others():
                raise self._busy("this call is made from within one that has the worker", "Make it afterwards")
            self._line.append(me)
            try:
                if not self._changed.wait_for(lambda: self._is_turn_of(me), self._patience):
                    step = "Give it more patience="
                    raise self._busy(f"no worker was free within {self._patience:g} seconds", step)
                self._require_open()
                worker = self._free.pop()
                self._taken[worker] = threading.get_ident()
                return worker
            finally:
                self._line.remove(me)
                self._changed.notify_all()

    def _is_turn_of(self, waiter: object) -> bool:
        return self._closed or (bool(self._free) and self._line[0] is waiter)

    def _give_back(self, worker: Attended) -> None:
        if self._closed:
            worker.end("the sandbox was closed")
        with self._changed:
            del self._taken[worker]
            self._free.insert(len(self._free) if worker.is_there else 0, worker)
            self._changed.notify_all()

    def _others(self) -> list[Attended]:
        """What other threads than this one have."""
        me = threading.get_ident()
        return [worker for worker, thread in self._taken.items() if thread != me]

    def _require_open(self) -> None:
        if self._closed:
            raise SandboxLost("this sandbox is closed", ref=self._ref, next_step="Make another.")

    def _busy(self, what: str, step: str) -> SandboxBusy:
        workers = len(self._taken)
        return SandboxBusy(
            f"the call was not made: {what} ({workers} at work)",
            ref=self._ref,
            next_step=f"{step}, or make the sandbox with more workers=.",
        )
