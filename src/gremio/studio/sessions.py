"""What each visitor has made: nobody sees anybody else's. Kept in a folder of this process, which goes with it."""

from __future__ import annotations

import secrets
import shutil
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gremio.studio.drawing.order import Drawn, Order
from gremio.studio.line import Job

_MOST_WORKS = 40  # of one visitor; the oldest goes
_MOST_SESSIONS = 200
_IDLE = 12 * 3600.0  # seconds after which a visitor who does not come back is forgotten


@dataclass
class Work:
    """One press of the button: its folder, the orders (several side by side), their job, what was asked for.

    ``asked`` is what a person reads: label and value; ``inputs`` are files of the folder that went in; ``commands``
    and ``scripts`` draw each order again; a script is empty where lines of Python would not draw the same.
    """

    number: int
    name: str
    folder: Path
    orders: tuple[Order, ...]
    asked: Mapping[str, str]
    inputs: tuple[str, ...]
    commands: tuple[str, ...]
    scripts: tuple[str, ...]
    titles: tuple[str, ...]
    job: Job

    @property
    def drawn(self) -> list[Drawn]:
        """What each order made so far."""
        return self.job.drawn


@dataclass
class Session:
    """One visitor. ``key`` is known to that visitor's browser alone."""

    key: str
    folder: Path
    works: list[Work] = field(default_factory=list)
    uploads: set[str] = field(default_factory=set)
    seen: float = field(default_factory=time.monotonic)
    _next: int = 1

    def begin(self) -> tuple[int, Path]:
        """A number and an empty folder for the next work."""
        number, self._next = self._next, self._next + 1
        folder = self.folder / f"{number}"
        folder.mkdir()
        return number, folder

    def keep(self, work: Work) -> None:
        """Add it; the oldest that is over goes where there are too many."""
        self.works.append(work)
        old = [each for each in self.works if each.job.over]
        for each in old[: max(0, len(self.works) - _MOST_WORKS)]:
            self.works.remove(each)
            shutil.rmtree(each.folder, ignore_errors=True)

    def file(self, number: str, name: str) -> Path | None:
        """A file of this visitor's own works."""
        work = next((each for each in self.works if str(each.number) == number), None)
        path = work.folder / name if work and "/" not in name and name not in ("", ".", "..") else None
        return path if path is not None and path.is_file() and not path.is_symlink() else None


class Sessions:
    """All visitors."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}

    def get(self, key: str | None) -> Session | None:
        """The visitor with this key."""
        with self._lock:
            found = self._sessions.get(key or "")
            if found is not None:
                found.seen = time.monotonic()
            return found

    def begin(self) -> Session:
        """A new visitor; whoever has not been here for long is forgotten."""
        key = secrets.token_urlsafe(32)
        folder = self._folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700, parents=True)
        with self._lock:
            self._forget()
            session = self._sessions[key] = Session(key, folder)
        return session

    def close(self) -> None:
        """Forget everybody."""
        with self._lock:
            self._sessions.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _forget(self) -> None:
        now = time.monotonic()
        by_age = sorted(self._sessions.values(), key=lambda each: each.seen)
        idle = [each for each in by_age if now - each.seen > _IDLE]
        free = [each for each in by_age if all(work.job.over for work in each.works)]
        crowd = free[: max(0, len(self._sessions) - _MOST_SESSIONS + 1)]
        for session in {each.key: each for each in (*idle, *crowd)}.values():
            del self._sessions[session.key]
            shutil.rmtree(session.folder, ignore_errors=True)
