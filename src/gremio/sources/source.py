"""The port that every source implements."""

from __future__ import annotations

from typing import Protocol

from gremio.code import CodeTree, PipelineRef
from gremio.machine.settings import Settings
from gremio.sources.access import Access


class Source(Protocol):
    """Turns a ref into a tree of code at an immutable commit."""

    def __init__(self, settings: Settings, access: Access) -> None:
        """Built anew for every call."""

    def fetch(self, ref: PipelineRef, revision: str | None) -> CodeTree:
        """Find the code; errors name the ref and what to do next."""
