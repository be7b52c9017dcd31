"""Writing so that a reader sees all of it or nothing."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from filelock import FileLock

from gremio.errors import StoreError


@contextmanager
def store_errors(path: Path) -> Iterator[None]:
    """Turn what the operating system says into a StoreError that names the place."""
    try:
        yield
    except OSError as error:
        # Without a number it is some library's own error that happens to derive from OSError.
        if error.errno is None or isinstance(error, ConnectionError | TimeoutError):
            raise
        raise _explain(error, path) from error


def _explain(error: OSError, path: Path) -> StoreError:
    if error.errno == errno.ENOSPC:
        return StoreError(
            f"the disk is full; nothing was kept of what was being written to {path}",
            next_step="Free some space, or point GREMIO_HOME at a larger disk.",
        )
    return StoreError(
        f"{path} can't be used: {error.strerror or error}",
        next_step="Check its permissions, or point GREMIO_HOME elsewhere.",
    )


def write_file(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step.

    Raises:
        StoreError: the disk is full or the place can't be written.
    """
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A file that comes to lie at ``path`` when the block ends well, and vanishes when it doesn't.

    Raises:
        StoreError: the disk is full or the place can't be written.
    """
    with store_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                yield file
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


@contextmanager
def building(folder: Path) -> Iterator[Path]:
    """A temporary folder that becomes ``folder`` when the block ends well, and vanishes when it doesn't.

    Raises:
        StoreError: the disk is full or the place can't be written.
    """
    with store_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
        try:
            yield temporary
            # Some file systems have no rights, and a confined process may not change any.
            with suppress(PermissionError):
                temporary.chmod(0o755)
            temporary.rename(folder)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise


def build_once(folder: Path, is_whole: Callable[[], bool], fill: Callable[[Path], None]) -> Path:
    """Fill ``folder`` unless it is whole already; a damaged one is made anew, and one process at a time does it.

    Raises:
        StoreError: the disk is full or the place can't be written.
    """
    if is_whole():
        return folder
    with locked(folder):
        if not is_whole():
            shutil.rmtree(folder, ignore_errors=True)
            with building(folder) as new:
                fill(new)
    return folder


def link(source: Path, target: Path) -> None:
    """Have the file ``source``, a full path, at ``target`` too, without a copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        target.symlink_to(source)
    except (NotImplementedError, PermissionError):
        # Some systems let only administrators make symbolic links.
        os.link(source.resolve(), target)


@contextmanager
def scratch(place: Path) -> Iterator[Path]:
    """A temporary folder below ``place``, gone afterwards. Beside our store, since a system's own may be small.

    Raises:
        StoreError: the disk is full or the place can't be written.
    """
    with store_errors(place):
        place.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True)
    with folder as name:
        yield Path(name)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock that belongs to ``path``, across threads and processes."""
    with store_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path.with_name(f".{path.name}.lock"))
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
