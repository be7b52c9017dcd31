"""Commands in processes of their own, with limits, and nothing left of them afterwards."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_LIMITED = Path(__file__).with_name("limited.py")
_LONGEST = 4 * 1024 * 1024  # bytes of output that are looked at, from its end
_PAUSE = 0.02  # seconds between two looks


@dataclass(frozen=True)
class Limits:
    """What one process may use: seconds on the clock, megabytes of memory; None is no limit."""

    seconds: float | None = 600.0
    megabytes: int | None = None


@dataclass(frozen=True)
class Ended:
    """How a process ended: its exit code (a negative signal number), the ends of what it printed, how long it took."""

    code: int
    out: str
    err: str
    timed_out: bool
    seconds: float

    @property
    def how(self) -> str:
        """``exit code 3``, or the name of the signal that ended it."""
        if self.code >= 0:
            return f"exit code {self.code}"
        try:
            return signal.Signals(-self.code).name
        except ValueError:
            return f"signal {-self.code}"

    @property
    def without_report(self) -> str:
        """What to say where it was to print a report and did not."""
        if self.timed_out:
            return f"no result after {self.seconds:.0f} seconds"
        hint = " (the system ends a process so when memory runs out)" if self.how == "SIGKILL" else ""
        last = f": {self.last_line}" if self.last_line else ""
        return f"its process ended with {self.how} and no report{hint}{last}"

    @property
    def last_line(self) -> str:
        """Of its errors, else of its output; of a traceback, the line that names the exception: others are indented."""
        lines = [line for line in (self.err.strip() or self.out).splitlines() if line.strip()]
        named = [line for line in lines if not line[0].isspace()]
        return (named or lines or [""])[-1].strip()[:300]


class Stopped(Exception):
    """The process was ended because ``stop`` was called."""


class Children:
    """Starts processes, possibly from several threads, and can end them all."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = dict(os.environ if environ is None else environ)
        self._stopping = threading.Event()

    def stop(self) -> None:
        """End all that run; whoever waits for one gets ``Stopped``, and no more are started."""
        self._stopping.set()

    def run(
        self,
        command: Sequence[str],
        limits: Limits,
        environ: Mapping[str, str] | None = None,
        *,
        folder: Path | None = None,
    ) -> Ended:
        """Run one to its end or to its limits. It gets a folder for temporary files, removed with what is in it.

        ``folder`` is where it runs, by default where this process does.

        Raises:
            Stopped: before or while it ran, ``stop`` was called.
        """
        with (
            tempfile.TemporaryDirectory(prefix="gremio-process-", ignore_cleanup_errors=True) as scratch,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            if self._stopping.is_set():
                raise Stopped
            started = time.monotonic()
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_LIMITED), str(limits.megabytes or 0), *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                cwd=folder,
                env={**self._environ, **(environ or {}), "TMPDIR": scratch},
                start_new_session=True,
            )
            timed_out = self._watch(process, None if limits.seconds is None else started + limits.seconds)
            seconds = time.monotonic() - started
            return Ended(process.returncode, _tail(out), _tail(err), timed_out, seconds)

    def _watch(self, process: subprocess.Popen[bytes], deadline: float | None) -> bool:
        """Wait; whether it had to be ended because its time was over."""
        timed_out = False
        try:
            while not _over(process):
                timed_out = deadline is not None and time.monotonic() > deadline
                if timed_out:
                    break
                if self._stopping.wait(_PAUSE):
                    raise Stopped
        finally:
            # Its own processes too. The group's number is nobody else's as long as the process was not waited for.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return timed_out


def _over(process: subprocess.Popen[bytes]) -> bool:
    if not hasattr(os, "waitid"):  # macOS before Python 3.13: here it is waited for at once
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _tail(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _LONGEST))
    return file.read().decode("utf-8", "replace")
