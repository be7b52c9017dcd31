"""Where the repositories of a Hub lie, and how they come and go.

<folder>/format            the version of this layout
<folder>/repos/models/<namespace>/<name>.git
<folder>/locks/            one lock file for each repository, outlives it
<folder>/making/           repositories being made or deleted
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from dulwich.index import commit_tree
from dulwich.objects import Blob
from dulwich.refs import Ref
from dulwich.repo import Repo
from filelock import FileLock

from gremio.errors import HubError
from gremio.localhub.names import Kind, RepoName
from gremio.localhub.refusals import conflict, repo_not_found
from gremio.localhub.repo_settings import RepoSettings
from gremio.localhub.repositories import DEFAULT_BRANCH, Repository, new_commit

_FORMAT = "gremio local hub 1\n"
_LARGE_SUFFIXES = """
    7z arrow bin bz2 ckpt ftz gguf gz h5 joblib mlmodel model msgpack npy npz onnx ot parquet pb pickle pkl pt pth rar
    safetensors tar tflite tgz wasm xz zip zst
"""
_ATTRIBUTES = "".join(f"*.{suffix} filter=lfs diff=lfs merge=lfs -text\n" for suffix in _LARGE_SUFFIXES.split())


class Storage:
    """All repositories of a Hub."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stamp = folder / "format"
        if not stamp.exists():
            if any(entry.name != "users.json" and not entry.name.startswith(".") for entry in folder.iterdir()):
                raise HubError("this folder holds something else", ref=str(folder), next_step="name an empty folder")
            stamp.write_text(_FORMAT)
        elif stamp.read_text() != _FORMAT:
            raise HubError("another version of gremio made this Hub", ref=str(folder), next_step="upgrade gremio")

    def get(self, name: RepoName) -> Repository:
        """A repository that exists, or a refusal."""
        repo = self._repository(name)
        if not repo.folder.is_dir():
            raise repo_not_found(name.id, anonymous=False)
        return repo

    def create(self, name: RepoName, settings: RepoSettings, *, author: str) -> Repository:
        """Make a repository with a first commit; it appears whole or not at all."""
        repo = self._repository(name)
        making = self._making(name)
        try:
            _init(making, author=author)
            settings.save(making / "hub.json")
            with self._lock(name):
                if repo.folder.exists():
                    raise conflict(f"You already created this {name.kind} repo")
                repo.folder.parent.mkdir(parents=True, exist_ok=True)
                making.replace(repo.folder)
        finally:
            shutil.rmtree(making, ignore_errors=True)
        return repo

    def delete(self, name: RepoName) -> None:
        """Delete a repository with all that belongs to it."""
        repo = self.get(name)
        making = self._making(name)
        with repo.locked():
            repo.folder.replace(making)
        shutil.rmtree(making, ignore_errors=True)

    def all(self, kind: Kind) -> Iterator[Repository]:
        """Every repository of a kind, sorted by name."""
        for folder in sorted((self._folder / "repos" / f"{kind}s").glob("*/*.git")):
            yield self._repository(RepoName(kind, folder.parent.name, folder.stem))

    def _repository(self, name: RepoName) -> Repository:
        folder = self._folder / "repos" / f"{name.kind}s" / name.namespace / f"{name.name}.git"
        return Repository(name, folder, self._lock_path(name))

    def _lock_path(self, name: RepoName) -> Path:
        return self._folder / "locks" / f"{name.kind}s--{name.namespace}--{name.name}.lock"

    def _lock(self, name: RepoName) -> FileLock:
        path = self._lock_path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        return FileLock(path, timeout=60)

    def _making(self, name: RepoName) -> Path:
        making = self._folder / "making"
        making.mkdir(exist_ok=True)
        return making / f"{name.name}.{secrets.token_hex(6)}"


def _init(folder: Path, *, author: str) -> None:
    git = Repo.init_bare(str(folder), mkdir=True, default_branch=DEFAULT_BRANCH.encode())
    try:
        attributes = Blob.from_string(_ATTRIBUTES.encode())
        git.object_store.add_object(attributes)
        tree = commit_tree(git.object_store, [(b".gitattributes", attributes.id, 0o100644)])
        commit = new_commit(tree.decode(), parents=[], author=author, message="initial commit")
        git.object_store.add_object(commit)
        git.refs[Ref(f"refs/heads/{DEFAULT_BRANCH}".encode())] = commit.id
    finally:
        git.close()
