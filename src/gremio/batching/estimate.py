"""What a job would take, judged by two of its rows."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from gremio.batching.chunks import Chunk
from gremio.batching.events import Lost, Ready
from gremio.batching.jobs.row import refuse
from gremio.batching.made import Made
from gremio.batching.plan import Plan
from gremio.batching.targets import Target
from gremio.batching.workers import Workers
from gremio.errors import BatchError


@dataclass(frozen=True)
class Estimate:
    """``seconds`` are from the start of loading to the end with so many ``workers``, ``bytes`` what all files take.

    ``probes`` are the seconds of the two rows that were drawn; ``free`` is what fits in, None where nobody knows.
    """

    rows: int
    seconds: float
    bytes: int
    workers: int
    probes: tuple[float, ...]
    free: int | None


def estimate(plan: Plan, target: Target, *, workers: int | None) -> Estimate:
    """Draw the first and the middle row, keep nothing, and reckon.

    Raises:
        BatchError: one of the two failed.
        GremioError: the pipeline can't be loaded.
    """
    rows = (plan.rows[0], *([plan.rows[len(plan.rows) // 2]] if len(plan.rows) > 1 else []))
    began = ready = time.monotonic()
    made: list[Made] = []
    with tempfile.TemporaryDirectory(prefix="gremio-batch-") as folder:
        order = plan.order(Path(folder))
        with Workers(order, count=1) as pool:
            if plan.caller is None:
                refuse(pool.check(plan.rows), len(plan.rows), ref=plan.wish.jobs)
            for event in pool.run([Chunk(n, (row,), frozenset({row.id})) for n, row in enumerate(rows)]):
                if isinstance(event, Ready):
                    ready = time.monotonic()
                elif isinstance(event, Made):
                    made.append(event)
                elif isinstance(event, Lost):
                    raise BatchError(event.why, ref=event.rows[0])
    failed = next((each for each in made if each.error), None)
    if failed:
        raise BatchError(f"a probe failed: {failed.error}", ref=failed.row, next_step="See to that row first.")
    probes = tuple(each.seconds for each in made)
    size = sum(file.size for each in made for file in each.files) / len(made)
    count = workers or 1
    seconds = ready - began + len(plan.rows) * sum(probes) / len(probes) / count
    return Estimate(len(plan.rows), seconds, round(size * len(plan.rows)), count, probes, target.free())
