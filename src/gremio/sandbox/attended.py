"""One worker from the parent's side: started, watched, asked one thing at a time, ended when it breaks the rules."""

from __future__ import annotations

import math
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremio.errors import SandboxFailed, SandboxLost
from gremio.machine.terminal import plain
from gremio.sandbox import scratch as scratches
from gremio.sandbox.channel import BadFrame, ChannelClosed, Message, TimedOut
from gremio.sandbox.confinement.places import python_places
from gremio.sandbox.confinement.tiers import LANDLOCK_ABI
from gremio.sandbox.forks import Process, forks
from gremio.sandbox.limits import Limits
from gremio.sandbox.values import BadValue, decode
from gremio.sandbox.watchdog import Allowance, watch

Progress = Callable[[int, int | None], None]
_LOADING = 10  # times the seconds of a call
_MOST_THREADS = 256
_MOST_PROGRESS = 1_000_000  # of one call: a worker that talks without end is ended


@dataclass(frozen=True)
class Listener:
    """Who hears of progress."""

    progress: Progress | None = None
    callback: Callable[[int, float], None] | None = None

    def hear(self, body: Mapping[str, Any]) -> None:
        """Check what the worker says, and hand it on."""
        done, total, step = (_count(body.get(name)) for name in ("done", "total", "step"))
        timestep = body.get("timestep", 0)
        if not _is_number(timestep):
            raise BadFrame("progress that is no number")
        if self.progress and done is not None:
            self.progress(done, total)
        if self.callback and step is not None:
            self.callback(step, float(timestep))


class Attended:
    """A worker that may read some places; ``ref`` is what errors call it. For one thread at a time."""

    def __init__(self, read: Iterable[Path], limits: Limits, ref: str) -> None:
        self._read = tuple(read)
        self._limits = limits
        self._ref = ref
        self._owner = 0
        self._request = 0
        self.process: Process | None = None
        self.scratch: Path | None = None
        self.loaded: set[int] = set()
        """The numbers of the pipelines that are in it; whoever loads them notes them here."""

    @property
    def is_there(self) -> bool:
        """Whether it can be asked."""
        return self.process is not None and self.process.status is None

    def start(self) -> None:
        """A new process in place of what was there.

        Raises:
            SandboxLost: none can be had.
        """
        self.end("replaced")
        self.scratch, self._owner, self.loaded = scratches.make(), os.getpid(), set()
        self.process = process = forks.fork(self._order_of_process(self.scratch))
        allowed = Allowance(self._limits.megabytes, _MOST_THREADS, self._limits.scratch_megabytes)
        arguments = (process.pid, self.scratch, allowed, process.ended, lambda why: forks.kill(process, why))
        threading.Thread(target=watch, args=arguments, daemon=True).start()

    def _order_of_process(self, scratch: Path) -> dict[str, Any]:
        limits = self._limits
        read = [*python_places(limits.device), *self._read]
        places = {"read": list(map(str, read)), "write": [str(scratch)]}
        found: dict[str, Any] = {
            "bounds": {
                **places,
                "megabytes": limits.megabytes,
                "file_megabytes": limits.scratch_megabytes,
                "device": "cuda" if limits.device.startswith("cuda") else "cpu",
                "landlock_abi": LANDLOCK_ABI[limits.tier],
            },
            "scratch": str(scratch),
            "environment": _environment(scratch),
        }
        return found | ({"threads": limits.threads} if limits.threads else {})

    def ask(self, kind: str, body: Mapping[str, Any], blobs: Any = (), listener: Listener | None = None) -> Any:
        """The value that it answers with.

        Raises:
            SandboxFailed: the code raised.
            SandboxLost: it ended, hung, took too much or broke the rules.
        """
        process = self.process
        assert process is not None
        # Not to be guessed: what is sent before it was asked for is no answer.
        self._request = secrets.randbits(62)
        seconds = self._limits.seconds
        if seconds is not None and kind in ("load", "share", "cast"):
            seconds *= _LOADING
        deadline = None if seconds is None else time.monotonic() + seconds
        try:
            process.channel.send(Message(kind, self._request, body, blobs), deadline=deadline)
            answer = self._answer(process, listener or Listener(), deadline)
            value = decode(answer.body.get("value"), answer.blobs) if answer.kind == "done" else None
        except ChannelClosed:
            process.ended.wait(2)
            raise self._lost(process, _ending(process)) from None
        except TimedOut:
            raise self._lost(process, f"it took more than {seconds:g} seconds") from None
        except (BadFrame, BadValue) as error:
            raise self._lost(process, f"it sent what no worker sends: {error}") from None
        except BaseException:
            # Whoever interrupts a call would get its answer in the next one.
            self.end("interrupted")
            raise
        if answer.kind == "failed":
            raise _failed(answer, self._ref)
        return value

    def _answer(self, process: Process, listener: Listener, deadline: float | None) -> Message:
        for _ in range(_MOST_PROGRESS):
            message = process.channel.receive(deadline=deadline)
            if message.id != self._request:
                raise BadFrame("an answer that nobody asked for")
            if message.kind in ("done", "failed"):
                return message
            if message.kind != "progress" or message.blobs:
                raise BadFrame(f"a message of kind {message.kind[:40]!r}")
            listener.hear(message.body)
        raise BadFrame("progress without end")

    def _lost(self, process: Process, why: str) -> SandboxLost:
        self.end(why)
        return SandboxLost(
            f"its process is gone and this call is lost: {process.why if process.why else why}",
            log=process.log,
            ref=self._ref,
            next_step="The next call starts a new one. What it printed is the error's `log`; `gremio -v run` shows it.",
        )

    def kill(self, why: str) -> None:
        """Have its process ended; for any thread. What was asked is lost, and the thread that asked clears away."""
        process = self.process
        if process is not None:
            forks.kill(process, why)

    def end(self, why: str) -> None:
        """End its process, if there is one, and remove its scratch folder."""
        if self.process is not None:
            forks.end(self.process, why)
            self.process = None
        if self.scratch is not None and self._owner == os.getpid():
            scratches.remove(self.scratch)
            self.scratch = None


def _count(value: object) -> int | None:
    if value is None or (isinstance(value, int) and _is_number(value) and value >= 0):
        return value
    raise BadFrame("progress that is no number of steps")


def _is_number(value: object) -> bool:
    """One that can be shown and reckoned with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) if isinstance(value, float) else abs(value) < 2**63


def _failed(answer: Message, ref: str) -> SandboxFailed:
    kind, text, trace = (plain(str(answer.body.get(name))[:20_000]) for name in ("error", "text", "traceback"))
    return SandboxFailed(
        f"the code in the sandbox raised {kind}: {text}",
        kind=kind,
        traceback=trace,
        ref=ref,
        next_step="The error's `traceback` has the line; `gremio -v run …` shows it.",
    )


def _ending(process: Process) -> str:
    if process.why:
        return process.why
    if process.status is None:
        return "it hung up"
    return f"it was ended by signal {-process.status}" if process.status < 0 else f"it exited with {process.status}"


def _environment(scratch: Path) -> dict[str, str]:
    place = str(scratch)
    own = dict.fromkeys(("HOME", "TMPDIR", "HF_HOME", "GREMIO_HOME", "HF_MODULES_CACHE", "XDG_CACHE_HOME"), place)
    return own | {
        "HF_HUB_OFFLINE": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "PATH": "/usr/bin:/bin",
        "USER": "sandbox",
    }
