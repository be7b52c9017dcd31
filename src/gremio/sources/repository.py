"""One repository on the Hub: resolved to a commit once, then read at that commit only."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from gremio.errors import AccessDenied, EntryNotFound, RefNotFound, RevisionNotFound, StoreError, Unavailable
from gremio.machine.records import Records
from gremio.machine.settings import Settings
from gremio.machine.writing import store_errors
from gremio.sources.access import Access, through_proxies
from gremio.sources.unreachable import first_line, network_errors, not_cached, unreachable

if TYPE_CHECKING:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

log = logging.getLogger("gremio")

Kind = Literal["model", "dataset"]
_COMMIT = re.compile(r"[0-9a-f]{40}")
_TIMEOUT = 30.0  # seconds for one answer about a repository, not for its files


def is_commit(text: str | None) -> bool:
    """Whether this is a full commit, which can't come to mean something else."""
    return bool(text and _COMMIT.fullmatch(text))


@dataclass(frozen=True)
class File:
    """What the Hub says of a file: its size in bytes and its git blob id or, in LFS, its SHA-256."""

    size: int | None = None
    blob: str | None = None
    sha256: str | None = None

    def matches(self, content: bytes | Path, sha256: str = "") -> bool:
        """Whether these are the bytes that the repository has; they aren't read where size or ``sha256`` tell it."""
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        if self.size not in (None, size):
            return False
        if self.sha256:
            return (sha256 or hexdigest(content)) == self.sha256
        blob = partial(hashlib.sha1, b"blob %d\0" % size, usedforsecurity=False)
        return not self.blob or hexdigest(content, blob) == self.blob


def hexdigest(content: bytes | Path, start: Callable[[], hashlib._Hash] = hashlib.sha256) -> str:
    """The digest of bytes or of a file, its SHA-256 unless told otherwise."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as file:
        return hashlib.file_digest(file, start).hexdigest()


@dataclass(frozen=True)
class Listing:
    """The files of a repository at a commit, or what the cache holds of them."""

    commit: str
    revision: str
    files: Mapping[str, File]

    @classmethod
    def asked(cls, api: HfApi, repo_id: str, revision: str, *, kind: Kind = "model") -> Listing:
        """Of a revision that exists, in one request; lets the client's own errors out."""
        info: Any = api.repo_info(repo_id, repo_type=kind, revision=revision, files_metadata=True, timeout=_TIMEOUT)
        return cls(str(info.sha), revision, {each.rfilename: _file(each) for each in info.siblings or ()})

    def matching(self, *patterns: str) -> list[str]:
        """The paths that match any of the shell patterns, sorted."""
        return sorted(path for path in self.files if any(fnmatch.fnmatch(path, p) for p in patterns))


