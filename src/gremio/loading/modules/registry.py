"""What may be executed in this process, and how it was adapted when it was."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from gremio.code import Digest
from gremio.code.mends import Repair
from gremio.code.review import Relocation
from gremio.machine.settings import Settings
from gremio.trust import ApprovedCode, recall

PACKAGE = "gremio_code"
AS_WRITTEN = "_as_written"


def top_name(digest: Digest, *, mend: bool = True) -> str:
    """The name, below ``gremio_code``, of a tree's package: mended and unmended code are two packages."""
    return digest.hex if mend else f"{digest.hex}{AS_WRITTEN}"


@dataclass(frozen=True)
class Adaptation:
    """What was changed in a file, or in all files of a tree that were executed so far."""

    relocations: tuple[Relocation, ...] = ()
    repairs: tuple[Repair, ...] = ()


@dataclass
class Registry:
    """Approved code by digest, and adaptations by package. One per process."""

    _codes: dict[str, ApprovedCode] = field(default_factory=dict)
    _adapted: dict[str, dict[str, Adaptation]] = field(default_factory=dict)
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

    def adapted(self, top: str, path: str, adaptation: Adaptation) -> None:
        """Note what one file's execution changed."""
        with self._lock:
            self._adapted.setdefault(top, {})[path] = adaptation

    def adaptation(self, top: str) -> Adaptation:
        """Everything that was changed in the files of a package that were executed so far."""
        with self._lock:
            by_path = dict(self._adapted.get(top, {}))
        found = [by_path[path] for path in sorted(by_path)]
        return Adaptation(tuple(r for a in found for r in a.relocations), tuple(r for a in found for r in a.repairs))


registry = Registry()
