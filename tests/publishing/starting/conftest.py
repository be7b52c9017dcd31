"""Folders to start from, each made once a session: look, don't write."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from gremio.publishing.starting import start


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """``started("pipeline", "flux")``: the folder of what is like that."""
    top = tmp_path_factory.mktemp("started")

    def make(kind: str, like: str | None = None) -> Path:
        name = f"my-{like or kind}"
        if not (top / name).exists():
            start(kind, name, like=like, folder=top / name)
        return top / name

    return make


@pytest.fixture(autouse=True)
def _own_modules(tmp_path, monkeypatch):
    """What plain diffusers copies goes into a folder of the test, as in a trial's own process."""
    monkeypatch.setattr("diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("sys.path", list(sys.path))
