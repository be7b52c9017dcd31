"""Processes on this machine that draw, each with the pipeline loaded from the same files.

Weights that need no conversion are mapped into memory and not read into it, so that processes share them. A
process that ends is replaced, and what it was at is tried again.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

from gremio.batching.chunks import Chunk
from gremio.batching.events import Event, Lost, Note, Ready
from gremio.batching.jobs.row import Problem, Row
from gremio.batching.made import Made
from gremio.batching.order import Order, row_out
from gremio.drawing.refusals import rebuilt
from gremio.errors import GremioError
from gremio.machine.processes import forking

_MODULE = "gremio.batching.worker"
_PAUSE = 0.2  # seconds between two looks at processes that say nothing
_AHEAD = 2  # chunks that a worker has, so that it never waits for the next
_TRIES_TO_LOAD = 3
_CALM = 5.0  # seconds that a worker has to end when there is nothing more to draw


@dataclass
class _InHand:
    """A chunk that a worker has, and the rows of it that are still to come."""

    chunk: Chunk
    left: set[str] = field(default_factory=set)


class _Worker:
    """One process, and what passes between it and this one."""

    def __init__(self, start: Sequence[str], order: Order, number: int, folder: Path) -> None:
        self.number = number
        self.ready = False
        self.in_hand: deque[_InHand] = deque()
        self._buffer = b""
        self._log: IO[bytes] = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  closed when the process is ended
        path = str(folder / f"{number}-{time.monotonic_ns()}")
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
            server.bind(path)
            server.listen(1)
            server.settimeout(_PAUSE)
            self.process = subprocess.Popen(
                [*start, _MODULE, path],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                start_new_session=True,
            )
            self.connection = self._accepted(server)
        if self.connection is not None:
            self.send({"order": order.dumps(), "number": number})

    def _accepted(self, server: socket.socket) -> socket.socket | None:
        """The connection of the process; None where it ended instead."""
        while self.process.poll() is None:
            with suppress(TimeoutError):
                return server.accept()[0]
        return None

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell it something; that it is gone is seen when it is read from."""
        with suppress(BrokenPipeError, ConnectionResetError):
            if self.connection is not None:
                self.connection.sendall(json.dumps(message).encode() + b"\n")

    def received(self) -> list[dict[str, Any]] | None:
        """What it has said by now; None once it is gone."""
        assert self.connection is not None
        try:
            data = self.connection.recv(1 << 20)
        except ConnectionResetError:
            data = b""
        if not data:
            return None
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def end(self, calm: float = 0.0) -> None:
        """Hang up, and end it; with ``calm`` it has so many seconds for that itself."""
        if self.connection is not None:
            self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(calm)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()

    def how_it_ended(self) -> str:
        """Once it has hung up."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_CALM)
        code = self.process.returncode
        if code is None:
            return "its process hung up"
        if code >= 0:
            return f"its process ended with exit code {code}{self._last_words()}"
        return f"its process was ended by {signal.Signals(-code).name}"

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        return f" ({lines[-1][:300]})" if lines else ""


class Workers:
    """Draws with so many processes; without a number, as many as there are GPUs, or cores and memory for."""

    def __init__(
        self,
        order: Order,
        *,
        count: int | None = None,
        retries: int = 2,
        start: Sequence[str] = (),
        keep: bool = False,
    ) -> None:
        """``start`` is what runs a module in a process, put before its name; a fork server's if not given.

        With ``keep`` the processes stay for the next chunks, until the block ends.
        """
        self._order = order
        self._keep = keep
        self._running: _Running | None = None
        self._count = count
        self._retries = retries
        self._given = tuple(start)
        self._stack = ExitStack()

    def __enter__(self) -> Workers:
        """Ready to start processes."""
        folder = tempfile.mkdtemp(prefix="gremio-batch-")
        self._stack.callback(_remove, Path(folder))
        self._folder = Path(folder)
        self._start = self._given or self._stack.enter_context(forking({**os.environ, **_QUIET}))
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing is left of them."""
        self._stack.close()

    def run(self, chunks: Sequence[Chunk]) -> Iterator[Event]:
        """See ``Pool``."""
        running = self._begun()
        try:
            yield from running.events(chunks, self._count)
        finally:
            if not self._keep:
                running.end()
                self._running = None

    def check(self, rows: Sequence[Row]) -> list[Problem]:
        """See ``Pool``."""
        return self._begun().check(rows)

    def _begun(self) -> _Running:
        """What is kept between two calls; its processes end with the block at the latest."""
        if self._running is None:
            self._running = _Running(self._order, self._start, self._folder, self._retries)
            self._stack.callback(self._running.end)
        return self._running


