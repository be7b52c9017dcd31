"""A place that fsspec writes to: ``s3://bucket/folder``, ``hf://datasets/owner/name/folder`` and their like.

Files are drawn into a folder of this machine, go up from there, and are removed here once they are there; the manifest
is kept in both. On the Hub what has come within some seconds goes up in one commit.
"""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gremio.batching.manifest import NAME
from gremio.errors import BatchError, GremioError, OptionError
from gremio.machine.settings import Settings

_PAUSE_OF_COMMITS = 10.0  # seconds


class RemoteTarget:
    """Anything that fsspec writes to."""

    pause = 0.0

    def __init__(self, url: str, system: Any, root: str, folder: Path) -> None:
        self.name = url
        self.folder = folder
        self._system = system
        self._root = root

    @classmethod
    def of(cls, url: str) -> RemoteTarget:
        """The place that a URL names.

        Raises:
            OptionError: nothing here can write there.
        """
        import fsspec

        scheme = url.partition("://")[0]
        kind = HubTarget if scheme == "hf" else cls
        settings = Settings.from_environment()
        try:
            # The Hub that is meant is the one that Gremio asks for everything else.
            options = {"endpoint": settings.endpoint} if kind is HubTarget else {}
            system, root = fsspec.core.url_to_fs(url, **options)
        except (ImportError, ValueError) as error:
            step = f"pip install what fsspec needs for {scheme}:// (s3fs for s3, gcsfs for gs), or choose a folder."
            raise OptionError(f"nothing here writes to {scheme}://: {error}", ref=url, next_step=step) from error
        place = hashlib.sha256(url.rstrip("/").encode()).hexdigest()[:32]
        return kind(url, system, root.rstrip("/"), settings.home / "batches" / place)

    def open(self) -> None:
        """Have the manifest of the place here, unless the one here knows more."""
        here, there = self.folder / NAME, f"{self._root}/{NAME}"
        with _told(self.name, "read"):
            self._system.invalidate_cache()
            if not self._system.exists(there):
                # Somebody has cleared the place, and with it what was begun there.
                here.unlink(missing_ok=True)
                return
            data = self._system.cat_file(there)
        if not here.exists() or len(data) > here.stat().st_size:
            self.folder.mkdir(parents=True, exist_ok=True)
            here.write_bytes(data)

    def sizes(self) -> dict[str, int]:
        """One listing."""
        with _told(self.name, "read"):
            self._system.invalidate_cache()
            try:
                found = self._system.find(self._root, detail=True)
            except FileNotFoundError:
                return {}
        return {posixpath.relpath(path, self._root): int(told["size"] or 0) for path, told in found.items()}

    def keep(self, names: Collection[str]) -> None:
        """Up, then away from here."""
        self._put(names)
        for name in names:
            (self.folder / name).unlink(missing_ok=True)

    def publish(self, names: Collection[str]) -> None:
        """Up."""
        self._put(names)

    def free(self) -> int | None:
        """Nobody knows."""
        return None

    def _put(self, names: Collection[str]) -> None:
        if names:
            with _told(self.name, "written to"):
                self._send(sorted(names))

    def _send(self, names: list[str]) -> None:
        self._system.put([str(self.folder / name) for name in names], [f"{self._root}/{name}" for name in names])


class HubTarget(RemoteTarget):
    """A repository on the Hub, where each time is a commit."""

    pause = _PAUSE_OF_COMMITS

    def _send(self, names: list[str]) -> None:
        from huggingface_hub import CommitOperationAdd, HfApi

        place = self._system.resolve_path(self._root)
        HfApi(endpoint=self._system.endpoint, token=self._system.token).create_commit(
            place.repo_id,
            [CommitOperationAdd(posixpath.join(place.path_in_repo, name), self.folder / name) for name in names],
            commit_message=f"{len(names)} files of a batch",
            repo_type=place.repo_type,
            revision=place.revision,
        )


@contextmanager
def _told(url: str, what: str) -> Iterator[None]:
    """What any of these systems raises, each its own kinds, as an error that names the place."""
    try:
        yield
    except GremioError:
        raise
    except Exception as error:
        step = "Check the URL and its credentials; what is drawn stays, and resume goes on."
        raise BatchError(f"it can't be {what}: {type(error).__name__}: {error}", ref=url, next_step=step) from error
