"""The parent's side of the zygote: started once, asked for workers, told when they end. Ends with this process."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from gremio.errors import SandboxLost
from gremio.machine.processes import LARGE_PAGES
from gremio.machine.terminal import plain
from gremio.sandbox.channel import Channel

_START = 600.0  # seconds in which the libraries are imported, on a slow machine
_FORK = 30.0
_LOG = 64 * 1024  # bytes of what a worker prints that are kept, the last ones
_MOST_PAYLOAD = 4 << 30  # bytes of one message; no more than the worker may have in memory, either

_KEPT = ("LANG", "LC_ALL", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "TZ")
"""Of the environment: what libraries need to be found and to speak; nothing with a secret in it."""


@dataclass
class Process:
    """One worker: its channel, what it printed last, how it ended."""

    pid: int
    channel: Channel
    status: int | None = None
    why: str = ""
    ended: threading.Event = field(default_factory=threading.Event)
    _log: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def log(self) -> str:
        """What it printed last, with everything that could steer a terminal spelled out."""
        return plain(bytes(self._log).decode("utf-8", "replace"))

    def read_log(self, end: int) -> None:
        """Read until nobody can write there any more."""
        with suppress(OSError), os.fdopen(end, "rb", buffering=0) as stream:
            while piece := stream.read(4096):
                self._log += piece
                del self._log[:-_LOG]


class Forks:
    """One zygote for this process; every method may be called from any thread.

    ``start`` is what runs a module in a process, put before its name.
    """

    start: Sequence[str] = (sys.executable, "-Ps", "-m")

    def __init__(self) -> None:
        self._end: socket.socket | None = None
        self._workers: dict[int, Process] = {}
        self._forget()
        # What a copy of this process holds open would keep the workers alive after this one.
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """What there is belongs to another process, or nothing is there yet."""
        for process in self._workers.values():
            process.channel.close()
            process.status = 0
            process.ended.set()
        if self._end is not None:
            self._end.close()
        self._lock = threading.Lock()
        self._zygote: subprocess.Popen[bytes] | None = None
        self._end = None
        self._workers = {}
        self._answers: list[dict[str, Any]] = []
        self._answered = threading.Condition()
        self._said = b""
        self.threads = 1

    def fork(self, order: Mapping[str, Any]) -> Process:
        """A new worker, which is told ``order``.

        Raises:
            SandboxLost: the zygote does not come up, or is gone.
        """
        with self._lock:
            self._start()
            end = self._end
            assert end is not None
            ours, theirs = socket.socketpair()
            read_log, write_log = os.pipe()
            try:
                asked = json.dumps({"threads": self.threads, **order}).encode()
                with suppress(OSError):  # it is gone, as will be told when it does not answer
                    socket.send_fds(end, [asked], [theirs.fileno(), write_log])
                answer = self._answer("pid", _FORK)
            except BaseException:
                ours.close()
                os.close(read_log)
                self._stop()
                raise
            finally:
                theirs.close()
                os.close(write_log)
            most = min(_MOST_PAYLOAD, int(order["bounds"]["megabytes"]) << 20)
            process = Process(int(answer["pid"]), Channel(ours, most_payload=most))
            self._workers[process.pid] = process
        threading.Thread(target=process.read_log, args=(read_log,), daemon=True).start()
        return process

    def kill(self, process: Process, why: str = "") -> None:
        """Have a worker and whatever it started killed; whoever is asking it notices."""
        process.why = process.why or why
        with self._lock:
            if self._end is not None and process.status is None:
                with suppress(OSError):
                    self._end.sendall(json.dumps(process.pid).encode())

    def end(self, process: Process, why: str = "") -> None:
        """Kill a worker, wait until it is gone and hang up; only for the thread that asks it."""
        self.kill(process, why)
        process.ended.wait(_FORK)
        process.channel.close()

    def stop(self) -> None:
        """End the zygote and with it every worker."""
        with self._lock:
            self._stop()

    def _start(self) -> None:
        if self._zygote is not None and self._zygote.poll() is None:
            return
        self._workers, self._answers = {}, []
        # What is asked one after the other must not run together.
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | _OWN
        self._zygote = subprocess.Popen(
            [*self.start, "gremio.sandbox.zygote"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=theirs.fileno(),
            stderr=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
        )
        theirs.close()
        self._end = ours
        threading.Thread(target=self._listen, args=(ours,), daemon=True).start()
        threading.Thread(target=self._drain, args=(self._zygote,), daemon=True).start()
        self.threads = int(self._answer("ready", _START)["threads"])

    def _drain(self, zygote: subprocess.Popen[bytes]) -> None:
        assert zygote.stderr is not None
        with zygote.stderr as said:
            while piece := said.read(4096):
                self._said = (self._said + piece)[-_LOG:]

    def _stop(self) -> None:
        if self._end is not None:
            # A thread reads from it: closing alone would leave it open.
            with suppress(OSError):
                self._end.shutdown(socket.SHUT_RDWR)
            self._end.close()
        if self._zygote is not None:
            with suppress(subprocess.TimeoutExpired):
                self._zygote.wait(5)
            self._zygote.kill()
            self._zygote.wait()
        self._zygote = self._end = None

    def _answer(self, name: str, seconds: float) -> dict[str, Any]:
        def has() -> bool:
            return any(name in answer or "gone" in answer for answer in self._answers)

        with self._answered:
            if not self._answered.wait_for(has, seconds) or any("gone" in answer for answer in self._answers):
                raise SandboxLost(
                    "the process that workers are forked from did not answer",
                    log=plain(self._said.decode("utf-8", "replace")[-4000:]),
                    next_step="Try again; `gremio doctor` tells what this machine has.",
                )
            found = next(answer for answer in self._answers if name in answer)
            self._answers.remove(found)
            return found

    def _listen(self, end: socket.socket) -> None:
        try:
            while message := end.recv(4096):
                told = json.loads(message)
                if "ended" in told:
                    self._note_end(told["ended"], told["status"])
                else:
                    with self._answered:
                        self._answers.append(told)
                        self._answered.notify_all()
        except (OSError, ValueError):
            pass
        for pid in list(self._workers):
            self._note_end(pid, -9)
        with self._answered:
            self._answers.append({"gone": True})
            self._answered.notify_all()

    def _note_end(self, pid: int, status: int) -> None:
        process = self._workers.pop(pid, None)
        if process is not None:
            process.status = status
            process.ended.set()


_OWN = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "DIFFUSERS_VERBOSITY": "error",
    "TRANSFORMERS_VERBOSITY": "error",
    "HOME": "/nonexistent",
    "PATH": "/usr/bin:/bin",
    "PYTHONDONTWRITEBYTECODE": "1",
    **LARGE_PAGES,
}

forks = Forks()
"""Of this process."""