_QUIET = {"DIFFUSERS_VERBOSITY": "error", "TRANSFORMERS_VERBOSITY": "error", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}


class _Running:
    """One job while it is drawn."""

    def __init__(self, order: Order, start: Sequence[str], folder: Path, retries: int) -> None:
        self._order, self._start, self._folder, self._retries = order, start, folder, retries
        self._waiting: deque[Chunk] = deque()
        self._workers: list[_Worker] = []
        self._selector = selectors.DefaultSelector()
        self._failed_to_load = 0
        self._events: deque[Event] = deque()
        self._problems: list[Problem] | None = None

    def check(self, rows: Sequence[Row]) -> list[Problem]:
        """Have a worker read these rows, which then draws the first of them."""
        self._begin(0)
        worker = self._workers[0]
        worker.send({"check": [row_out(row) for row in rows]})
        while self._problems is None:
            for _ in self._selector.select(_PAUSE):
                self._hear(worker)
            if not self._workers:
                raise GremioError("the worker that checked the rows ended", next_step="Fewer rows need less memory.")
        return self._problems

    def events(self, chunks: Sequence[Chunk], count: int | None) -> Iterator[Event]:
        """Until nothing is left to draw."""
        self._waiting.extend(chunks)
        self._undecided = count is None
        for number in range(len(self._workers), min(count or 1, len(self._waiting))):
            self._begin(number)
        for worker in self._workers:
            self._feed(worker)
        while self._waiting or any(worker.in_hand for worker in self._workers):
            for key, _ in self._selector.select(_PAUSE):
                self._hear(key.data)
            while self._events:
                yield self._events.popleft()

    def end(self) -> None:
        """End them all; those that have nothing to do end by themselves."""
        calm = _CALM if not any(worker.in_hand for worker in self._workers) else 0.0
        for worker in self._workers:
            if worker.connection is not None:
                with suppress(OSError):
                    worker.connection.shutdown(socket.SHUT_WR)
        for worker in self._workers:
            worker.end(calm)
        self._workers.clear()
        self._selector.close()

    def _begin(self, number: int) -> None:
        worker = _Worker(self._start, self._order, number, self._folder)
        if worker.connection is None:
            self._failed_to_load += 1
            if self._failed_to_load >= _TRIES_TO_LOAD:
                raise _never_loaded(worker)
            worker.end()
            self._begin(number)
            return
        self._workers.append(worker)
        self._selector.register(worker.connection, selectors.EVENT_READ, worker)

    def _hear(self, worker: _Worker) -> None:
        said = worker.received()
        if said is None:
            self._replace(worker)
            return
        for message in said:
            for kind, told in message.items():
                getattr(self, f"_on_{kind}")(worker, told)
        self._feed(worker)

    def _feed(self, worker: _Worker) -> None:
        while worker.ready and self._waiting and len(worker.in_hand) < self._ahead():
            chunk = self._waiting.popleft()
            worker.in_hand.append(_InHand(chunk, set(chunk.wanted)))
            worker.send({"rows": [row_out(row) for row in chunk.rows], "wanted": sorted(chunk.wanted)})

    def _ahead(self) -> int:
        """Near the end nobody hoards what another could draw."""
        return _AHEAD if len(self._waiting) > len(self._workers) else 1

    def _on_ready(self, worker: _Worker, told: Mapping[str, Any]) -> None:
        worker.ready = True
        self._devices = int(told["devices"])
        self._events.append(Ready(str(told["device"]).partition(":")[0], len(self._workers)))

    def _on_made(self, worker: _Worker, told: Mapping[str, Any]) -> None:
        made = Made.of(told)
        in_hand = worker.in_hand[0]
        in_hand.left.discard(made.row)
        attempt = in_hand.chunk.attempt
        if made.error and made.passing and attempt < self._retries:
            row = next(row for row in in_hand.chunk.rows if row.id == made.row)
            self._waiting.append(Chunk(in_hand.chunk.number, (row,), frozenset({row.id}), attempt + 1))
            self._events.append(Note(f"{made.row}: {made.error}; it is tried again"))
        else:
            self._events.append(made)

    def _on_problems(self, worker: _Worker, told: Sequence[tuple[str, str]]) -> None:
        self._problems = [Problem(*each) for each in told]

    def _on_note(self, worker: _Worker, told: str) -> None:
        self._events.append(Note(told))

    def _on_done(self, worker: _Worker, told: Mapping[str, Any]) -> None:
        worker.in_hand.popleft()
        if self._undecided:
            self._undecided = False
            more = _room_for(self._devices, int(told["megabytes"])) - 1
            for number in range(1, 1 + min(more, len(self._waiting))):
                self._begin(number)

    def _on_refused(self, worker: _Worker, told: Mapping[str, str]) -> None:
        raise rebuilt(told)

    def _replace(self, worker: _Worker) -> None:
        """One that has ended, by another; what it was at goes back to the front."""
        assert worker.connection is not None
        self._selector.unregister(worker.connection)
        self._workers.remove(worker)
        why = worker.how_it_ended()
        if not worker.ready:
            self._failed_to_load += 1
            if self._failed_to_load >= _TRIES_TO_LOAD:
                raise _never_loaded(worker)
        hands = [each for each in worker.in_hand if each.left]
        worker.end()
        for position, each in reversed(list(enumerate(hands))):
            # It was at the first of them; the others it had not begun.
            self._again(each, why if position == 0 else "")
        if self._waiting:
            self._begin(worker.number)

    def _again(self, in_hand: _InHand, why: str) -> None:
        chunk = replace(in_hand.chunk, wanted=frozenset(in_hand.left))
        if not why:
            self._waiting.appendleft(chunk)
        elif chunk.attempt >= self._retries and len(chunk.rows) == 1:
            self._events.append(Lost(tuple(sorted(in_hand.left)), f"{why}, {chunk.attempt + 1} times"))
        elif len(chunk.rows) == 1:
            self._events.append(Note(f"{chunk.rows[0].id}: {why}; it is tried again"))
            self._waiting.appendleft(replace(chunk, attempt=chunk.attempt + 1))
        else:
            half = (len(chunk.rows) + 1) // 2
            self._events.append(Note(f"{len(chunk.rows)} rows at once: {why}; going on with {half}"))
            for rows in (chunk.rows[half:], chunk.rows[:half]):
                wanted = chunk.wanted & {row.id for row in rows}
                if wanted:
                    self._waiting.appendleft(Chunk(chunk.number, rows, wanted))


def _never_loaded(worker: _Worker) -> GremioError:
    return GremioError(
        f"no worker could load the pipeline: {worker.how_it_ended()}",
        next_step="`gremio run` with the same pipeline shows more; fewer --workers need less memory.",
    )


def _room_for(devices: int, megabytes: int) -> int:
    """How many workers: one for each GPU, else one for each core as far as memory goes."""
    if devices:
        return devices
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    free = _free_megabytes()
    return cores if free is None else max(1, min(cores, 1 + free // max(megabytes, 1)))


def _free_megabytes() -> int | None:
    with suppress(OSError, ValueError), Path("/proc/meminfo").open() as lines:
        return next(int(line.split()[1]) // 1024 for line in lines if line.startswith("MemAvailable"))
    return None


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
