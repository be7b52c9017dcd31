"""Code to entries, in several processes where there is much of it: no file needs another to be read."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context

from gremio.catalog.entry import Entry
from gremio.catalog.reading import Code, read_entry
from gremio.code.syntax.parsing import no_collection
from gremio.machine.processes.limited import die_with_parent

_WORTH_IT = 32  # items
_MOST = 8  # processes
_SHARE = 5  # items that a process reads at a time


class Readers:
    """Reads code, by itself or with processes of its own."""

    def __init__(self, pool: ProcessPoolExecutor | None) -> None:
        self._pool = pool

    def begin(self, codes: Sequence[Code]) -> Callable[[], list[Entry]]:
        """Begin to read, and give what waits for the entries, in the same order."""
        if self._pool is None:
            return lambda: _read(codes)
        shares = [codes[start : start + _SHARE] for start in range(0, len(codes), _SHARE)]
        try:
            read = self._pool.map(_read, shares)
        except BrokenProcessPool:
            read = iter(())
            self._pool = None
        return lambda: self._ended(read, codes)

    def _ended(self, read: Iterator[list[Entry]], codes: Sequence[Code]) -> list[Entry]:
        with suppress(BrokenProcessPool):
            found = [entry for share in read for entry in share]
            if len(found) == len(codes):
                return found
        # Something ended a process, such as a system that is short of memory. One alone needs less.
        self._pool = None
        return _read(codes)


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


def _read(codes: Sequence[Code]) -> list[Entry]:
    # Garbage is looked for between two shares: after every file that takes as long as a fifth of its reading.
    with no_collection():
        return [read_entry(code.tree, code.about) for code in codes]
