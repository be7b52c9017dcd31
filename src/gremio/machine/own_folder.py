"""A folder of one running process, which goes with it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def own_folder(home: Path) -> Iterator[Path]:
    """A folder below ``home`` of this process alone; those of processes that are gone are removed."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in home.iterdir():
        _remove_if_left(left)
    root = home / secrets.token_hex(16)
    root.mkdir(mode=0o700)
    lock = FileLock(root / ".lock")
    lock.acquire(timeout=0)
    try:
        yield root
    finally:
        lock.release()
        shutil.rmtree(root, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    if not folder.is_dir():
        return
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)
