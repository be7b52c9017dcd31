"""A model as the lock says it is: its files alone, each checked against its hash, without any request."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from gremio.code import Digest, Origin
from gremio.errors import NotAsLocked
from gremio.machine.settings import Settings
from gremio.machine.writing import build_once, link
from gremio.sources import Access
from gremio.workspace.entry import LockedModel
from gremio.workspace.hashing import Hashes


class LockedHome:
    """Where a locked model's files lie: the Hub's cache, its folder, or what a bundle brought."""

    def __init__(
        self,
        model: LockedModel,
        code: Mapping[str, bytes],
        *,
        project: Path,
        settings: Settings,
        access: Access,
        ref: str,
    ) -> None:
        """``code`` is what of the model would be executed, from the store."""
        self._model = model
        self._code = code
        self._settings = settings
        self._hashes = Hashes(settings)
        self._ref = ref
        self._folder = (project / model.repo) if model.is_local else _snapshot(model, access)
        self.name = str(self._folder) if model.is_local else model.repo
        self.origin = (
            Origin("local", os.path.realpath(self._folder))
            if model.is_local
            else Origin("hub", model.repo, model.commit, model.commit)
        )

    def paths(self) -> list[str]:
        """Every locked file, and no other that may lie there."""
        return sorted({*self._model.files, *self._code})

    def size(self, path: str) -> int | None:
        """Bytes; None where it isn't here."""
        if path in self._code:
            return len(self._code[path])
        place = self._place(path)
        return place.stat().st_size if place else None

    def links(self, paths: Iterable[str]) -> dict[str, str]:
        """None that matter: wherever a file lies, its bytes are the locked ones."""
        return {}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents, hashed as they are read.

        Raises:
            NotAsLocked: one is missing, or has other bytes.
        """
        found = {}
        for path in paths:
            if path in self._code:
                found[path] = self._code[path]
                continue
            place = self._place(path)
            data = place.read_bytes() if place else b""
            if place is None or str(Digest.of_bytes(data)) != self._model.files[path]:
                raise self._refusal([path])
            found[path] = data
        return found

    def fetch(self, paths: Iterable[str]) -> Path:
        """A folder with links to these files and nothing else, once each is what the lock says.

        Raises:
            NotAsLocked: some are missing, or have other bytes; all of them are named.
        """
        wanted = sorted(paths)
        bad = self.differing(wanted)
        if bad:
            raise self._refusal(bad)
        return self._linked({path: self._there(path) for path in wanted})

    def differing(self, paths: Iterable[str], *, again: bool = False) -> list[str]:
        """The files that are missing or have other bytes; ``again`` hashes also what is known."""
        found = []
        for path in paths:
            place = self._place(path)
            if place is None or self._hashes.of(place, again=again) != self._model.files[path]:
                found.append(path)
        return found

    def _place(self, path: str) -> Path | None:
        candidates = (self._folder / path, kept_file(self._settings, self._model.files[path]))
        return next((place for place in candidates if place.is_file()), None)

    def _there(self, path: str) -> Path:
        place = self._place(path)
        if place is None:
            raise self._refusal([path])
        return place.resolve()

    def _linked(self, places: dict[str, Path]) -> Path:
        text = "\0".join(f"{path}\0{place}" for path, place in sorted(places.items()))
        folder = self._settings.home / "locked" / hashlib.sha256(text.encode()).hexdigest()[:32]

        def fill(new: Path) -> None:
            for path, place in places.items():
                link(place, new / path)

        return build_once(folder, lambda: _is_linked(folder, places), fill)

    def _refusal(self, paths: list[str]) -> NotAsLocked:
        absent = [path for path in paths if self._place(path) is None]
        changed = [path for path in paths if path not in absent]
        told = [f"{', '.join(absent[:5])} missing"] if absent else []
        told += [f"{', '.join(changed[:5])} with other bytes than the lock says"] if changed else []
        return NotAsLocked(
            f"its model {self._model.repo} is not as it was locked: {'; '.join(told)}",
            paths=paths,
            ref=self._ref,
            next_step=f"`gremio sync {self._ref}` fetches what the lock says; `gremio verify` lists all that differs.",
        )


def kept_file(settings: Settings, sha256: str) -> Path:
    """Where a file that a bundle brought lies, by its hash."""
    return settings.home / "files" / sha256.removeprefix("sha256:")


def _snapshot(model: LockedModel, access: Access) -> Path:
    return access.cache_dir / "--".join(["models", *model.repo.split("/")]) / "snapshots" / model.commit


def _is_linked(folder: Path, places: dict[str, Path]) -> bool:
    """Whether each link is there and leads where it should: what it leads to was hashed under that name."""
    try:
        return all((folder / path).readlink() == place for path, place in places.items())
    except OSError:
        return False
