"""What a publish changes in a repository: what is sent, what is there already, what has become stale."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gremio.publishing.publication import CARD
from gremio.sources.repository import File
from gremio.sources.weights import stale_weights

_BLOCK = 1 << 20
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
    unchanged = {
        path
        for path, content in files.items()
        if path in present and is_same(content, present[path], hashes.get(path, ""))
    }
    stale = {path for path in recorded if path in present} | stale_weights(present, files)
    stale |= {path for path in present if replace_code and path.endswith(".py")}
    stale -= {*files, *_NEVER}
    strangers = {path for path in present if path.endswith(".py")} - stale - files.keys()
    sent = [path for path in sorted(files) if path not in unchanged]
    return Changes(tuple(sent), tuple(sorted(unchanged)), tuple(sorted(stale)), tuple(sorted(strangers)))


def is_same(content: bytes | Path, file: File, sha256: str = "") -> bool:
    """Whether the repository has these very bytes; nothing is read where the sizes differ, or the hash is known."""
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    if file.size is not None and file.size != size:
        return False
    if file.sha256:
        return (sha256 or _hexdigest(hashlib.sha256(), content)) == file.sha256
    blob = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    return _hexdigest(blob, content) == file.blob


def _hexdigest(digest: hashlib._Hash, content: bytes | Path) -> str:
    for block in _blocks(content):
        digest.update(block)
    return digest.hexdigest()


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
