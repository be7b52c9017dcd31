"""Files that a person asked for: written in one step, with the rights that their other files have."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

from gremio.errors import OptionError


def save_text(path: Path, text: str) -> None:
    """Put the text at ``path``; whoever reads meanwhile sees the old file or the new one.

    Raises:
        OptionError: it can't be written there.
    """
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        new.replace(path)
    except OSError as error:
        what = f"{path} can't be written: {error.strerror or error}"
        raise OptionError(what, next_step="Name another file, or free some space.") from error
    finally:
        with suppress(OSError):
            new.unlink()
