"""What a person's text names on this machine, whatever the text is: pathlib raises for some of what can't be there."""

from __future__ import annotations

import os
from pathlib import Path


def expanded(text: str | os.PathLike[str]) -> Path:
    """The path, with ``~`` as a home; one of nobody stays as it is written, and nothing lies there."""
    return Path(os.path.expanduser(text))  # noqa: PTH111


def lies_here(text: str | os.PathLike[str]) -> bool:
    """Whether there is a file or folder; at a name that is too long for one there is none."""
    return os.path.exists(expanded(text))  # noqa: PTH110


def is_folder(text: str | os.PathLike[str]) -> bool:
    """Whether it is a folder that exists, likewise."""
    return os.path.isdir(expanded(text))  # noqa: PTH112
