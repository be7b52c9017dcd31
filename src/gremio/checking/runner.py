"""Makes trials, one or many at a time, each in a process of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from gremio.checking.outcomes import report_of
from gremio.checking.request import TrialRequest
from gremio.checking.table import Entry, PlannedTrial, Table
from gremio.checking.trial.report import Report
from gremio.errors import OptionError
from gremio.machine.processes import PYTHON, Children, Limits, forking
from gremio.machine.settings import Settings
from gremio.machine.writing import store_errors
from gremio.sources import Access

_MODULE = "gremio.checking.trial"
_MANY = 4
TRIAL = (*PYTHON, _MODULE)


@dataclass(frozen=True)
class Job:
    """A trial to be made, and what its entry will depend on."""

    planned: PlannedTrial
    request: TrialRequest


class Runner:
    """Starts the trials; ``command`` is what makes one, given the request's arguments."""

    def __init__(
        self, *, limits: Limits, command: Sequence[str] | None = None, environ: Mapping[str, str] | None = None
    ) -> None:
        self._limits = limits
        self._command = tuple(command or TRIAL)
        self._environ = dict(os.environ if environ is None else environ)
        self._children = Children(self._environ)

    def check(self, request: TrialRequest) -> Report:
        """Make one trial. Whatever its process does, there is a report."""
        ended = self._children.run([*self._command, *request.arguments()], self._limits)
        return report_of(request, ended, self._limits)

    def check_all(
        self, jobs: Sequence[Job], *, at_once: int, table: Table, path: Path, done: Callable[[Entry], None]
    ) -> None:
        """Make many, ``at_once`` at a time. Each entry is in the table and in its file as soon as it is there.

        Raises:
            OptionError: the file can't be written.
        """
        with self._quick_command(len(jobs)), ThreadPoolExecutor(at_once) as pool:
            waiting = {pool.submit(self.check, job.request): job for job in jobs}
            try:
                for future in as_completed(waiting):
                    entry = waiting[future].planned.entry(future.result(), _today())
                    table.add(entry)
                    table.save(path)
                    done(entry)
            except BaseException:
                # Leaving the block waits for what runs, so that has to end now.
                self._children.stop()
                pool.shutdown(cancel_futures=True)
                raise

    @contextmanager
    def _quick_command(self, trials: int) -> Iterator[None]:
        """Have many trials forked from one process that has imported everything, where that can be."""
        alone = self._command
        # Another command is not ours to make quicker.
        if alone != (*PYTHON, _MODULE) or trials < _MANY:
            yield
            return
        with forking(self._environ) as start:
            self._command = (*start, _MODULE)
            try:
                yield
            finally:
                self._command = alone


def environment(access: Access, *, threads: int | None = None) -> dict[str, str]:
    """The environment of trials: this process's, with how the Hub is to be reached.

    A token goes this way since a command line can be read by everybody. ``threads`` is taken unless the caller's
    environment says how many.
    """
    found = {**os.environ, "HF_HUB_CACHE": str(access.cache_dir), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    if isinstance(access.token, str):
        found["HF_TOKEN"] = access.token
    if access.local_files_only:
        found["HF_HUB_OFFLINE"] = "1"
    if threads:
        found.setdefault("OMP_NUM_THREADS", str(threads))
    return found


@contextmanager
def sole_writer(path: Path, settings: Settings) -> Iterator[None]:
    """Hold a table's file, so that no other check writes to it meanwhile.

    Raises:
        OptionError: one does.
    """
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    place = settings.home / "locks" / f"{name}.lock"
    with store_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            step = "Wait for it, or name another file with --out."
            raise OptionError(f"another check is writing to {path}", next_step=step) from None
    try:
        yield
    finally:
        lock.release()


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
