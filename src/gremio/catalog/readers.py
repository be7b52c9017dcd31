"""Code to entries, in several processes where there is much of it: no file needs another to be read."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from gremio.catalog.entry import Entry
from gremio.catalog.reading import Code, read_entry
from gremio.code.syntax.parsing import no_collection
from gremio.machine.processes.limited import die_with_parent

_WORTH_IT = 32  # items
_MOST = 8  # processes


class Readers:
    """Reads code, by itself or with processes of its own."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def read(self, codes: Sequence[Code]) -> list[Entry]:
        """The entries of these, in the same order."""
        if self._pool is not None:
            try:
                return list(self._pool.map(_read, codes))
            except BrokenProcessPool:
                # Something ended a process, such as a system that is short of memory. One alone needs less.
                self._pool = None
        return [_read(code) for code in codes]


@contextmanager
def readers(amount: int) -> Iterator[Readers]:
    """What reads so much code."""
    processes = min(os.cpu_count() or 1, _MOST)
    if amount < _WORTH_IT or processes == 1 or not _may_fork():
        yield Readers(None)
        return
    with ProcessPoolExecutor(processes, get_context("fork"), _begin) as pool:
        try:
            yield Readers(pool)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _may_fork() -> bool:
    """A process that has threads can't safely, nor one of macOS. To start others anew costs as much as ten files do."""
    return sys.platform == "linux" and threading.active_count() == 1


def _begin() -> None:
    """Whoever interrupts means the parent, which ends these; and they end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()


def _read(code: Code) -> Entry:
    with no_collection():
        return read_entry(code.tree, code.about)
