"""The files of a local folder, without what isn't part of it."""

from __future__ import annotations

import os
from pathlib import Path

MOST_FILES = 1000
MOST_BYTES = 20 * 1024 * 1024
LARGEST_DATA_FILE = 10 * 1024 * 1024

_SKIPPED = {"__pycache__", "node_modules", "site-packages"}


def listed(folder: Path, *, depth: int | None = None) -> list[str]:
    """POSIX paths below ``folder``, sorted; hidden ones, virtual environments and caches left out.

    ``depth`` is how many parts a path may have at most.
    """
    found = []
    for place, folders, files in os.walk(folder):
        here = Path(place)
        folders[:] = [f for f in folders if not f.startswith(".") and f not in _SKIPPED and not _is_venv(here / f)]
        if depth is not None and len(here.relative_to(folder).parts) >= depth - 1:
            folders.clear()
        found += [(here / f).relative_to(folder).as_posix() for f in files if not f.startswith(".")]
    return sorted(found)


def _is_venv(folder: Path) -> bool:
    return (folder / "pyvenv.cfg").exists()
