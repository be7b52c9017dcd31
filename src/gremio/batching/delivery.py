"""Files to their place, then their lines to the manifest, beside the drawing and in that order."""

from __future__ import annotations

import queue
import threading
import time

from gremio.batching.made import Made
from gremio.batching.manifest import NAME, Manifest
from gremio.batching.targets import Target

_SELDOM = 30.0  # seconds


class Delivery:
    """Takes rows as they are drawn; whatever has come while the last were written is written together."""

    def __init__(self, target: Target, manifest: Manifest) -> None:
        self._target = target
        self._manifest = manifest
        self._queue: queue.SimpleQueue[Made | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
        self._published = 0.0
        self._thread = threading.Thread(target=self._work, name="gremio-delivery", daemon=True)
        self._thread.start()

    def put(self, made: Made) -> None:
        """Have a row delivered.

        Raises:
            OSError, GremioError: one before it could not be.
        """
        self._check()
        self._queue.put(made)

    def close(self) -> None:
        """Deliver what is left.

        Raises:
            OSError, GremioError: it can't be.
        """
        self._queue.put(None)
        self._thread.join()
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _work(self) -> None:
        more = True
        while more:
            group = self._group()
            more = None not in group
            made = [each for each in group if each is not None]
            if not made or self._error is not None:
                continue
            try:
                self._target.keep([file.file for each in made for file in each.files])
                self._manifest.add(made)
                self._publish()
            except BaseException as error:
                self._error = error

    def _publish(self) -> None:
        """The manifest, where it has to travel, now and then; at the end it travels in any case."""
        if time.monotonic() - self._published >= _SELDOM:
            self._target.publish([NAME])
            self._published = time.monotonic()

    def _group(self) -> list[Made | None]:
        """What has come by now, and what comes within the pause that the place wants."""
        group = [self._queue.get()]
        until = time.monotonic() + self._target.pause
        while group[-1] is not None:
            try:
                group.append(self._queue.get(timeout=max(0.0, until - time.monotonic())))
            except queue.Empty:
                break
        return group
