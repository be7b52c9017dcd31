"""A batch that is killed at any moment, and goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.batching.conftest import PAINTER

RUN = Path(__file__).with_name("run_batch.py")
ROWS = 24


def test_killed_at_random_it_ends_as_if_it_had_not_been(
    paint, jobs: Callable[..., Path], easel: Path, forks: tuple[str, ...], tmp_path: Path
) -> None:
    """The same files and the same manifest but for times, and no row that was recorded is drawn twice."""
    file = jobs(*({"prompt": f"fox {n}", "pause": 0.05} for n in range(ROWS)))
    paint(file, out=tmp_path / "whole")
    told = {
        "jobs": str(file), "pipeline": str(PAINTER), "model": str(easel), "out": str(tmp_path / "out"),
        "seed": 7, "workers": 2, "start": forks, "resume": True,
    }  # fmt: skip
    moments = random.Random(20)
    recorded: list[dict[str, object]] = []
    for _ in range(4):
        _begin_and_kill(told, moments)
        now = _lines(tmp_path / "out")
        assert now[: len(recorded)] == recorded
        recorded = now
    assert 0 < len(recorded) < ROWS + 1
    report = paint(file, resume=True)
    assert report.before >= len(recorded) - 1
    assert _untimed(tmp_path / "out") == _untimed(tmp_path / "whole")
    assert _pictures(tmp_path / "out") == _pictures(tmp_path / "whole")


def _begin_and_kill(told: dict[str, object], moments: random.Random) -> None:
    """Kill it some time after its first line of progress: while it draws, writes or is about to."""
    process = subprocess.Popen([sys.executable, str(RUN), json.dumps(told)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        for _ in range(moments.randrange(4)):
            process.stdout.readline()
        time.sleep(moments.random() * 0.05)
        os.kill(process.pid, signal.SIGKILL)
    process.wait()


def _lines(out: Path) -> list[dict[str, object]]:
    """Whole lines of a manifest."""
    text = (out / "manifest.jsonl").read_text()
    return [json.loads(line) for line in text.split("\n")[:-1]]


def _untimed(out: Path) -> list[dict[str, object]]:
    return [{name: value for name, value in line.items() if name != "seconds"} for line in _lines(out)]


def _pictures(out: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in out.iterdir() if path.suffix == ".png"}
