"""Who draws: a process that can do what this one can, or a sandbox. One order at a time each."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Protocol

from gremio import errors
from gremio.errors import CodeFailed, GremioError, OptionError
from gremio.machine.terminal import plain
from gremio.running.calls import build, find
from gremio.studio.drawing.order import Drawn, Event, Order
from gremio.studio.drawing.outcome import written

Tell = Callable[[Event], None]

_PATIENCE = 8.0  # seconds that a pipeline which was told to stop has for it, before its process is ended
_PAUSE = 0.1
_LOG_LINES = 200
_LONGEST = 4 << 20  # characters of a message


class Cancelled(Exception):
    """The person who asked for it does not want it any more."""


class Lost(GremioError):
    """The process that was drawing is gone."""


class Artist(Protocol):
    """Draws orders, one after the other."""

    def draw(self, order: Order, tell: Tell, cancelled: threading.Event) -> Drawn:
        """Draw; ``tell`` hears of what happens meanwhile, ``cancelled`` stops it within a step.

        Raises:
            Cancelled: it was stopped.
            GremioError: it could not be drawn.
        """

    def close(self) -> None:
        """Give back what is held."""


class ProcessArtist:
    """Draws in one process, which keeps models loaded and is started again if it is lost."""

    def __init__(self, patience: float = _PATIENCE) -> None:
        self._patience = patience
        self._process: subprocess.Popen[str] | None = None
        self._events: Queue[dict[str, Any] | None] = Queue()
        self._log: deque[str] = deque(maxlen=_LOG_LINES)
        self._number = 0

    def start(self) -> None:
        """Start the process ahead of the first order: it takes seconds to import what draws."""
        if self._process is not None and self._process.poll() is None:
            return
        command = [sys.executable, "-m", "gremio.studio.drawing.worker"]
        self._events = Queue()
        process = subprocess.Popen(
            command,
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

    def draw(self, order: Order, tell: Tell, cancelled: threading.Event) -> Drawn:
        """See ``Artist``."""
        self.start()
        self._number += 1
        self._send({"do": "draw", "id": self._number, "order": order.as_dict()})
        for told in self._told(order, cancelled):
            if told.get("id") != self._number:
                continue
            if told["event"] == "drawn":
                return Drawn.of(told["drawn"])
            if told["event"] == "cancelled":
                raise Cancelled
            if told["event"] == "failed":
                raise rebuilt(told)
            tell(Event(**told["told"]))
        raise self._lost(order)

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

    def _told(self, order: Order, cancelled: threading.Event) -> Iterator[dict[str, Any]]:
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

    def _send(self, message: dict[str, Any]) -> None:
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

    def _lost(self, order: Order) -> Lost:
        code = None
        if self._process is not None:
            with suppress(subprocess.TimeoutExpired):
                code = self._process.wait(5)
        self.close()
        last = next((line for line in reversed(self._log) if line.strip()), "")
        how = "out of memory, as a rule" if code == -9 else f"it ended with {code}"
        return Lost(
            f"the process that was drawing is gone: {how}" + (f"; its last words: {last[:300]}" if last else ""),
            ref=order.ref,
            next_step="The next picture starts another, which loads the model again.",
        )


class SandboxArtist:
    """Draws in a sandbox, one for each pipeline that is drawn with; only the last stays loaded."""

    def __init__(self) -> None:
        self._sandbox: Any = None
        self._key: object = None

    def draw(self, order: Order, tell: Tell, cancelled: threading.Event) -> Drawn:
        """See ``Artist``. Stopping ends the sandbox's process."""
        started = time.monotonic()
        pipeline = self._pipeline(order, tell)
        signature = pipeline.signature
        if signature is None:
            raise OptionError("what this pipeline takes can't be told by reading it", ref=order.ref)

        def step(done: int, total: int | None) -> None:
            if cancelled.is_set():
                raise Cancelled
            tell(Event("step", done=done, total=total or 0))

        name = find(signature, "seed")
        arguments = build(signature, **order.given, seed=None)
        pipeline.seed(order.seed)
        result = pipeline(**arguments, **({name: order.seed} if name else {}), progress=step)
        if cancelled.is_set():
            raise Cancelled
        class_name = str(pipeline.info()["class"])
        pieces, saved = written(result, pipeline.gremio, order, class_name=class_name)
        seconds = time.monotonic() - started
        return Drawn(pieces, saved.notes, class_name, seconds, digest=str(pipeline.gremio.digest or ""))

    def close(self) -> None:
        """End the sandbox."""
        if self._sandbox is not None:
            self._sandbox.close()
        self._sandbox = self._key = None

    def _pipeline(self, order: Order, tell: Tell) -> Any:
        if order.beside is not None:
            raise OptionError(
                "two pipelines are not compared in a sandbox", ref=order.ref, next_step="Turn the sandbox off."
            )
        key = (order.weights, order.code)
        if self._key != key:
            from gremio.sandbox.host import Sandbox

            self.close()
            tell(Event("loading", text=order.weights.model))
            weights = order.weights
            given = {"revision": weights.revision, "variant": weights.variant, "dtype": weights.dtype}
            kwargs = {name: value for name, value in given.items() if value} | order.code.arguments()
            self._sandbox = Sandbox.from_pretrained(weights.model, device=weights.device or "cpu", **kwargs)
            self._key = key
            tell(Event("loaded", text=order.weights.model))
        return self._sandbox


def rebuilt(told: dict[str, Any]) -> GremioError:
    """An error that a worker told."""
    kind = getattr(errors, str(told["kind"]), None)
    if not (isinstance(kind, type) and issubclass(kind, GremioError)):
        kind = CodeFailed
    error = GremioError.__new__(kind, told["message"])
    Exception.__init__(error, told["message"])
    fields = {name: str(told[name]) for name in ("message", "ref", "next_step")}
    error.__dict__.update(fields)
    assert isinstance(error, GremioError)
    return error


def preview_of(order: Order, event: Event) -> Path | None:
    """Where a preview lies, if that is where previews are."""
    path = Path(order.folder, event.file).resolve()
    return path if event.file and path.parent == Path(order.folder).resolve() else None
