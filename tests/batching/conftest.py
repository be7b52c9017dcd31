"""A batch that costs nearly nothing: a pipeline without weights, workers that are forks of one process."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gremio.batching.batch import Report, batch

PAINTER = Path(__file__).parents[1] / "samples" / "painter.py"


@pytest.fixture
def jobs(tmp_path: Path) -> Callable[..., Path]:
    """``jobs({"prompt": "a fox"}, …)``: a file of these rows; its path."""

    def write(*rows: dict[str, Any], name: str = "jobs.jsonl") -> Path:
        file = tmp_path / name
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return file

    return write


@pytest.fixture
def paint(
    easel: Path, forks: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Report]:
    """``paint(jobs, workers=2)``: draw them into ``tmp_path / "out"`` with the painter, one worker, seed 7."""
    monkeypatch.setattr("gremio.batching.workers.forking", lambda environ: nullcontext(forks))

    def paint(file: Path, **options: Any) -> Report:
        given = {"out": tmp_path / "out", "seed": 7, "workers": 1, "pipeline": PAINTER, **options}
        return batch(file, model=easel, **given)

    return paint


def same(report: Report) -> list[Any]:
    """What two reports of one job have in common: all but the time it took."""
    return [replace(each, seconds=0) for each in report.made]
