"""SHA-256 of files, remembered by which file it is: a model of many gigabytes is hashed once, not at every load."""

from __future__ import annotations

import hashlib
from pathlib import Path

from gremio.machine.records import Records
from gremio.machine.settings import Settings

_KIND = "hashes"


class Hashes:
    """Hashes of files on this machine.

    A file is the same while device, inode, size and both times are: its bytes can't be changed without the last, which
    only the system sets.
    """

    def __init__(self, settings: Settings) -> None:
        self._records = Records(settings.home)

    def of(self, file: Path, *, again: bool = False) -> str:
        """``sha256:`` and 64 digits; ``again`` reads the file whatever is remembered.

        Raises:
            OSError: it can't be read.
        """
        real = file.resolve()
        identity = _identity(real)
        known = None if again else self._records.get(_KIND, str(real))
        if known and known.get("identity") == identity:
            return str(known["sha256"])
        with real.open("rb") as stream:
            found = f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
        # What changed while it was read is not remembered.
        if _identity(real) == identity:
            self._records.put(_KIND, str(real), {"identity": identity, "sha256": found})
        return found


def _identity(file: Path) -> list[int]:
    told = file.stat()
    return [told.st_dev, told.st_ino, told.st_size, told.st_mtime_ns, told.st_ctime_ns]
