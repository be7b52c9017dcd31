"""A publication as a folder, the way whoever downloads it will have it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gremio.machine.settings import Settings
from gremio.machine.writing import scratch, store_errors
from gremio.publishing.publication import Publication


@contextmanager
def materialized(publication: Publication, settings: Settings) -> Iterator[Path]:
    """A folder with the files of a publication, gone afterwards; weights are linked, not copied.

    Raises:
        StoreError: the disk is full or the place can't be written.
    """
    with scratch(settings.home / "publishing") as root:
        with store_errors(root):
            for path, content in publication.files.items():
                _put(root / path, content)
        yield root


def _put(target: Path, content: bytes | Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        target.write_bytes(content)
        return
    try:
        target.symlink_to(content.resolve())
    except (NotImplementedError, PermissionError):
        # Some systems let only administrators make symbolic links.
        os.link(content.resolve(), target)
