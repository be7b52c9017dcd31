"""The side of the process that draws, see ``process.py``."""

from __future__ import annotations

import json
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from queue import Queue
from typing import Any, TextIO

from gremio.drawing.refusals import refusal
from gremio.errors import GremioError
from gremio.machine.processes import stdout_of_report

Tell = Callable[..., None]
Draw = Callable[[dict[str, Any], Tell, Callable[[], bool]], Mapping[str, Any]]
"""From an order, who hears of what happens meanwhile, and who says whether to stop, to what was made."""


class Answering:
    """One order after the other; a second thread hears who wants to stop."""

    def __init__(self, answers: TextIO) -> None:
        self._answers = answers
        self._orders: Queue[dict[str, Any]] = Queue()
        self._stopped: set[int] = set()
        self._writing = threading.Lock()

    def listen(self) -> None:
        """Until the parent is gone; then this process is too, whatever it was at."""
        for line in sys.stdin:
            asked = json.loads(line)
            if asked["do"] == "cancel":
                self._stopped.add(asked["id"])
            else:
                self._orders.put(asked)
        os._exit(0)

    def work(self, draw: Draw) -> None:
        """For ever."""
        from gremio.drawing.watching import Stopped

        while True:
            asked = self._orders.get()
            number = asked["id"]

            def tell(number: int = number, **told: Any) -> None:
                self._say({"id": number, "event": "told", "told": told})

            def stopped(number: int = number) -> bool:
                return number in self._stopped

            try:
                done = draw(asked["order"], tell, stopped)
                self._say({"id": number, "event": "drawn", "drawn": done})
            except Stopped:
                self._say({"id": number, "event": "cancelled"})
            except Exception as error:
                if not isinstance(error, GremioError):
                    traceback.print_exc()
                self._say({"id": number, "event": "failed", **refusal(error)})

    def _say(self, message: Mapping[str, Any]) -> None:
        with self._writing:
            self._answers.write(json.dumps(message) + "\n")
            self._answers.flush()


def answer(prepare: Callable[[], Draw]) -> None:
    """Work until the parent hangs up; ``prepare`` is called once it can be heard."""
    with stdout_of_report() as answers:
        answering = Answering(answers)
        threading.Thread(target=answering.listen, daemon=True).start()
        answering.work(prepare())
