"""The files of a local folder, without what isn't part of it, and the links among them that lead out of it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from gremio.errors import UnsafePath

MOST_FILES = 1000
MOST_BYTES = 20 * 1024 * 1024
LARGEST_DATA_FILE = 10 * 1024 * 1024

_SKIPPED = {"__pycache__", "node_modules", "site-packages"}
_BLOB = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def listed(folder: Path, *, depth: int | None = None) -> list[str]:
    """POSIX paths below ``folder``, sorted; hidden ones, virtual environments and caches left out.

    Links to folders are followed where they stay inside. ``depth`` is how many parts a path may have at most.
    """
    found = []
    for place, folders, files in os.walk(folder, followlinks=True):
        here = Path(place)
        folders[:] = [f for f in folders if not f.startswith(".") and f not in _SKIPPED and _is_part(here / f, folder)]
        if depth is not None and len(here.relative_to(folder).parts) >= depth - 1:
            folders.clear()
        found += [
            (here / f).relative_to(folder).as_posix() for f in files if not f.startswith(".") and _is_file(here / f)
        ]
    return sorted(found)


def outside(folder: Path, path: Path) -> Path | None:
    """Where ``path`` really lies, if a link leads out of ``folder``, which is no link itself.

    Files of the Hub's cache are named by their digests and hold nothing else, so links to those are as good as files.
    """
    real = path.resolve()
    blob = _BLOB.fullmatch(real.name) and "blobs" in real.parts[-3:-1]
    return None if blob or real.is_relative_to(folder) else real


def refuse_links(links: Mapping[str, str], ref: str) -> None:
    """What a link brings in from elsewhere is not a part of the folder, and nobody's to publish or to run.

    Raises:
        UnsafePath: there are such links, by their paths with where they lead.
    """
    for path, target in links.items():
        raise UnsafePath(
            f"{path} is a link to {target}, outside of its folder", ref=ref, next_step="Put a copy of the file there."
        )


def _is_file(place: Path) -> bool:
    """Also where a link leads nowhere, which is told when it is read; never a pipe or a device."""
    return place.is_file() or not place.exists()


def _is_part(inner: Path, folder: Path) -> bool:
    if (inner / "pyvenv.cfg").exists():
        return False
    if not inner.is_symlink():
        return True
    above = [place.resolve() for place in inner.parents if place.is_relative_to(folder)]
    return inner.resolve() not in above and outside(folder.resolve(), inner) is None
