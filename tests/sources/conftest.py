"""Fetching code without running it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gremio.code import CodeTree, PipelineRef
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch


@pytest.fixture
def get() -> Callable[..., CodeTree]:
    """``get("owner/repo", revision, token=...)``: the tree of code."""

    def got(ref: Any, revision: str | None = None, **access: Any) -> CodeTree:
        settings = Settings.from_environment()
        return fetch(PipelineRef.parse(ref), revision=revision, access=Access.of(settings, **access), settings=settings)

    return got
