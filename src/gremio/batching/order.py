"""What a worker is told once: which pipeline, how its rows are read, where its files go. Plain data, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gremio.batching.jobs.row import Row
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.workspace import LockEntry
from gremio.workspace.lockfile import format_lock, parse
from gremio.workspace.project import Project


@dataclass(frozen=True)
class Order:
    """``lock`` is the text of a lock with one entry, ``project`` the folder that local paths in it begin at.

    ``typed`` is what the person named the pipeline; ``options`` are arguments of the load; ``defaults`` and
    ``defaults_folder`` hold for all rows, as ``seed`` does, the job's; ``folder`` is where files go; ``suffix`` and
    ``fps`` say how they are saved; ``device`` is empty for the best there is; ``threads`` are torch's.
    """

    lock: str
    project: str
    typed: str
    folder: str
    seed: int
    defaults: Mapping[str, Any] = field(default_factory=dict)
    defaults_folder: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    dtype: str | None = None
    device: str | None = None
    threads: int = 1
    fps: float | None = None
    suffix: str = ""
    sandbox: bool = False

    def dumps(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> Order:
        """Read it back."""
        return cls(**json.loads(text))

    @property
    def entry(self) -> LockEntry:
        """What is to be loaded."""
        return next(iter(parse(self.lock, ref="the order of a batch").values()))

    def at(self) -> Project:
        """The project that the entry is of, here."""
        settings = Settings.from_environment()
        reach = Access.of(settings, cache_dir=self.options.get("cache_dir"), local_files_only=True)
        return Project(Path(self.project), settings, reach)


def lock_text(entry: LockEntry) -> str:
    """The entry, for an order."""
    return format_lock([entry])


def row_out(row: Row) -> dict[str, Any]:
    """A row as JSON."""
    return {"id": row.id, "place": row.place, "cells": dict(row.cells), "folder": row.folder}


def row_in(told: Mapping[str, Any]) -> Row:
    """And back."""
    return Row(**told)
