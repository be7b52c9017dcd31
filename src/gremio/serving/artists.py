"""A process of this machine that draws."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from gremio.drawing.process import DrawingProcess, Stop
from gremio.machine.processes import PYTHON
from gremio.serving.line import Hear

log = logging.getLogger("gremio.serving")

PATIENCE = 8.0  # seconds that a pipeline has to stop before its process is ended


class ProcessArtist:
    """One process with all pipelines of a shelf, whose file is ``shelf``; begun again whenever it is lost."""

    def __init__(self, shelf: Path, number: int, *, start: Sequence[str] = PYTHON) -> None:
        def heard(line: str) -> None:
            log.info("worker %d: %s", number, line)

        self._process = DrawingProcess(
            "gremio.serving.worker", str(shelf), str(number), patience=PATIENCE, start=start, heard=heard
        )
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"worker-{number}")

    def info(self) -> Mapping[str, Any]:
        """What its pipelines are, once they are loaded.

        Raises:
            GremioError: one can't be loaded.
        """
        found: Mapping[str, Any] = self._process.draw({"ask": "info"}, lambda told: None, threading.Event(), ref="")
        return found

    async def draw(self, order: Mapping[str, Any], hear: Hear, cancelled: Stop) -> Mapping[str, Any]:
        """See ``Artist``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._thread, lambda: self._process.draw(order, hear, cancelled, ref=order["pipeline"])
        )

    async def close(self) -> None:
        """See ``Artist``."""
        await asyncio.to_thread(self.end)

    def end(self) -> None:
        """End the process, whatever it is at."""
        self._process.close()
        self._thread.shutdown(wait=False, cancel_futures=True)
