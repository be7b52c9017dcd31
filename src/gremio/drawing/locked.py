"""What a process is told to load, as data, and the loading of it. Nothing but what the lock says is loaded."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.workspace import LockEntry
from gremio.workspace.lockfile import format_lock, parse
from gremio.workspace.project import Project

_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory")


@dataclass(frozen=True, kw_only=True)
class Locked:
    """``lock`` is the text of a lock with one entry, ``project`` the folder that local paths in it begin at.

    ``typed`` is what the person named the pipeline; ``options`` are arguments of the load; ``device`` is empty for the
    best there is; ``threads`` are torch's, as many as it takes by itself where it is None.
    """

    lock: str
    project: str
    typed: str
    options: Mapping[str, Any] = field(default_factory=dict)
    dtype: str | None = None
    device: str | None = None
    threads: int | None = None
    sandbox: bool = False

    @property
    def entry(self) -> LockEntry:
        """What is to be loaded."""
        return next(iter(parse(self.lock, ref=self.typed).values()))

    def at(self) -> Project:
        """The project that the entry is of, here."""
        settings = Settings.from_environment()
        reach = Access.of(settings, cache_dir=self.options.get("cache_dir"), local_files_only=True)
        return Project(Path(self.project), settings, reach)


def lock_text(entry: LockEntry) -> str:
    """The entry, for an order."""
    return format_lock([entry])


def load(locked: Locked, device: str) -> Any:
    """The pipeline, a ``Sandbox`` where it is to be confined. Loads torch where it isn't."""
    options = _options(locked)
    if locked.sandbox:
        from gremio.workspace.loading import confine

        given = {"dtype": locked.dtype, "threads": locked.threads}
        numbers = {name: value for name, value in given.items() if value}
        return confine(locked.at(), locked.entry, {**options, **numbers, "device": device})
    from gremio.loading.pipelines import DiffusionPipeline
    from gremio.loading.pipelines.from_pretrained import load_resolved
    from gremio.loading.pipelines.options import Placement
    from gremio.workspace.loading import noted, resolve_locked

    placement = Placement.take({"device_map": device, "dtype": locked.dtype})
    resolved = resolve_locked(locked.at(), locked.entry, options)
    return _quiet(noted(load_resolved(DiffusionPipeline, resolved, placement), locked.entry))


def share(locked: Locked, pipeline: Any) -> Any:
    """The class of an entry over the components of a pipeline that is loaded.

    Raises:
        ComponentMissing: that one lacks something.
    """
    from gremio.workspace.loading import share as shared

    return _quiet(shared(locked.at(), locked.entry, pipeline, _options(locked)))


def _options(locked: Locked) -> dict[str, Any]:
    return {name: value for name, value in locked.options.items() if value is not None}


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def device_of(asked: str | None, number: int) -> tuple[str, int]:
    """Where worker ``number`` draws, and how many such places there are: each has a GPU of its own, if there are."""
    import torch

    here = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
    kind = asked or (here.type if here else "cpu")
    if here is None or kind != here.type or kind == "mps":
        return kind, 0 if kind == "cpu" else 1
    devices = torch.accelerator.device_count()
    return f"{kind}:{number % devices}", devices


def seed_all(seed: int) -> None:
    """For pipelines that draw from what all code of a process shares."""
    import numpy as np
    import torch

    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)


def is_memory(error: BaseException) -> bool:
    """Whether memory was short, the machine's or a GPU's."""
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _NO_MEMORY)
    )


def empty_cache() -> None:
    """Give back what a GPU has no need of."""
    import torch

    if torch.accelerator.is_available():
        torch.accelerator.memory.empty_cache()
