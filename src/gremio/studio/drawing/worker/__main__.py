"""``python -m gremio.studio.drawing.worker``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gremio.drawing.answering import Draw, Tell, answer
from gremio.studio.drawing.order import Order


def _prepared() -> Draw:
    from gremio.studio.drawing.worker.models import Models
    from gremio.studio.drawing.worker.work import drawn

    models = Models()

    def draw(order: dict[str, Any], tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
        return drawn(Order.of(order), models, tell, stopped)

    return draw


if __name__ == "__main__":
    answer(_prepared)
