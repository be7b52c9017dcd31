"""What may be executed in this process, and what was relocated when it was."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from gremio.code import Digest
from gremio.review import Relocation
from gremio.settings import Settings
from gremio.trust import ApprovedCode, recall


@dataclass
class Registry:
    """Approved code by digest. One per process."""

    _codes: dict[str, ApprovedCode] = field(default_factory=dict)
    _relocations: dict[str, dict[str, tuple[Relocation, ...]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, code: ApprovedCode) -> None:
        """Let this code be imported in this process."""
        with self._lock:
            self._codes.setdefault(code.digest.hex, code)

    def code(self, digits: str) -> ApprovedCode | None:
        """The code of that digest: added here, or approved before on this machine."""
        with self._lock:
            found = self._codes.get(digits)
        if found is None and Digest.is_digest(digits):
            found = recall(Digest.parse(digits), Settings.from_environment())
            if found is not None:
                self.add(found)
        return found

    def relocated(self, digits: str, path: str, relocations: tuple[Relocation, ...]) -> None:
        """Note what one file's execution relocated."""
        with self._lock:
            self._relocations.setdefault(digits, {})[path] = relocations

    def relocations(self, digits: str) -> tuple[Relocation, ...]:
        """All relocations in the files of a tree that were executed so far."""
        with self._lock:
            by_path = dict(self._relocations.get(digits, {}))
        return tuple(r for path in sorted(by_path) for r in by_path[path])


registry = Registry()
