"""A process that draws: ``python -m gremio.batching.worker SOCKET``.

It connects, and gets lines of JSON: first ``{"order": …, "number": …}``, then ``{"rows": […], "wanted": […]}`` again
and again, or ``{"check": […]}``. It answers with lines: ``{"ready": …}`` once it has loaded, ``{"made": …}`` for each
row, ``{"note": …}``, ``{"done": …}`` after the last of those rows, ``{"problems": […]}``, and ``{"refused": …}`` where
it can't go on. When the parent hangs up, it ends.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Callable, Mapping
from typing import Any

from gremio.batching.calls import problems
from gremio.batching.drawing import Drawer
from gremio.batching.order import Order, row_in
from gremio.drawing.quiet import silence
from gremio.drawing.refusals import refusal

Tell = Callable[[Mapping[str, Any]], None]


def serve(lines: Any, tell: Tell) -> None:
    """Load what the first line orders, then draw until there are no more lines."""
    told = json.loads(next(lines))
    drawer = Drawer(Order.loads(told["order"]), told["number"])
    # What is loaded stays: nobody need look through it for what may go.
    gc.collect()
    gc.freeze()
    tell({"ready": {"device": drawer.device, "devices": drawer.devices, "pid": os.getpid()}})
    for line in lines:
        asked = json.loads(line)
        rows = [row_in(each) for each in asked.get("rows") or asked["check"]]
        if "check" in asked:
            tell({"problems": [[each.place, each.what] for each in problems(drawer.caller, rows)]})
            continue
        for made in drawer.draw(rows, frozenset(asked["wanted"])):
            tell({"made": made.sent()})
        while drawer.notes:
            tell({"note": drawer.notes.pop(0)})
        tell({"done": {"megabytes": _megabytes()}})


def _megabytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (1024 if sys.platform == "linux" else 1024 * 1024)


def main(path: str) -> None:
    """Connect and serve."""
    # Ctrl-C is for the parent, which lets this end what it is at or ends it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    silence()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(path)

        def tell(message: Mapping[str, Any]) -> None:
            connection.sendall(json.dumps(message).encode() + b"\n")

        with connection.makefile("r", encoding="utf-8", newline="\n") as lines:
            try:
                serve(lines, tell)
            except (BrokenPipeError, ConnectionResetError):
                pass
            except Exception as error:
                tell({"refused": refusal(error)})


if __name__ == "__main__":
    main(sys.argv[1])
