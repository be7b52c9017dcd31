"""The same job on a cluster. Starting one takes half a minute, so these run where they are asked for.

GREMIO_TEST_RAY=1 .venv/bin/python -m pytest tests/batching/test_on_ray.py
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.batching.conftest import same

from gremio.errors import OptionError

needs_cluster = pytest.mark.skipif(
    not os.environ.get("GREMIO_TEST_RAY"), reason="starts a Ray cluster, which takes half a minute: GREMIO_TEST_RAY=1"
)


@needs_cluster
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_draws_what_one_process_draws(paint, jobs: Callable[..., Path], tmp_path: Path) -> None:
    """The same bytes and the same manifest; a row that ends its process is recorded and ends nothing else."""
    pytest.importorskip("ray")
    file = jobs(*({"prompt": f"fox {n}"} for n in range(6)), {"prompt": "x", "trouble": "exit"})
    here = paint(file, retries=0)
    there = paint(file, out=tmp_path / "there", ray="local", workers=2, retries=0)
    assert same(here) == same(there)
    assert (there.drawn, there.failed) == (6, 1)
    for name in ("000001.png", "000006.png"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "there" / name).read_bytes()


def test_without_ray_it_says_what_to_install(paint, jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """And draws nothing."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OptionError, match=r"gremio\[ray\]"):
        paint(jobs({"prompt": "x"}), ray="local")
