"""One file with a lock and everything that it names, for a place that has no network.

A tar file: first ``gremio.lock``, then ``code/<digest>/<path>`` for every file of code, then ``files/<sha256>`` for
every file of models. What comes out is checked against the lock inside, which says what there may be; nothing is
unpacked by the name that it has in there.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from gremio.code import Digest, check_path
from gremio.errors import GremioError, LockError, NotAsLocked
from gremio.machine.placing import place
from gremio.machine.settings import Settings
from gremio.machine.writing import replacing
from gremio.sources.folder import MOST_BYTES
from gremio.sources.trees import Trees
from gremio.workspace.entry import LockEntry
from gremio.workspace.locked_model import kept_file
from gremio.workspace.lockfile import LOCK, format_lock, parse
from gremio.workspace.project import Project

_CHUNK = 1 << 20
_LARGEST_LOCK = 64 << 20
_NEXT = "Ask for the bundle again; nothing of it was taken over."


@dataclass(frozen=True)
class Bundled:
    """What a bundle holds: its entries, how many pieces of code and how many files of models, and their bytes.

    ``unapproved`` are the entries whose code nobody here approved.
    """

    entries: tuple[str, ...]
    codes: int
    files: int
    size: int
    unapproved: tuple[str, ...] = ()


def export(project: Project, bundle: Path, entries: list[LockEntry], *, weights: bool) -> Bundled:
    """Write the bundle, in one step."""
    if not entries:
        raise LockError(
            "there is nothing locked to export", ref=str(project.folder), next_step="`gremio add` locks a pipeline."
        )
    trees = {code.digest: project.tree(entry, code) for entry in entries for code in entry.codes}
    weights_at = dict(each for entry in entries for each in _weights(project, entry)) if weights else {}

    def write(new: Path) -> None:
        with tarfile.open(new, mode="w", format=tarfile.PAX_FORMAT) as tar:
            _put(tar, LOCK, format_lock(entries).encode())
            for digest, tree in sorted(trees.items()):
                for path, data in tree.files.items():
                    _put(tar, f"code/{digest.hex}/{path}", data)
            for sha256, kept in sorted(weights_at.items()):
                with kept.open("rb") as file:
                    tar.addfile(_member(f"files/{sha256.removeprefix('sha256:')}", kept.stat().st_size), file)

    place(bundle, write)
    return Bundled(tuple(entry.name for entry in entries), len(trees), len(weights_at), bundle.stat().st_size)


def _weights(project: Project, entry: LockEntry) -> Iterator[tuple[str, Path]]:
    if entry.weights:
        folder = project.model(entry).fetch(entry.weights.files)
        yield from ((sha256, folder / path) for path, sha256 in entry.weights.files.items())


def _put(tar: tarfile.TarFile, name: str, data: bytes) -> None:
    tar.addfile(_member(name, len(data)), io.BytesIO(data))


def _member(name: str, size: int) -> tarfile.TarInfo:
    """The same for the same contents: no times, no owners."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    return member


def take(bundle: Path, settings: Settings) -> tuple[list[LockEntry], Bundled]:
    """Keep what the bundle holds in the store, and say which entries it has, without anybody's approval in it.

    Raises:
        LockError: it is no bundle.
        NotAsLocked: something in it is not what its lock says, or lacks.
    """
    try:
        with bundle.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            return _Taking(tar, str(bundle), settings).all()
    except (OSError, tarfile.TarError, EOFError) as error:
        what = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise LockError(f"it can't be read as a bundle ({what})", ref=str(bundle), next_step=_NEXT) from error


class _Taking:
    """One reading of a bundle, member by member, each checked before it is kept."""

    def __init__(self, tar: tarfile.TarFile, ref: str, settings: Settings) -> None:
        self._members = iter(tar)
        self._tar = tar
        self._ref = ref
        self._settings = settings

    def all(self) -> tuple[list[LockEntry], Bundled]:
        entries = self._lock()
        codes = {code.digest.hex: code for entry in entries for code in entry.codes}
        allowed = {sha256.removeprefix("sha256:") for e in entries if e.weights for sha256 in e.weights.files.values()}
        found: dict[str, dict[str, bytes]] = {digits: {} for digits in codes}
        kept, size, total = set(), 0, 0
        for member in self._members:
            kind, _, rest = member.name.partition("/")
            digits, _, path = rest.partition("/")
            if kind == "code" and digits in found and path and path not in found[digits]:
                total += member.size
                if total > len(codes) * MOST_BYTES:
                    raise self._bad(member.name, "more code than a pipeline has")
                found[digits][self._path(path)] = self._data(member)
            elif kind == "files" and digits in allowed and not path:
                self._keep(member, digits)
                kept.add(digits)
            else:
                raise self._bad(member.name, "its lock names no such thing")
            size += member.size
        for digits, files in found.items():
            if not files or Digest.of_files(files) != codes[digits].digest:
                raise self._bad(f"code/{digits}", "it has other bytes than its lock says")
        trees = Trees(self._settings.home)
        for digits, code in codes.items():
            trees.keep(code.tree(found[digits], code.origin))
        return entries, Bundled(tuple(entry.name for entry in entries), len(codes), len(kept), size)

    def _lock(self) -> list[LockEntry]:
        first = next(self._members, None)
        if first is None or first.name != LOCK or first.size > _LARGEST_LOCK:
            raise LockError(f"it does not begin with a {LOCK}", ref=self._ref, next_step=_NEXT)
        try:
            text = self._data(first).decode()
        except UnicodeDecodeError as error:
            raise LockError("its lock is not UTF-8", ref=self._ref, next_step=_NEXT) from error
        return list(parse(text, ref=f"{self._ref}:{LOCK}").values())

    def _data(self, member: tarfile.TarInfo) -> bytes:
        return self._open(member).read()

    def _open(self, member: tarfile.TarInfo) -> IO[bytes]:
        stream = self._tar.extractfile(member) if member.isreg() else None
        if stream is None:
            raise self._bad(member.name, "it is no plain file")
        return stream

    def _keep(self, member: tarfile.TarInfo, digits: str) -> None:
        place = kept_file(self._settings, digits)
        whole = hashlib.sha256()
        with replacing(place) as target, self._open(member) as source:
            while chunk := source.read(_CHUNK):
                whole.update(chunk)
                target.write(chunk)
            if whole.hexdigest() != digits:
                raise self._bad(member.name, "it has other bytes than its lock says")

    def _path(self, path: str) -> str:
        try:
            return check_path(path)
        except GremioError as error:
            raise self._bad(path, "it is not a path inside code") from error

    def _bad(self, name: str, why: str) -> NotAsLocked:
        return NotAsLocked(f"{name}: {why}", paths=[name], ref=self._ref, next_step=_NEXT)
