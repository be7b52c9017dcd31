"""``gremio.batch``: a file of calls in, a folder of files and a manifest out."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from filelock import FileLock, Timeout

from gremio.batching.chunks import Chunk, chunks
from gremio.batching.delivery import Delivery
from gremio.batching.drawing import is_full
from gremio.batching.estimate import Estimate, estimate
from gremio.batching.events import Event, Lost, Note, Pool, Pools, Ready
from gremio.batching.jobs.row import Row, refuse
from gremio.batching.made import Made
from gremio.batching.manifest import NAME, PARQUET, Manifest, Recorded, require_pyarrow, write_parquet
from gremio.batching.order import Order
from gremio.batching.plan import Plan, Wish, differences, plan
from gremio.batching.progress import Listener, Tally
from gremio.batching.sheet import write_sheets
from gremio.batching.targets import Target, clean, target_of
from gremio.batching.workers import Workers
from gremio.drawing.choosing import plainly
from gremio.errors import BatchError, DiskFull, GremioError, JobDiffers, OptionError, TooManyFailures
from gremio.machine.settings import Settings
from gremio.machine.writing import store_errors

_RESUME = "The same call with resume=True goes on from here."


@dataclass(frozen=True)
class Report:
    """What became of a job: ``drawn`` and ``failed`` rows now, ``before`` were done already.

    ``made`` has all rows in their order; ``index`` is the page to look at, ``notes`` what a person should know.
    """

    out: str
    drawn: int
    failed: int
    before: int
    made: tuple[Made, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    @property
    def failures(self) -> tuple[Made, ...]:
        """The rows that have an error in place of files."""
        return tuple(each for each in self.made if each.error)


@dataclass(frozen=True)
class Ways:
    """How a job is drawn, which changes nothing of what is drawn."""

    workers: int | None = None
    resume: bool = False
    retry_failed: bool = False
    max_failures: int | None = None
    retries: int = 2
    manifest: str = "jsonl"
    ray: str | None = None
    listener: Listener | None = None


def batch(
    jobs: str | os.PathLike[str],
    pipeline: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str],
    model: str | os.PathLike[str] | None = None,
    defaults: Mapping[str, Any] | None = None,
    grid: Sequence[str] = (),
    seed: int | None = None,
    threads: int = 1,
    batch_size: int = 1,
    dtype: str | None = None,
    device: str | None = None,
    format: str | None = None,  # noqa: A002  what files are saved as is their format
    fps: float | None = None,
    sandbox: bool = False,
    project: str = ".",
    workers: int | None = None,
    resume: bool = False,
    retry_failed: bool = False,
    max_failures: int | None = None,
    retries: int = 2,
    manifest: str = "jsonl",
    ray: str | None = None,
    on_progress: Listener | None = None,
    ask: Callable[[Callable[[], Any]], Any] | None = None,
    **load: Any,
) -> Report:
    """Draw every row of a file.

    Args:
        jobs: a CSV, JSON lines or Parquet file, or a folder of pictures. A row is a call, a column an argument of the
            pipeline's ``__call__``, or ``prompt``, ``negative_prompt``, ``seed``, ``steps``, ``count``, ``size``,
            ``image``; ``@file`` reads a file; ``id`` names the row.
        pipeline: as ``custom_pipeline``; a name of the project's lock; or a model that brings its pipeline.
        out: a folder, or a URL that fsspec writes to.
        model: the weights, a repository or a folder.
        defaults: cells for rows that lack them.
        grid: ``steps=10,20``, ``seed=1..4``: every row once for each combination.
        seed: of the job; the seed of a row is made of it and the row's id. Chosen where none is given.
        threads: of torch, in each worker. The last bits of what a processor computes depend on them.
        batch_size: rows in one call, where the pipeline takes lists.
        dtype: ``float16`` and so on. device: ``cuda``, ``cpu``; the best there is if not given.
        format: ``png``, ``jpg``, ``webp``, …; by kind if not given.
        fps: frames per second of films.
        sandbox: draw in processes that can reach nothing.
        project: the folder with ``gremio.lock``.
        workers: processes; one a GPU, else as many as there are cores and memory for, if not given.
        resume: go on with what was begun in ``out``.
        retry_failed: try rows again that failed there.
        max_failures: stop when more rows have failed.
        retries: how often what may pass is tried again: a worker that was killed, memory, files.
        manifest: ``jsonl``, or ``parquet`` for a table beside it at the end.
        ray: an address of a Ray cluster, or ``local``, to draw there.
        on_progress: called with a ``Progress`` now and then.
        ask: called with what may be refused for lack of trust, to ask somebody and call it again.
        **load: arguments of ``from_pretrained``: ``custom_revision``, ``revision``, ``trust_remote_code`` and so on.

    Raises:
        BadRows: some rows are no calls of the pipeline; all are named, and nothing was drawn.
        JobDiffers: another job was begun in ``out``, or it was begun and ``resume`` is not said.
        TooManyFailures, DiskFull: it stopped; what was drawn stays.
        GremioError: the pipeline can't be found, may not run, or can't be loaded.
    """
    wish = Wish(
        str(jobs), str(pipeline), None if model is None else str(model), str(out), dict(defaults or {}), tuple(grid),
        seed, threads, batch_size, dtype, device, format, fps, sandbox, project, load,
    )  # fmt: skip
    ways = Ways(workers, resume, retry_failed, max_failures, retries, manifest, ray, on_progress)
    return draw(wish, ways, ask or plainly)


def estimated(wish: Wish, ways: Ways, ask: Callable[[Callable[[], Any]], Any] | None = None) -> Estimate:
    """What a job would take: all of it checked, two of its rows drawn, nothing kept."""
    planned = plan(wish, ask=ask or plainly)
    return estimate(planned, target_of(wish.out), workers=ways.workers)


def draw(wish: Wish, ways: Ways, ask: Callable[[Callable[[], Any]], Any]) -> Report:
    """See ``batch``."""
    target = target_of(wish.out)
    if ways.manifest == "parquet":
        require_pyarrow()
    with _alone(target):
        target.open()
        manifest = Manifest(target.folder)
        recorded = manifest.read()
        if recorded and not ways.resume:
            raise JobDiffers("a batch was begun there", ref=target.name, next_step=f"{_RESUME} Or choose another -o.")
        planned = plan(wish, ask=ask, seed=recorded.job.get("seed") if recorded else None)
        return _Job(planned, ways, target, manifest, recorded).done()


class _Job:
    """One job, from what is recorded of it to its end."""

    def __init__(
        self, planned: Plan, ways: Ways, target: Target, manifest: Manifest, recorded: Recorded | None
    ) -> None:
        self._plan, self._ways, self._target, self._manifest = planned, ways, target, manifest
        self._job: Mapping[str, Any] = recorded.job if recorded else planned.job
        self._begun = recorded is not None
        self._notes: list[str] = []
        self._made = _still_there(recorded, target, retry_failed=ways.retry_failed) if recorded else {}
        if recorded:
            self._compare(recorded)
        self._before = len(self._made)
        self._tally = Tally(len(planned.rows), self._before, ways.listener)
        self._failed = 0

    def done(self) -> Report:
        """Draw what is not drawn."""
        self._make_folder()
        todo = list(chunks(self._plan.rows, self._plan.wish.batch_size, frozenset(self._made)))
        try:
            if todo:
                self._draw(todo)
            self._finish()
        except BaseException:
            with suppress(OSError, GremioError):
                clean(self._target.folder)
                if self._made:
                    self._target.publish([NAME, *self._sheets()])
            raise
        made = tuple(self._made[row.id] for row in self._plan.rows)
        now = len(self._made) - self._before
        return Report(self._target.name, now - self._failed, self._failed, self._before, made, tuple(self._notes))

    def _compare(self, recorded: Recorded) -> None:
        other = differences(recorded.job, self._plan.job, recorded.made.values(), self._plan)
        if other:
            raise JobDiffers(
                "what was begun there is another job:" + "".join(f"\n  {each}" for each in other),
                differences=other,
                ref=self._target.name,
                next_step="Go on with what it was, or choose another -o.",
            )
        before, now = recorded.job.get("libraries"), self._plan.job["libraries"]
        if before != now:
            self._note(f"begun with {before}, and {now} is installed: pictures may differ in their last bits")

    def _make_folder(self) -> None:
        folder = self._target.folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            clean(folder)
            if self._begun:
                self._manifest.mend()
        except OSError as error:
            reason = error.strerror or str(error)
            raise OptionError(
                f"files can't go there: {reason}", ref=self._target.name, next_step="Choose another -o."
            ) from error

    def _draw(self, todo: list[Chunk]) -> None:
        order = self._plan.order(self._target.folder)
        with _pool(order, self._ways) as pool:
            if self._plan.caller is None:
                refuse(pool.check(self._plan.rows), len(self._plan.rows), ref=self._plan.wish.jobs)
            with self._room_errors():
                self._take(pool, todo)

    def _take(self, pool: Pool, todo: list[Chunk]) -> None:
        events = pool.run(todo)
        delivery = Delivery(self._target, self._manifest)
        try:
            for event in events:
                self._on(event, delivery)
        finally:
            # First the drawing ends, then what was drawn is put away, whatever happened.
            getattr(events, "close", lambda: None)()
            delivery.close()

    def _on(self, event: Event, delivery: Delivery) -> None:
        if isinstance(event, Ready):
            self._begin(event.device)
            self._tally.ready(event.workers)
        elif isinstance(event, Note):
            self._note(event.text)
        elif isinstance(event, Lost):
            for row in self._plan.rows:
                if row.id in event.rows:
                    self._count(self._lost(row, event.why), delivery)
        else:
            self._count(event, delivery)

    def _begin(self, device: str) -> None:
        """The manifest begins when it is known what draws."""
        if self._job.get("on", device) != device:
            told = f"on: {self._job['on']} before, {device} now"
            step = f"--device {self._job['on']} goes on."
            raise JobDiffers(
                f"it was begun elsewhere: {told}", differences=[told], ref=self._target.name, next_step=step
            )
        if not self._begun:
            self._job = {**self._job, "on": device}
            self._manifest.begin(self._job)
            self._begun = True

    def _count(self, made: Made, delivery: Delivery) -> None:
        if made.row in self._made:
            return
        made = replace(made, call=self._plan.prints[made.row])
        delivery.put(made)
        self._made[made.row] = made
        self._failed += bool(made.error)
        self._tally.count(made)
        most = self._ways.max_failures
        if most is not None and self._failed > most:
            raise TooManyFailures(
                f"{self._failed} rows failed, the last with {made.error}",
                ref=made.row,
                next_step=f"{_RESUME} retry_failed=True tries those that failed again.",
            )

    def _lost(self, row: Row, why: str) -> Made:
        caller = self._plan.caller
        seed = caller.seed_of(row) if caller else row.seed(self._plan.seed)
        return Made(row.id, (), seed, self._plan.chosen.code, error=why)

    def _note(self, text: str) -> None:
        self._notes.append(text)
        if hasattr(self, "_tally"):
            self._tally.tell(text)

    @contextmanager
    def _room_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            message, name = error.strerror or str(error), self._target.name
            raise (DiskFull if is_full(error) else BatchError)(
                f"it can't be written to any more: {message}", ref=name, next_step=f"Make room. {_RESUME}"
            ) from error
        except DiskFull as error:
            error.ref, error.next_step = self._target.name, f"Make room. {_RESUME}"
            raise

    def _finish(self) -> None:
        made = [self._made[row.id] for row in self._plan.rows]
        if self._begun:
            with self._room_errors():
                self._manifest.finish(self._job, made)
        names = [NAME, *self._sheets()]
        if self._ways.manifest == "parquet":
            write_parquet(self._target.folder / PARQUET, made)
            names.append(PARQUET)
        with self._room_errors():
            self._target.publish(names)

    def _sheets(self) -> list[str]:
        return write_sheets(self._target.folder, self._plan.rows, self._made, self._job)


def _pool(order: Order, ways: Ways) -> Pools:
    if ways.ray is None:
        return Workers(order, count=ways.workers, retries=ways.retries)
    from gremio.batching.on_ray import OnRay

    return OnRay(order, address=ways.ray, count=ways.workers, retries=ways.retries)


def _still_there(recorded: Recorded, target: Target, *, retry_failed: bool) -> dict[str, Made]:
    """What is recorded and whose files are there, whole."""
    sizes = target.sizes()
    return {
        row: made
        for row, made in recorded.made.items()
        if (made.files and all(sizes.get(each.file) == each.size for each in made.files))
        or (made.error and not retry_failed)
    }


@contextmanager
def _alone(target: Target) -> Iterator[None]:
    """Nobody else on this machine draws there meanwhile."""
    name = hashlib.sha256(os.path.realpath(target.folder).encode()).hexdigest()[:32]
    file = Settings.from_environment().home / "batches" / f"{name}.lock"
    with store_errors(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(file)
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BatchError(
            "another batch is drawing there", ref=target.name, next_step="Wait for it, or choose another -o."
        ) from error
    try:
        yield
    finally:
        lock.release()
