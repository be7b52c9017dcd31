"""Who is drawn next, by whom; what was made is kept for a while and in bounds."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from mimetypes import guess_type
from pathlib import Path
from typing import Any, Protocol

from gremio.drawing.process import Cancelled, Lost, Stop
from gremio.serving.bodies import Asked
from gremio.serving.jobs import Job, Piece, State
from gremio.serving.limits import Limits
from gremio.serving.metrics import Metrics
from gremio.serving.offered import Offered
from gremio.serving.refusals import Refusal, of

log = logging.getLogger("gremio.serving")

Hear = Callable[[Mapping[str, Any]], None]

_TRIES = 3  # of a job whose process is lost: the same seed makes the same bytes
_SWEEP = 5.0
_MOST_KEPT = 10_000
_LONGEST_WAIT = 60

_STOPPING = Refusal(503, "stopping", "the service is stopping", headers={"Retry-After": "5"})
_CANCELLED = Refusal(409, "cancelled", "the job was cancelled")


class Stops:
    """Says whether nobody wants any of these jobs any more."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs = jobs

    def is_set(self) -> bool:
        """As an event does."""
        return all(job.stopped.is_set() for job in self._jobs)


class Artist(Protocol):
    """Draws one order at a time."""

    async def draw(self, order: Mapping[str, Any], hear: Hear, cancelled: Stop) -> Mapping[str, Any]:
        """What was made; ``hear`` may be called from any thread.

        Raises:
            Cancelled: it was stopped.
            Lost: who drew is gone, and another may draw it again.
            GremioError: it can't be drawn.
        """
        ...

    async def close(self) -> None:
        """Give back what is held."""
        ...


