"""What all tests of publishing share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _diffusers_own_copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """diffusers copies all code into one folder; each test has its own, without what others left there."""
    from diffusers.utils import dynamic_modules_utils

    monkeypatch.setattr(dynamic_modules_utils, "HF_MODULES_CACHE", str(tmp_path / "hf-modules"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    _forget_copies()
    yield
    _forget_copies()


def _forget_copies() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "diffusers_modules"]:
        del sys.modules[name]
