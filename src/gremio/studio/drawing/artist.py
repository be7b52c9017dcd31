"""Who draws: a process that can do what this one can, or a sandbox. One order at a time each."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from gremio.drawing.process import Cancelled, DrawingProcess
from gremio.errors import OptionError
from gremio.running.calls import build, find
from gremio.studio.drawing.order import Drawn, Event, Order
from gremio.studio.drawing.outcome import written

Tell = Callable[[Event], None]


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

    def __init__(self) -> None:
        self._process = DrawingProcess("gremio.studio.drawing.worker")

    def start(self) -> None:
        """Start the process ahead of the first order: it takes seconds to import what draws."""
        self._process.start()

    def draw(self, order: Order, tell: Tell, cancelled: threading.Event) -> Drawn:
        """See ``Artist``."""

        def hear(told: Mapping[str, Any]) -> None:
            tell(Event(**told))

        return Drawn.of(self._process.draw(order.as_dict(), hear, cancelled, ref=order.ref))

    def close(self) -> None:
        """End the process."""
        self._process.close()


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


def preview_of(order: Order, event: Event) -> Path | None:
    """Where a preview lies, if that is where previews are."""
    path = Path(order.folder, event.file).resolve()
    return path if event.file and path.parent == Path(order.folder).resolve() else None
