"""The folder that a worker may write into: how much lies there, and how it is removed, whatever was made in it."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from itertools import count
from pathlib import Path

from gremio.machine.settings import Settings

_LEAST = 4096  # bytes that an entry counts for, since a file of none takes room as well
_DEEPEST = 64  # folders in folders


def make() -> Path:
    """A new one, for this user alone."""
    home = Settings.from_environment().home / "scratch"
    home.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=home, prefix="sandbox-"))


def size(folder: Path, most: int) -> int:
    """Bytes on disk below a folder, or more than ``most`` as soon as there are more; no link is followed.

    Whoever writes there goes on meanwhile: folders are entered from the one above them, never by a path.

    Raises:
        OSError: it can't be looked through, or is nested too deeply.
    """
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return 0
    return _below(opened, most, _DEEPEST)


def _below(folder: int, most: int, depth: int) -> int:
    """Of an open folder, which is closed."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                total += _entry(folder, entry, most - total, depth)
                if total > most:
                    break
    finally:
        os.close(folder)
    return total


def _entry(folder: int, entry: os.DirEntry[str], most: int, depth: int) -> int:
    try:
        told = entry.stat(follow_symlinks=False)
        found = max(told.st_blocks * 512, _LEAST)
        if not stat.S_ISDIR(told.st_mode):
            return found
        if not depth:
            raise OSError("folders in folders without end")
        inner = os.open(entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
    except (FileNotFoundError, NotADirectoryError):
        return 0  # gone, or another thing by now
    return found + _below(inner, most, depth - 1)


def remove(folder: Path) -> None:
    """Remove a folder into which nobody writes any more; one whose path is longer than the system takes, too."""
    numbers, waiting = count(), [folder]
    while waiting:
        place = waiting.pop()
        with suppress(OSError):
            with os.scandir(place) as entries:
                found = list(entries)
            for entry in found:
                with suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        # Up beside the first, so that no path grows.
                        lifted = folder.with_name(f"{folder.name}.{next(numbers)}")
                        Path(entry.path).rename(lifted)
                        waiting.append(lifted)
                    else:
                        Path(entry.path).unlink()
            place.rmdir()