class Line:
    """Jobs in the order in which they came; ``folder`` has one for each."""

    def __init__(self, artists: Sequence[Artist], limits: Limits, folder: Path, metrics: Metrics) -> None:
        self.limits, self.metrics = limits, metrics
        self._artists = artists
        self._folder = folder
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: deque[Job] = deque()
        self._more = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._took: deque[float] = deque(maxlen=20)
        self._drawing: set[str] = set()
        self._coming = 0
        self.stopping = False

    async def open(self) -> None:
        """Begin to draw."""
        self._tasks = [asyncio.create_task(self._work(artist)) for artist in self._artists]
        self._tasks.append(asyncio.create_task(self._sweep()))

    def stop(self) -> None:
        """Take nothing more; what is drawn is finished, what waits is told."""
        self.stopping = True
        while self._waiting:
            self._waiting.popleft().end("cancelled", _STOPPING)

    async def close(self) -> None:
        """Stop at once."""
        self.stop()
        for job in self._jobs.values():
            if not job.over:
                job.stop(_STOPPING)
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task
        for artist in self._artists:
            await artist.close()

    async def put(self, offered: Offered, asked: Asked, *, owner: str = "", suffix: str = "") -> Job:
        """At the end.

        Raises:
            Refusal: too many wait.
        """
        if self.stopping:
            raise _STOPPING
        if len(self._waiting) + self._coming >= self.limits.queue:
            self.metrics.refused()
            raise Refusal(
                429, "busy", f"{len(self._waiting)} calls are waiting already", headers={"Retry-After": str(self.wait)}
            )
        job = Job(offered, asked.call, self._folder, owner, suffix)
        job.folder = self._folder / job.id
        self._coming += 1
        try:
            await asyncio.to_thread(_lay_out, job.folder, asked.pictures)
        finally:
            self._coming -= 1
        self._jobs[job.id] = job
        self._waiting.append(job)
        async with self._more:
            self._more.notify()
        return job

    @property
    def wait(self) -> int:
        """Seconds until there is room, about."""
        each = sum(self._took) / len(self._took) if self._took else 1.0
        return max(1, min(_LONGEST_WAIT, round(each * (len(self._waiting) + 1) / max(len(self._artists), 1))))

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def drawing(self) -> int:
        """How many are drawn."""
        return len(self._drawing)

    @property
    def kept(self) -> int:
        """Bytes of results."""
        return sum(job.size for job in self._jobs.values())

    def before(self, job: Job) -> int:
        """How many come before it."""
        return self._waiting.index(job) if job in self._waiting else 0

    def get(self, number: str, owner: str) -> Job:
        """A job of this owner.

        Raises:
            Refusal: there is none, or not any more.
        """
        job = self._jobs.get(number)
        if job is None or job.owner != owner:
            raise Refusal(404, "no_such_job", "there is no such job, or not any more")
        return job

    def cancel(self, job: Job, why: Refusal = _CANCELLED) -> None:
        """Take it out, or stop it within a step."""
        job.stop(why)
        if job in self._waiting:
            self._waiting.remove(job)
            self.metrics.ended(job.offered.name, "cancelled")
            job.end("cancelled", why)
            _tidy(job.folder, set())

    def forget(self, job: Job) -> None:
        """Remove what it made."""
        if self._jobs.pop(job.id, None) is not None:
            shutil.rmtree(job.folder, ignore_errors=True)

    async def _work(self, artist: Artist) -> None:
        while True:
            async with self._more:
                await self._more.wait_for(lambda: self._waiting)
                jobs = self._next()
            self._drawing.update(job.id for job in jobs)
            try:
                await self._draw(artist, jobs)
            finally:
                self._drawing.difference_update(job.id for job in jobs)

    def _next(self) -> list[Job]:
        """The first that waits, and others that can be one call with it."""
        first = self._waiting.popleft()
        likeness = first.likeness if self.limits.together > 1 else None
        alike = [job for job in self._waiting if likeness and job.likeness == likeness][: self.limits.together - 1]
        for job in alike:
            self._waiting.remove(job)
        return [first, *alike]

    async def _draw(self, artist: Artist, jobs: list[Job]) -> None:
        for job in jobs:
            job.state = "drawing"
            job.tell()
        if len(jobs) > 1:
            try:
                await self._attempt(artist, jobs, tries=1)
                return
            except Exception as error:
                # Whoever fails, or ends the process, fails alone.
                log.warning("%d jobs of %s in one call: %s; now one by one", len(jobs), jobs[0].offered.name, error)
        for job in jobs:
            started = time.monotonic()
            try:
                await self._attempt(artist, [job], tries=_TRIES)
            except Exception as error:
                if not isinstance(error, Cancelled):
                    log.error("job %s of %s failed: %s", job.id, job.offered.name, error)
                await self._end(job, error, started)

    async def _attempt(self, artist: Artist, jobs: list[Job], *, tries: int) -> None:
        """Draw them in one call, and end them.

        Raises:
            Cancelled, GremioError: they could not be drawn like this.
        """
        loop, started = asyncio.get_running_loop(), time.monotonic()
        late = Refusal(504, "too_long", f"it took more than {self.limits.seconds:g} seconds")
        timers = [loop.call_later(self.limits.seconds, job.stop, late) for job in jobs]
        try:
            made = await self._drawn(artist, jobs, tries)
        finally:
            for timer in timers:
                timer.cancel()
        for job, each in zip(jobs, made, strict=True):
            await self._end(job, each, started)

    async def _drawn(self, artist: Artist, jobs: list[Job], tries: int) -> Sequence[Mapping[str, Any]]:
        loop, first = asyncio.get_running_loop(), jobs[0]

        def hear(told: Mapping[str, Any]) -> None:
            for job in jobs:
                loop.call_soon_threadsafe(job.hear, told)

        order = {
            "pipeline": first.offered.name,
            "calls": [job.call.as_dict() for job in jobs],
            "folders": [str(job.folder) for job in jobs],
            "suffix": first.suffix,
            "job": first.id,
        }
        for number in range(1, tries + 1):
            try:
                made: Sequence[Mapping[str, Any]] = (await artist.draw(order, hear, Stops(jobs)))["made"]
            except Lost as error:
                self.metrics.lost()
                log.error("job %s of %s: %s", first.id, first.offered.name, error.message)
                if number == tries:
                    raise
            else:
                return made
        raise AssertionError("it is tried at least once")

    async def _end(self, job: Job, made: Mapping[str, Any] | Exception, started: float) -> None:
        state: State = "done"
        error: Refusal | None = None
        if job.stopped.is_set() or isinstance(made, Cancelled):
            error = job.why or _CANCELLED
            state = "failed" if error.code == "too_long" else "cancelled"
        elif isinstance(made, Exception):
            state, error = "failed", of(made)
        else:
            job.pieces = tuple(_piece(job.folder / each["file"], each["kind"]) for each in made["pieces"])
            job.notes = tuple(made["notes"])
        await asyncio.to_thread(_tidy, job.folder, {piece.path for piece in job.pieces})
        job.seconds = round(time.monotonic() - started, 3)
        self._took.append(job.seconds)
        self.metrics.ended(job.offered.name, state, job.seconds)
        log.info("job %s of %s: %s after %s s", job.id, job.offered.name, state, job.seconds)
        job.end(state, error)

    async def _sweep(self) -> None:
        """Forget what is old, and the oldest where there is too much."""
        while True:
            await asyncio.sleep(min(_SWEEP, self.limits.keep))
            over = [job for job in self._jobs.values() if job.over]
            now = time.monotonic()
            for job in over:
                if now - job.ended > self.limits.keep:
                    self.forget(job)
            self.make_room()

    def make_room(self) -> None:
        """The oldest results go where all of them are too much."""
        size = self.kept
        for job in [job for job in self._jobs.values() if job.over]:
            if size <= self.limits.kept and len(self._jobs) <= _MOST_KEPT:
                return
            size -= job.size
            self.forget(job)


def _lay_out(folder: Path, pictures: Mapping[str, bytes]) -> None:
    folder.mkdir(mode=0o700)
    for name, data in pictures.items():
        (folder / name).write_bytes(data)


def _tidy(folder: Path, kept: set[Path]) -> None:
    """What was sent along, and what a call that failed has left, is needed no more."""
    for path in folder.glob("*"):
        if path not in kept:
            path.unlink(missing_ok=True)


def _piece(path: Path, kind: str) -> Piece:
    media = guess_type(path.name)[0] or "application/octet-stream"
    return Piece(path, kind, media, path.stat().st_size)
