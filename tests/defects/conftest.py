"""What the tests of the known defects share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.defects.painters import MIRROR, Runs, painter

from gremio.localhub import LocalHub


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """``runs()`` lists the modules of painters and components that were executed."""
    monkeypatch.setenv("RUNS", "")
    return Runs(tmp_path / "runs")


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """A text that no other test's code has: code runs once a process, so a count needs code of its own."""
    return tmp_path.name


@pytest.fixture
def mirror(put: Callable[..., str], mark: str) -> str:
    """The mirror of Diffusers' community folder with ``painter`` at main and v0.30.0; the commit."""
    files = {f"{folder}/painter.py": painter(f"{mark} {folder}") for folder in ("main", "v0.30.0")}
    return put(MIRROR, files, repo_type="dataset")


@pytest.fixture
def go_offline(hub: LocalHub) -> Iterator[Callable[[], None]]:
    """Stop the Hub: from here to the end of the test nothing answers at its address."""
    with ExitStack() as afterwards:

        def stop() -> None:
            hub.__exit__(None, None, None)
            afterwards.callback(hub.__enter__)

        yield stop
