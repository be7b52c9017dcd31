"""From an order to files."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from gremio.drawing.state import State
from gremio.drawing.watching import failing
from gremio.running.calls import CallSignature, build, find
from gremio.studio.drawing.order import Order
from gremio.studio.drawing.outcome import written
from gremio.studio.drawing.worker.models import Models, out_of_memory
from gremio.studio.drawing.worker.steps import watched

Tell = Callable[..., None]

_MEMORY = (MemoryError, torch.OutOfMemoryError)


def drawn(order: Order, models: Models, tell: Tell, stopped: Callable[[], bool]) -> dict[str, Any]:
    """Draw an order; the JSON of a ``Drawn``.

    Raises:
        Stopped: ``stopped`` became true meanwhile.
        GremioError: it could not be drawn.
    """
    pipeline, shared = models.get(order, tell)
    started = time.monotonic()
    try:
        result = _called(order, pipeline, tell, stopped)
    except _MEMORY as error:
        # What others hold is let go, and then it either fits or it does not.
        if not models.let_go(order, tell):
            raise out_of_memory(order, error) from error
        result = _called(order, pipeline, tell, stopped)
    name = type(pipeline).__name__
    pieces, saved = written(result, pipeline.gremio, order, class_name=name)
    return {
        "pieces": [asdict(each) for each in pieces],
        "notes": list(saved.notes),
        "class_name": name,
        "seconds": round(time.monotonic() - started, 3),
        "shared": shared,
        "digest": str(pipeline.gremio.digest or ""),
    }


def _called(order: Order, pipeline: Any, tell: Tell, stopped: Callable[[], bool]) -> Any:
    """As ``gremio run`` calls it, and watched: what watches takes no part in what is drawn.

    What the call leaves in components is taken out again: another pipeline may have them too, and the command that is
    shown begins with none of it.
    """
    signature = CallSignature.of(type(pipeline))
    arguments = build(signature, **order.given, seed=order.seed if find(signature, "seed") else None)
    torch.manual_seed(order.seed)
    before = State([*pipeline.components.values(), pipeline])
    step = "What it takes is said beside each field; its review and its source are above."
    try:
        with (
            failing(signature.owner, stopped, through=_MEMORY, ref=order.ref, next_step=step),
            watched(pipeline, signature, order, tell, stopped) as callbacks,
        ):
            return pipeline(**arguments, **callbacks)
    finally:
        before.restore()
