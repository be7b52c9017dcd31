"""What a worker is told once: which pipeline, how its rows are read, where its files go. Plain data, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from gremio.batching.jobs.row import Row
from gremio.drawing.locked import Locked


@dataclass(frozen=True, kw_only=True)
class Order(Locked):
    """What is loaded, and: ``defaults`` and ``defaults_folder`` hold for all rows, as ``seed`` does, the job's;
    ``folder`` is where files go; ``suffix`` and ``fps`` say how they are saved.
    """

    folder: str
    seed: int
    threads: int = 1
    defaults: Mapping[str, Any] = field(default_factory=dict)
    defaults_folder: str = ""
    fps: float | None = None
    suffix: str = ""

    def dumps(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Order:
        """Read it back."""
        return cls(**json.loads(text))


def row_out(row: Row) -> dict[str, Any]:
    """A row as JSON."""
    return {"id": row.id, "place": row.place, "cells": dict(row.cells), "folder": row.folder}


def row_in(told: Mapping[str, Any]) -> Row:
    """And back."""
    return Row(**told)
