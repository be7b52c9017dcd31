"""A stub that stands for trials, and code that tells it what to do."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from tests.files import lay

from gremio.checking.runner import Runner
from gremio.machine.processes import Limits

STUB = (sys.executable, str(Path(__file__).with_name("stub.py")))
MIRROR = "diffusers/community-pipelines-mirror"


@pytest.fixture
def runner() -> Callable[..., Runner]:
    """``runner(seconds=1)``: makes trials with the stub."""

    def make(seconds: float | None = 30, megabytes: int | None = None) -> Runner:
        return Runner(limits=Limits(seconds, megabytes), command=STUB)

    return make


@pytest.fixture
def code(tmp_path: Path) -> Callable[..., Path]:
    """``code({"castle": "runs", "tower": "fails"})``: a folder of files that tell the stub what to do."""

    def write(files: Mapping[str, str], folder: str = "community") -> Path:
        return lay(tmp_path / folder, {f"{name}.py": f"# {what}\n" for name, what in files.items()})

    return write


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """``log()``: the arguments of each trial since the last call."""
    file = tmp_path / "log"
    monkeypatch.setenv("STUB_LOG", str(file))

    def read() -> list[str]:
        lines = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return lines

    return read


@pytest.fixture
def mirror(put) -> Callable[..., str]:
    """``mirror({"main/castle": "runs"})``: commit to the community folder's mirror."""

    def commit(files: Mapping[str, str]) -> str:
        return put(MIRROR, {f"{path}.py": f"# {what}\n" for path, what in files.items()}, repo_type="dataset")

    return commit
