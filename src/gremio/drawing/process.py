"""The parent's side of a process that draws: one order at a time, stopped on demand, begun again where it is lost.

What passes are lines of JSON. To it go ``{"do": "draw", "id": …, "order": …}`` and ``{"do": "cancel", "id": …}``; from
it come ``{"id": …, "event": "told" | "drawn" | "cancelled" | "failed", …}``. ``answering.py`` is the other side.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from queue import Empty, Queue
from typing import Any, Protocol

from gremio.drawing.refusals import rebuilt
from gremio.errors import GremioError
from gremio.machine.processes import PYTHON
from gremio.machine.terminal import plain


class Stop(Protocol):
    """Says whether to stop, as ``threading.Event`` does."""

    def is_set(self) -> bool:
        """Whether to."""
        ...


Hear = Callable[[Mapping[str, Any]], None]

_PATIENCE = 8.0  # seconds that a pipeline which was told to stop has for it, before its process is ended
_PAUSE = 0.1
_LOG_LINES = 200
_LONGEST = 4 << 20  # characters of a message


class Cancelled(Exception):
    """The person who asked for it does not want it any more."""


class Lost(GremioError):
    """The process that was drawing is gone."""


class DrawingProcess:
    """Runs a module that answers orders; ``heard`` gets what it writes to stderr, by line. For one thread at a time."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        patience: float = _PATIENCE,
        start: Sequence[str] = PYTHON,
        heard: Callable[[str], None] | None = None,
    ) -> None:
        self._command = [*start, module, *arguments]
        self._heard = heard
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None
        self._events: Queue[dict[str, Any] | None] = Queue()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._number = 0

    @property
    def log(self) -> str:
        """The last that it wrote to stderr."""
        return "\n".join(self._log)

    def start(self) -> None:
        """Start the process ahead of the first order: it takes seconds to import what draws."""
        if self._process is not None and self._process.poll() is None:
            return
        self._events = Queue()
        process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
        self._process = process
        threading.Thread(target=self._listen, args=(process, self._events), daemon=True).start()
        threading.Thread(target=self._drain, args=(process,), daemon=True).start()

    def draw(self, order: Mapping[str, Any], hear: Hear, cancelled: Stop, *, ref: str) -> dict[str, Any]:
        """What it made of an order; ``hear`` gets what it tells meanwhile, ``cancelled`` stops it within a step.

        Raises:
            Cancelled: it was stopped.
            Lost: the process ended meanwhile.
            GremioError: it could not be drawn.
        """
        self.start()
        self._number += 1
        self._send({"do": "draw", "id": self._number, "order": order})
        for told in self._told(cancelled):
            if told.get("id") != self._number:
                continue
            if told["event"] == "drawn":
                drawn: dict[str, Any] = told["drawn"]
                return drawn
            if told["event"] == "cancelled":
                raise Cancelled
            if told["event"] == "failed":
                raise rebuilt(told)
            hear(told["told"])
        raise self._lost(ref)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(OSError):
            process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            with suppress(OSError, ValueError):
                assert stream is not None
                stream.close()

    def _told(self, cancelled: Stop) -> Iterator[dict[str, Any]]:
        """What the process tells until it is gone; it is ended if it does not stop when it is told to."""
        until: float | None = None
        while True:
            if cancelled.is_set() and until is None:
                until = time.monotonic() + self._patience
                self._send({"do": "cancel", "id": self._number})
            if until is not None and time.monotonic() > until:
                self.close()
                raise Cancelled
            try:
                told = self._events.get(timeout=_PAUSE)
            except Empty:
                continue
            if told is None:
                return
            yield told

    def _send(self, message: Mapping[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        # One that is gone is noticed where its answer is awaited.
        with suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()

    def _listen(self, process: subprocess.Popen[str], events: Queue[dict[str, Any] | None]) -> None:
        assert process.stdout is not None
        with suppress(OSError, ValueError):
            while line := process.stdout.readline(_LONGEST):
                events.put(json.loads(line))
        events.put(None)

    def _drain(self, process: subprocess.Popen[str]) -> None:
        assert process.stderr is not None
        with suppress(OSError, ValueError):
            while line := process.stderr.readline(10_000):
                self._log.append(plain(line.rstrip("\n")))
                if self._heard:
                    self._heard(self._log[-1])

    def _lost(self, ref: str) -> Lost:
        code = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(5)
        self.close()
        last = next((line for line in reversed(self._log) if line.strip()), "")
        how = "out of memory, as a rule" if code == -9 else f"it ended with {code}"
        return Lost(
            f"the process that was drawing is gone: {how}" + (f"; its last words: {last[:300]}" if last else ""),
            ref=ref,
            next_step="The next picture starts another, which loads the model again.",
        )
