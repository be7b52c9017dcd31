"""Where a job's files go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from gremio.errors import OptionError
from gremio.machine.paths import expanded


class Target(Protocol):
    """A place for files, by their names in it.

    ``folder`` is where files are written first, the manifest among them; ``name`` is what the person called the place;
    ``pause`` is how many seconds files may wait for others, where each time costs.
    """

    folder: Path
    name: str
    pause: float

    def open(self) -> None:
        """Have the manifest that the place has, if it has one, in the folder."""
        ...

    def sizes(self) -> dict[str, int]:
        """The files that are there, in bytes."""
        ...

    def keep(self, names: Collection[str]) -> None:
        """Have these files there for good; afterwards the manifest may name them.

        Raises:
            OSError, GremioError: they can't be written there.
        """
        ...

    def publish(self, names: Collection[str]) -> None:
        """Have these there as well, which change while a job runs."""
        ...

    def free(self) -> int | None:
        """Bytes that fit in, where that is known."""
        ...


class FolderTarget:
    """A folder on this machine."""

    pause = 0.0

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name

    def open(self) -> None:
        """What lies there lies there."""

    def sizes(self) -> dict[str, int]:
        """One look at the folder."""
        if not self.folder.is_dir():
            return {}
        with os.scandir(self.folder) as found:
            return {each.name: each.stat().st_size for each in found if each.is_file()}

    def keep(self, names: Collection[str]) -> None:
        """On the disk, with their names."""
        for name in names:
            _sync(self.folder / name)
        _sync(self.folder)

    def publish(self, names: Collection[str]) -> None:
        """They are there."""

    def free(self) -> int | None:
        """Of its disk, or of that on which it would be made."""
        there = next(each for each in (self.folder, *self.folder.absolute().parents) if each.exists())
        return shutil.disk_usage(there).free


def target_of(out: str | os.PathLike[str]) -> Target:
    """The place that ``-o`` names: a folder, or a URL of anything that fsspec writes to.

    Raises:
        OptionError: it is neither.
    """
    text = os.fspath(out)
    if "://" in text:
        from gremio.batching.remote import RemoteTarget

        return RemoteTarget.of(text)
    folder = expanded(text).absolute()
    try:
        is_other = folder.exists() and not folder.is_dir()
    except OSError as error:
        # Such as a name that is too long for one.
        raise OptionError(
            f"files can't go there: {error.strerror}", ref=text, next_step="Choose another -o."
        ) from error
    if is_other:
        raise OptionError("this is a file, and a batch needs a folder", ref=text, next_step="Choose another -o.")
    return FolderTarget(folder, text)


def clean(folder: Path) -> None:
    """Remove what was being written when a process ended."""
    for left in folder.glob(".gremio-*"):
        left.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
