"""One call that was accepted, from then until it is forgotten."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from gremio.serving.calls import Call
from gremio.serving.offered import Offered
from gremio.serving.refusals import Refusal

State = Literal["waiting", "drawing", "done", "failed", "cancelled"]


@dataclass(frozen=True)
class Piece:
    """A file that was made: where it lies, what kind of thing is in it, its media type, how many bytes."""

    path: Path
    kind: str
    media: str
    size: int


@dataclass
class Job:
    """``owner`` is whose key it came with; ``step`` and ``steps`` count, 0 while nobody knows; ``error`` says why there
    are no ``pieces``. Changed by the loop's own thread alone.
    """

    offered: Offered
    call: Call
    folder: Path
    owner: str = ""
    suffix: str = ""
    id: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    state: State = "waiting"
    step: int = 0
    steps: int = 0
    pieces: tuple[Piece, ...] = ()
    notes: tuple[str, ...] = ()
    error: Refusal | None = None
    created: float = field(default_factory=time.time)
    seconds: float = 0.0
    ended: float = 0.0  # on the monotonic clock
    stopped: threading.Event = field(default_factory=threading.Event)
    why: Refusal | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def likeness(self) -> str | None:
        """What jobs that can be one call have in common; None for one that is drawn alone."""
        alike = self.call.likeness(self.offered.signature) if self.offered.together else None
        return alike and f"{self.offered.name} {self.suffix} {alike}"

    @property
    def over(self) -> bool:
        """Whether nothing more happens."""
        return self.state in ("done", "failed", "cancelled")

    @property
    def size(self) -> int:
        """Bytes of what was made."""
        return sum(each.size for each in self.pieces)

    def hear(self, told: Mapping[str, Any]) -> None:
        """Note how far it is."""
        self.step, self.steps = int(told["done"]), int(told["total"])
        self.tell()

    def stop(self, why: Refusal) -> None:
        """Have it end within a step; whoever waits for it is told why."""
        if self.why is None:
            self.why = why
        self.stopped.set()

    def end(self, state: State, error: Refusal | None = None) -> None:
        """Nothing more happens; what was asked for is forgotten but for its seed."""
        self.call = replace(self.call, values={})
        self.state, self.error, self.ended = state, error, time.monotonic()
        self.tell()

    def tell(self) -> None:
        """Wake whoever waits for a change."""
        event, self._changed = self._changed, asyncio.Event()
        event.set()

    async def changed(self) -> None:
        """Until something is other than now."""
        await self._changed.wait()

    async def finished(self) -> None:
        """Until it is over."""
        while not self.over:
            await self.changed()