class Repository:
    """A model or dataset repository, through huggingface_hub."""

    def __init__(self, repo_id: str, *, settings: Settings, access: Access, kind: Kind = "model") -> None:
        self.repo_id = repo_id
        self.kind = kind
        self._access = access
        self._records = Records(settings.home)

    def listing(self, revision: str | None = None) -> Listing:
        """Resolve ``revision`` (default ``main``) to a commit and list its files, in one request or none.

        A full commit whose listing is known costs no request. Offline, what was resolved last is used.
        """
        wanted = revision or "main"
        known = self._recorded(wanted, wanted) if is_commit(wanted) and not self._access.force_download else None
        if known:
            return known
        if self._access.local_files_only:
            cached = self._cached(wanted)
            if cached is None:
                raise not_cached(f"{self.repo_id} at {wanted}", self._access, ref=self.repo_id)
            return cached
        try:
            return self._asked(wanted)
        except Unavailable:
            cached = self._cached(wanted)
            if cached is None:
                raise
            log.warning("%s can't be reached; using what the cache has of %s", self._access.endpoint, self.repo_id)
            return cached

    def history(self, revision: str | None = None) -> list[tuple[str, str]]:
        """The commits that led to ``revision``, newest first: each one's id and title.

        Raises:
            Unavailable: the Hub can't be reached; no history is kept here.
        """
        from huggingface_hub import HfApi

        wanted = revision or "main"
        if self._access.local_files_only:
            step = "Ask again with the network: without local_files_only=True, HF_HUB_OFFLINE unset."
            raise Unavailable("a history can't be read without the network", ref=self.repo_id, next_step=step)
        # Asked first, since the client asks for a history again and again where nobody answers.
        commit = self._asked(wanted).commit
        with self._hub_errors(wanted):
            api = HfApi(endpoint=self._access.endpoint, token=self._access.token)
            commits = api.list_repo_commits(self.repo_id, repo_type=self.kind, revision=commit)
        return [(commit.commit_id, commit.title) for commit in commits]

    def _asked(self, revision: str) -> Listing:
        from huggingface_hub import HfApi

        with self._hub_errors(revision):
            api = HfApi(endpoint=self._access.endpoint, token=self._access.token)
            listing = Listing.asked(api, self.repo_id, revision, kind=self.kind)
        self._remember(listing)
        return listing

    def _key(self, revision: str) -> str:
        return f"{self._access.endpoint} {self.kind} {self.repo_id}@{revision}"

    def _remember(self, listing: Listing) -> None:
        files = {path: [f.size, f.blob, f.sha256] for path, f in listing.files.items()}
        self._records.put("listings", self._key(listing.commit), {"files": files})
        if listing.revision != listing.commit:
            self._records.put("revisions", self._key(listing.revision), {"commit": listing.commit})

    def _recorded(self, commit: str, revision: str) -> Listing | None:
        record = self._records.get("listings", self._key(commit))
        if record is None:
            return None
        return Listing(commit, revision, {path: File(*facts) for path, facts in record["files"].items()})

    def _cached(self, revision: str) -> Listing | None:
        commit = revision if is_commit(revision) else self._cached_commit(revision)
        return (self._recorded(commit, revision) or self._scanned(commit, revision)) if commit else None

    def _cached_commit(self, revision: str) -> str | None:
        record = self._records.get("revisions", self._key(revision))
        if record:
            return str(record["commit"])
        try:
            return (self._folder / "refs" / revision).read_text().strip()
        except OSError:
            return None

    @property
    def _folder(self) -> Path:
        return self._access.cache_dir / "--".join([f"{self.kind}s", *self.repo_id.split("/")])

    def _scanned(self, commit: str, revision: str) -> Listing | None:
        folder = self._folder / "snapshots" / commit
        if not folder.is_dir():
            return None
        files = {p.relative_to(folder).as_posix(): File() for p in folder.rglob("*") if p.is_file()}
        return Listing(commit, revision, files)

    def fetch(self, listing: Listing, paths: Iterable[str]) -> Path:
        """Have these files on disk; return the folder that holds them under their paths.

        Raises:
            Unavailable: some aren't in the cache and the network can't or may not be used.
        """
        wanted = sorted(paths)
        missing = [p for p in wanted if self._access.force_download or not self._have(listing, p)]
        if missing and self._access.local_files_only:
            raise not_cached(f"{', '.join(missing[:5])} of {self.repo_id}", self._access, ref=self.repo_id)
        if missing:
            self._download(listing, missing)
        return self._folder / "snapshots" / listing.commit

    def _have(self, listing: Listing, path: str) -> bool:
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(
            self.repo_id, path, cache_dir=self._access.cache_dir, revision=listing.commit, repo_type=self.kind
        )
        return isinstance(found, str)

    def _download(self, listing: Listing, paths: list[str]) -> None:
        from huggingface_hub import hf_hub_download, snapshot_download

        common: dict[str, Any] = {
            "repo_type": self.kind,
            "revision": listing.commit,
            "cache_dir": self._access.cache_dir,
            "force_download": self._access.force_download,
            "token": self._access.token,
            "endpoint": self._access.endpoint,
            "library_name": "gremio",
        }
        with self._hub_errors(listing.revision), store_errors(self._access.cache_dir):
            if len(paths) == 1:
                hf_hub_download(self.repo_id, paths[0], **common)
            else:
                snapshot_download(self.repo_id, allow_patterns=[glob.escape(p) for p in paths], **common)

    def read(self, listing: Listing, paths: Iterable[str]) -> dict[str, bytes]:
        """The bytes of these files, checked against what the repository says they are.

        Raises:
            StoreError: a file in the cache is not what the repository has.
        """
        wanted = list(paths)
        folder = self.fetch(listing, wanted)
        found = {path: (folder / path).read_bytes() for path in wanted}
        for path, data in found.items():
            if not listing.files.get(path, File()).matches(data):
                raise StoreError(
                    f"the cached {path} of {self.repo_id} was changed or damaged since it was downloaded",
                    ref=self.repo_id,
                    next_step=f"Remove {folder / path} or pass force_download=True.",
                )
        return found

    @contextmanager
    def _hub_errors(self, revision: str) -> Iterator[None]:
        """Let only our errors out, each with the ref and the way on."""
        from huggingface_hub import errors as hub

        try:
            with through_proxies(self._access.proxies):
                yield
        except hub.GatedRepoError as error:
            raise AccessDenied(
                "this repository is gated and your account has not been given access",
                ref=self.repo_id,
                next_step=f"Ask for access at {self._access.endpoint}/{self.repo_id}, then pass token= or log in.",
            ) from error
        except hub.RepositoryNotFoundError as error:
            raise self._not_found() from error
        except hub.RevisionNotFoundError as error:
            raise self._no_revision(revision) from error
        except hub.HFValidationError as error:
            raise RefNotFound(f"the Hub takes no such repo id ({error})", ref=self.repo_id) from error
        except hub.LocalEntryNotFoundError as error:
            raise self._unreachable(error) from error
        except hub.EntryNotFoundError as error:
            raise EntryNotFound(f"a file is gone from the repository ({error})", ref=self.repo_id) from error
        except hub.HfHubHTTPError as error:
            raise self._answered(error) from error
        except network_errors() as error:
            raise self._unreachable(error) from error

    def _answered(self, error: HfHubHTTPError) -> RefNotFound | AccessDenied | Unavailable:
        """An answer that the client has no name for: only a failing server may be stepped around by the cache."""
        status = error.response.status_code if error.response is not None else 500
        if status == 404:
            return self._not_found()
        if status in (401, 403):
            step = "Pass token= or log in, with an account that may."
            return AccessDenied(f"the Hub refuses ({first_line(error)})", ref=self.repo_id, next_step=step)
        return self._unreachable(error)

    def _not_found(self) -> AccessDenied | RefNotFound:
        signed = "the token in use does not open it" if self._access.token else "it is private and needs a token"
        return RefNotFound(
            f"there is no such {self.kind} repository on {self._access.endpoint}, or {signed}",
            ref=self.repo_id,
            next_step="Check the spelling, or pass token= (or log in) if it is private.",
        )

    def _no_revision(self, revision: str) -> RevisionNotFound:
        some = self._revisions()
        return RevisionNotFound(
            f"there is no revision {revision!r}",
            ref=self.repo_id,
            next_step=f"It has: {', '.join(some)}." if some else "Pass a branch, a tag or a full commit.",
            nearest=some,
        )

    def _revisions(self) -> list[str]:
        from huggingface_hub import HfApi

        try:
            api = HfApi(endpoint=self._access.endpoint, token=self._access.token)
            refs = api.list_repo_refs(self.repo_id, repo_type=self.kind)
        except network_errors():
            return []
        return [r.name for r in [*refs.branches, *refs.tags]][:12]

    def _unreachable(self, error: Exception) -> Unavailable:
        return unreachable(self._access.endpoint, error, ref=self.repo_id)


def _file(sibling: Any) -> File:
    lfs = sibling.lfs
    sha256 = lfs["sha256"] if isinstance(lfs, dict) else getattr(lfs, "sha256", None)
    return File(sibling.size, None if sha256 else sibling.blob_id, sha256)
