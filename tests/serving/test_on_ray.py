"""The same service with replicas of a cluster. Starting one takes half a minute, so this runs where it is asked for.

GREMIO_TEST_RAY=1 .venv/bin/python -m pytest tests/serving/test_on_ray.py, with gremio[serve,ray]
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest
from tests.serving.conftest import PAINTER

from gremio.drawing.choosing import plainly
from gremio.errors import OptionError
from gremio.serving.bodies import Asked
from gremio.serving.calls import Call
from gremio.serving.choosing import Wish, chosen
from gremio.serving.limits import Limits
from gremio.serving.line import Line
from gremio.serving.metrics import Metrics
from gremio.serving.on_ray import replicas
from gremio.serving.server import offered_of


@pytest.mark.skipif(
    not os.environ.get("GREMIO_TEST_RAY"), reason="starts a Ray cluster, which takes half a minute: GREMIO_TEST_RAY=1"
)
@pytest.mark.filterwarnings("ignore")
def test_replicas_that_are_killed_lose_no_job(easel: Path, tmp_path: Path) -> None:
    """Whoever draws it, a job's file is that of its seed; what raises and what is cancelled ends as it does here."""
    pytest.importorskip("ray.serve")
    shelf = chosen(Wish([str(PAINTER)], str(easel), threads=1), plainly)

    async def serving(line: Line, painter: object) -> None:
        def asked(seed: int, **values: object) -> Asked:
            given = {"prompt": "x", "num_inference_steps": 4, **values}
            return Asked(Call({name: (value, None) for name, value in given.items()}, seed), {})

        await line.open()
        jobs = [await line.put(painter, asked(number % 5, pause=0.3)) for number in range(20)]
        for done in (3, 9):
            await jobs[done].finished()
            os.kill(_replicas()[0], signal.SIGKILL)
        slow = await line.put(painter, asked(1, pause=60.0))
        wrong = await line.put(painter, asked(1, trouble="raise"))
        for job in jobs:
            await job.finished()
            assert job.state == "done"
        while slow.state != "drawing":
            await slow.changed()
        line.cancel(slow)
        await slow.finished()
        await wrong.finished()
        assert (slow.state, wrong.state) == ("cancelled", "failed")
        assert wrong.error is not None
        assert wrong.error.code == "pipeline_failed"
        drawn = [job.pieces[0].path.read_bytes() for job in jobs]
        assert len(set(drawn)) == 5
        assert drawn[:5] == drawn[15:]
        await line.close()

    with replicas(shelf, "local", 2) as (artists, told):
        line = Line(artists, Limits(), tmp_path, Metrics())
        asyncio.run(serving(line, offered_of("painter", told["painter"])))


def _replicas() -> list[int]:
    """Processes that are replicas."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if "ServeReplica:gremio" in (folder / "cmdline").read_text():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_without_ray_it_says_what_to_install(easel: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And serves nothing."""
    monkeypatch.setitem(sys.modules, "ray", None)
    shelf = chosen(Wish([str(PAINTER)], str(easel)), plainly)
    with pytest.raises(OptionError, match=r"gremio\[serve,ray\]"), replicas(shelf, "local", 1):
        pass
