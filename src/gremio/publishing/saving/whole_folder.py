"""A folder that is written whole or not at all, over one that may be there already."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremio.errors import OptionError
from gremio.machine.writing import store_errors
from gremio.publishing.card.recorded_files import recorded_files
from gremio.sources.model import INDEX
from gremio.sources.weights import stale_weights


@contextmanager
def filling(folder: Path) -> Iterator[Path]:
    """An empty folder whose files come to lie in ``folder`` when the block ends well.

    What else lies there stays, except what would spoil the load: code that an earlier save wrote and this one doesn't,
    and weights of the same component and variant in other files.

    Raises:
        OptionError: there is a file of that name.
        StoreError: the disk is full or the place can't be written.
    """
    if folder.exists() and not folder.is_dir():
        raise OptionError(f"{folder} is a file", ref=str(folder), next_step="Name a folder.")
    with store_errors(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        new = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".new-"))
    try:
        yield new
        with store_errors(folder):
            _merge(new, folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _merge(new: Path, folder: Path) -> None:
    new.chmod(0o755)
    if not folder.exists():
        new.rename(folder)
        return
    coming = {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_file()}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    stale = (_recorded(folder) & present) | stale_weights(present, coming)
    for path in sorted(coming):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (new / path).replace(folder / path)
    for path in stale - coming:
        (folder / path).unlink()


def _recorded(folder: Path) -> frozenset[str]:
    """The code that an earlier save wrote."""
    index = folder / INDEX
    return recorded_files(index.read_bytes() if index.is_file() else None)
