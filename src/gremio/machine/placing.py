"""Putting a file that a person asked for in its place: whole or not at all, with the rights that their files have."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gremio.errors import GremioError, OptionError

Writer = Callable[[Path], object]
"""Writes a file at the path it is given, which has the extension of the final one and does not exist yet."""


def place(path: Path, write: Writer) -> Path:
    """Write a file, or put a new one in place of an old; a link is followed.

    Raises:
        OptionError: the path can't be used: no permission, a folder, a name too long.
        GremioError: the disk is full, or fails.
    """
    final = path.resolve() if path.is_symlink() else path
    with _beside(final, path) as temporary:
        write(temporary)
        temporary.replace(final)
    return path


def place_new(candidates: Iterator[Path], write: Writer) -> Path:
    """Write a file at the first candidate that does not exist, even when another process looks at the same time.

    Raises:
        OptionError, GremioError: as ``place``.
    """
    first = next(candidates)
    with _beside(first, first) as temporary:
        write(temporary)
        final = _reserve(first, candidates)
        temporary.replace(final)
    return final


def _reserve(path: Path, candidates: Iterator[Path]) -> Path:
    """Take the first free name. It is taken only now that the file is written, so nothing empty stays behind."""
    while True:
        try:
            path.open("xb").close()
        except FileExistsError:
            path = next(candidates)
        else:
            return path


@contextmanager
def _beside(final: Path, named: Path) -> Iterator[Path]:
    # A name of its own, not `tempfile`, whose files nobody else may read.
    temporary = final.parent / f".gremio-{secrets.token_hex(6)}{final.suffix}"
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
    except GremioError as error:
        error.ref = error.ref or str(named)
        raise
    # PIL has ValueError for a picture that is too large for its format.
    except (OSError, ValueError) as error:
        raise _refusal(error, named) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def _refusal(error: OSError | ValueError, path: Path) -> GremioError:
    reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
    if isinstance(error, (PermissionError, FileExistsError, FileNotFoundError, IsADirectoryError, NotADirectoryError)):
        return OptionError(f"{path} can't be written: {reason}", next_step="Choose another path.")
    return GremioError(f"{path} can't be written: {reason}")
