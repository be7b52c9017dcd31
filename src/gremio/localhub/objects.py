"""Large files, by the sha256 of their bytes: git-lfs' own layout inside the bare repository.

Objects belong to one repository, so that nobody reads another's private weights by knowing their hash.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gremio.localhub.refusals import Refusal, bad_request

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\noid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>[0-9]{1,19})\n"
)
BLOCK = 1 << 20


@dataclass(frozen=True)
class Pointer:
    """What git holds in the place of a large file."""

    oid: str
    size: int

    @classmethod
    def parse(cls, blob: bytes) -> Pointer | None:
        """The pointer in a blob, or None for any other content."""
        match = _POINTER.fullmatch(blob)
        return cls(match["oid"].decode(), int(match["size"])) if match else None

    def format(self) -> bytes:
        """The blob that git stores."""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.oid}\nsize {self.size}\n".encode()


def parse_oid(text: str) -> str:
    """A sha256 in hex, which is safe as a file name."""
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise bad_request(f"{text!r} is no sha256")
    return text


class Incoming:
    """A file on its way in; it becomes an object only if its bytes are those that were announced."""

    def __init__(self, target: Path, temporary: Path, *, oid: str, size: int) -> None:
        self._target, self._temporary = target, temporary
        self._oid, self._size = oid, size
        self._file = temporary.open("xb")
        self._sha256 = hashlib.sha256()
        self._received = 0

    def write(self, data: bytes) -> None:
        """Take the next bytes."""
        self._received += len(data)
        if self._received > self._size:
            raise Refusal(f"more than the announced {self._size} bytes", status=413)
        self._sha256.update(data)
        self._file.write(data)

    def finish(self) -> None:
        """Check what came and put it in its place."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if self._received != self._size or self._sha256.hexdigest() != self._oid:
            raise bad_request(f"the bytes received are not those of sha256 {self._oid}")
        self._target.parent.mkdir(parents=True, exist_ok=True)
        self._temporary.replace(self._target)

    def discard(self) -> None:
        """Leave nothing behind; harmless after `finish`."""
        self._file.close()
        self._temporary.unlink(missing_ok=True)


class ObjectStore:
    """The large files of one repository."""

    def __init__(self, folder: Path) -> None:
        self._objects = folder / "objects"
        self._incoming = folder / "incoming"

    def path(self, oid: str) -> Path:
        """Where the object lies, or would lie."""
        return self._objects / oid[:2] / oid[2:4] / parse_oid(oid)

    def size(self, oid: str) -> int | None:
        """The object's size in bytes; None if it isn't here."""
        try:
            return self.path(oid).stat().st_size
        except FileNotFoundError:
            return None

    def git_oid(self, oid: str) -> str:
        """The id that git would give to the object, were it no large one."""
        path = self.path(oid)
        sha1 = hashlib.sha1(b"blob %d\0" % path.stat().st_size, usedforsecurity=False)
        for block in read_blocks(path):
            sha1.update(block)
        return sha1.hexdigest()

    @contextmanager
    def receive(self, oid: str, size: int) -> Iterator[Incoming]:
        """Receive an object; without `Incoming.finish` nothing stays."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        temporary = self._incoming / f"{oid}.{secrets.token_hex(6)}"
        incoming = Incoming(self.path(oid), temporary, oid=oid, size=size)
        try:
            yield incoming
        finally:
            incoming.discard()

    def add(self, oid: str, size: int, blocks: Iterable[bytes]) -> None:
        """Keep an object whose bytes are at hand."""
        with self.receive(oid, size) as incoming:
            for block in blocks:
                incoming.write(block)
            incoming.finish()

    def add_part(self, oid: str, number: int, data: bytes) -> str:
        """Keep one part of a multipart upload; returns its ETag."""
        parts = self._parts(oid)
        parts.mkdir(parents=True, exist_ok=True)
        temporary = parts / f".{number}.{secrets.token_hex(6)}"
        temporary.write_bytes(data)
        temporary.replace(parts / str(number))
        return hashlib.sha256(data).hexdigest()

    def join_parts(self, oid: str, size: int, numbers: Iterable[int]) -> None:
        """Make the object of the parts that were uploaded, in this order, and forget them."""
        parts = self._parts(oid)
        paths = [parts / str(number) for number in numbers]
        if not all(path.is_file() for path in paths):
            raise bad_request(f"parts of {oid} are missing")
        self.add(oid, size, (block for path in paths for block in read_blocks(path)))
        shutil.rmtree(parts, ignore_errors=True)

    def _parts(self, oid: str) -> Path:
        return self._incoming / f"{parse_oid(oid)}.parts"


def read_blocks(path: Path, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes ``start`` to ``stop`` of a file, a block at a time."""
    with path.open("rb") as file:
        file.seek(start)
        left = float("inf") if stop is None else stop - start
        while left > 0 and (block := file.read(int(min(BLOCK, left)))):
            left -= len(block)
            yield block
