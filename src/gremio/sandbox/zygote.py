"""``python -Ps -m gremio.sandbox.zygote``: a process that has imported the libraries, and forks workers when asked.

It holds no foreign code and no secret: its environment is cleared, its stdin is null. The parent speaks to it over
the socket that is its stdout: one JSON object with the descriptors of a worker's channel and of its log asks for a
worker, a number asks to end that one. It answers with ``{"pid": …}`` and, when one ends, ``{"ended": pid,
"status": …}``. When the parent hangs up or dies, all workers and then this process end, and their scratch folders are
removed.
"""

from __future__ import annotations

import ast
import gc
import importlib
import json
import os
import select
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

from gremio.code.libraries.classes import library_method
from gremio.code.mends.mending import mended
from gremio.machine.processes.fork_server import import_libraries
from gremio.sandbox import scratch
from gremio.sandbox.worker import work

_LONGEST = 1 << 20

_OURS = (
    "gremio.loading.modules.finder",
    "gremio.loading.pipelines.facade",
    "gremio.loading.pipelines.from_pipe",
    "gremio.loading.pipelines.placement",
    "gremio.loading.pipelines.renamed_components",
    "gremio.running.calls",
)
"""What every worker needs of Gremio itself, which is not read anew in each."""


class Zygote:
    """Forks for one parent."""

    def __init__(self, parent: socket.socket) -> None:
        self._parent = parent
        self._workers: set[int] = set()
        # Also of those that have ended: the parent removes them, unless it dies, which ends its workers as well.
        self._folders: set[Path] = set()
        self._handles: dict[int, int] = {}  # of a worker, by a descriptor that can be read once it has ended
        self._ready = select.poll()
        self._ready.register(parent, select.POLLIN)

    def serve(self) -> None:
        """Until the parent is gone."""
        try:
            while True:
                ready = [descriptor for descriptor, _ in self._ready.poll()]
                for handle in self._handles.keys() & set(ready):
                    self._reap(handle)
                if self._parent.fileno() in ready and not self._answer():
                    return
        finally:
            for worker in self._workers:
                _kill(worker)
                os.waitpid(worker, 0)
            for folder in self._folders:
                scratch.remove(folder)

    def _answer(self) -> bool:
        """Do one thing that the parent asks; False when it is gone."""
        data, descriptors, _, _ = socket.recv_fds(self._parent, _LONGEST, 2)
        if not data:
            return False
        asked = json.loads(data)
        if isinstance(asked, int):
            if asked in self._workers:
                _kill(asked)
            return True
        worker = os.fork()
        if worker == 0:
            self._parent.close()
            _become_worker(asked, *descriptors)
        for descriptor in descriptors:
            os.close(descriptor)
        self._workers.add(worker)
        self._folders = {folder for folder in self._folders if folder.exists()} | {Path(asked["scratch"])}
        handle = os.pidfd_open(worker)
        self._handles[handle] = worker
        self._ready.register(handle, select.POLLIN)
        self._say({"pid": worker})
        return True

    def _reap(self, handle: int) -> None:
        worker = self._handles.pop(handle)
        self._ready.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(worker, 0)
        self._workers.remove(worker)
        _kill(worker)  # a group that it may have left behind
        self._say({"ended": worker, "status": os.waitstatus_to_exitcode(status)})

    def _say(self, told: dict[str, Any]) -> None:
        with suppress(OSError):
            self._parent.sendall(json.dumps(told).encode())


def _kill(worker: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(worker, signal.SIGKILL)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)


def _become_worker(asked: dict[str, Any], channel: int, log: int) -> None:
    code = 1
    try:
        parent = os.getppid()
        os.setsid()
        work(asked, channel, log, parent)
        code = 0
    except BaseException:
        import traceback

        with suppress(BaseException):
            os.write(log, traceback.format_exc().encode(errors="replace")[-8000:])
    finally:
        os._exit(code)


def main() -> None:
    """Import, then serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = socket.socket(fileno=os.dup(1))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # What an import makes stays: looking for garbage all the while is a seventh of the time.
    gc.disable()
    threads = import_libraries()
    for name in _OURS:
        importlib.import_module(name)
    # As every load does: all that a pipeline inherits from is read, and what mends look for.
    library_method("diffusers.DiffusionPipeline", "")
    mended(ast.Module([], []), b"", "")
    gc.collect()
    gc.freeze()
    gc.enable()
    parent.sendall(json.dumps({"ready": os.getpid(), "threads": threads}).encode())
    Zygote(parent).serve()


if __name__ == "__main__":
    main()
