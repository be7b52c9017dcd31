"""``python -m gremio.studio.drawing.worker``."""

from __future__ import annotations

import json
import os
import sys
import threading
from queue import Queue
from typing import Any, TextIO

from gremio.errors import GremioError
from gremio.machine.processes import stdout_of_report
from gremio.studio.drawing.order import Order


class Worker:
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

    def work(self) -> None:
        """For ever."""
        from gremio.studio.drawing.worker.models import Models
        from gremio.studio.drawing.worker.steps import Stopped
        from gremio.studio.drawing.worker.work import drawn

        models = Models()
        while True:
            asked = self._orders.get()
            number = asked["id"]

            def tell(number: int = number, **told: Any) -> None:
                self._say({"id": number, "event": "told", "told": told})

            def stopped(number: int = number) -> bool:
                return number in self._stopped

            try:
                done = drawn(Order.of(asked["order"]), models, tell, stopped)
                self._say({"id": number, "event": "drawn", "drawn": done})
            except Stopped:
                self._say({"id": number, "event": "cancelled"})
            except GremioError as error:
                self._say({"id": number, "event": "failed", **_told(error)})

    def _say(self, message: dict[str, Any]) -> None:
        with self._writing:
            self._answers.write(json.dumps(message) + "\n")
            self._answers.flush()


def _told(error: GremioError) -> dict[str, str]:
    return {"kind": type(error).__name__, "message": error.message, "ref": error.ref, "next_step": error.next_step}


def main() -> None:
    """Work until the parent hangs up."""
    with stdout_of_report() as answers:
        worker = Worker(answers)
        threading.Thread(target=worker.listen, daemon=True).start()
        worker.work()


if __name__ == "__main__":
    main()
