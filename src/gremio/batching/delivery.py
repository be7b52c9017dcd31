"""Files to their place, then their lines to the manifest, beside the drawing and in that order."""

from __future__ import annotations

import queue
import threading

from gremio.batching.made import Made
from gremio.batching.manifest import NAME, Manifest
from gremio.batching.targets import Target


class Delivery:
    """Takes rows as they are drawn; whatever has come while the last were written is written together."""

    def __init__(self, target: Target, manifest: Manifest) -> None:
        self._target = target
        self._manifest = manifest
        self._queue: queue.SimpleQueue[Made | None] = queue.SimpleQueue()
        self._error: BaseException | None = None
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
            group = [self._queue.get()]
            while not self._queue.empty():
                group.append(self._queue.get())
            more = None not in group
            made = [each for each in group if each is not None]
            if not made or self._error is not None:
                continue
            try:
                self._target.keep([file.file for each in made for file in each.files])
                self._manifest.add(made)
                self._target.publish([NAME])
            except BaseException as error:
                self._error = error
