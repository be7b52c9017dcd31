"""What a publish changes in a repository: what is sent, what is there already, what has become stale."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from gremio.publishing.publication import CARD
from gremio.sources.repository import File
from gremio.sources.weights import stale_weights

_NEVER = (CARD, ".gitattributes")


@dataclass(frozen=True)
class Changes:
    """Paths by what becomes of them; ``strangers`` are Python files that stay and were never part of a publish."""

    send: tuple[str, ...]
    unchanged: tuple[str, ...]
    delete: tuple[str, ...]
    strangers: tuple[str, ...]


def changes(
    files: Mapping[str, bytes | Path],
    present: Mapping[str, File],
    *,
    recorded: Collection[str],
    hashes: Mapping[str, str],
    replace_code: bool = False,
) -> Changes:
    """Compare what is published with what the repository has.

    ``recorded`` are the files that an earlier publish noted as its own, ``hashes`` the SHA-256 that are known; with
    ``replace_code`` every Python file that isn't published goes.
    """
    python = {path for path in present if path.endswith(".py")}
    stale = {path for path in recorded if path in present} | stale_weights(present, files)
    stale |= python if replace_code else set()
    stale -= {*files, *_NEVER}
    unchanged = {
        path for path in files.keys() & present.keys() if present[path].matches(files[path], hashes.get(path, ""))
    }
    parts = (files.keys() - unchanged, unchanged, stale, python - stale - files.keys())
    return Changes(*(tuple(sorted(part)) for part in parts))
