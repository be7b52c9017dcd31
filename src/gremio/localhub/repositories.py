"""One repository on disk: a bare git repository, its large files and its settings.

<name>.git/            what `git clone` understands
<name>.git/lfs/        large files, see `objects`
<name>.git/hub.json    visibility, gate, pull requests
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from dulwich.file import FileLocked
from dulwich.objects import Commit, ObjectID, ShaFile, Tag
from dulwich.refs import Ref
from dulwich.repo import Repo
from filelock import FileLock, Timeout

from gremio.localhub.names import RepoName, parse_branch_or_tag
from gremio.localhub.objects import ObjectStore
from gremio.localhub.refusals import Refusal, bad_request, conflict, repo_not_found, revision_not_found
from gremio.localhub.repo_settings import RepoSettings

DEFAULT_BRANCH = "main"
T = TypeVar("T")
_LOCK_SECONDS = 60


@dataclass(frozen=True)
class GitRef:
    """A branch, tag or pull request, and the commit it stands for."""

    name: str
    commit: str

    @property
    def short_name(self) -> str:
        """Without ``refs/heads/`` or ``refs/tags/``."""
        return re.sub(r"^refs/(?:heads|tags)/", "", self.name)


class Repository:
    """A repository of the Hub; everything that changes it happens inside `locked`."""

    def __init__(self, name: RepoName, folder: Path, lock: Path) -> None:
        self.name = name
        self.folder = folder
        self.objects = ObjectStore(folder / "lfs")
        self._lock = lock

    @property
    def settings(self) -> RepoSettings:
        """The settings as they are now."""
        try:
            return RepoSettings.load(self.folder / "hub.json")
        except FileNotFoundError:
            raise repo_not_found(self.name.id, anonymous=False) from None

    def save(self, settings: RepoSettings) -> None:
        """Replace the settings; call it `locked`."""
        settings.save(self.folder / "hub.json")

    @contextmanager
    def git(self) -> Iterator[Repo]:
        """The git repository, opened."""
        with closing(Repo(str(self.folder))) as git:
            yield git

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only thread of the only process that changes this repository."""
        self._lock.parent.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self._lock, timeout=_LOCK_SECONDS):
                if not self.folder.exists():
                    raise repo_not_found(self.name.id, anonymous=False)
                for abandoned in [*(self.folder / "refs").rglob("*.lock"), self.folder / "packed-refs.lock"]:
                    abandoned.unlink(missing_ok=True)
                yield
        except Timeout as busy:
            raise Refusal(f"{self.name.id} is being changed by others; try again", status=503) from busy

    def resolve(self, revision: str) -> str:
        """The commit that a branch, tag, full reference or (short) commit id stands for."""
        with self.git() as git:
            for candidate in (f"refs/heads/{revision}", f"refs/tags/{revision}", revision):
                if candidate.startswith("refs/") and (commit := _target(git, candidate)):
                    return commit
            if re.fullmatch(r"[0-9a-f]{7,40}", revision) and (commit := _commit_by_prefix(git, revision)):
                return commit
        raise revision_not_found(revision)

    def head(self, ref: str) -> str | None:
        """The commit that ``ref`` is at."""
        with self.git() as git:
            return _target(git, ref)

    def refs(self) -> list[GitRef]:
        """All branches, tags and pull requests, sorted by name."""
        with self.git() as git:
            names = sorted(name.decode() for name in git.refs.allkeys() if name.startswith(b"refs/"))
            return [GitRef(name, commit) for name in names if (commit := _target(git, name))]

    def create_ref(self, ref: str, commit: str, *, message: str = "", author: str = "") -> None:
        """Make a branch or tag; with a message, a tag is an annotated one."""
        parse_branch_or_tag(GitRef(ref, commit).short_name)
        with self.locked():
            self.add_ref(ref, commit, message=message, author=author)

    def add_ref(self, ref: str, commit: str, *, message: str = "", author: str = "") -> None:
        """Make a reference of any sort; call it `locked`."""
        with self.git() as git:
            target = keep(git, _tag(ref, commit, message=message, author=author)) if message else commit
            try:
                added = git.refs.add_if_new(Ref(ref.encode()), ObjectID(target.encode()))
            except (NotADirectoryError, IsADirectoryError, FileExistsError):
                added = False
            if not added:
                raise conflict(f"Reference {ref} exists already, or is in the way of one that does")

    def move_ref(self, ref: str, *, old: str, new: str) -> None:
        """Let a branch or pull request go on to a new commit; call it `locked`."""
        with self.git() as git:
            if not git.refs.set_if_equals(Ref(ref.encode()), ObjectID(old.encode()), ObjectID(new.encode())):
                raise conflict(f"{ref} is not at {old} any more")

    def delete_ref(self, ref: str) -> None:
        """Delete a branch or tag."""
        if ref == f"refs/heads/{DEFAULT_BRANCH}":
            raise bad_request(f"the branch {DEFAULT_BRANCH} can't be deleted")
        with self.locked(), self.git() as git:
            name = Ref(ref.encode())
            if name not in git.refs.allkeys():
                raise revision_not_found(ref)
            git.refs.remove_if_equals(name, None)


def keep(git: Repo, thing: ShaFile) -> str:
    """Write a git object; call it `locked`."""
    unlocking(lambda: git.object_store.add_object(thing))
    oid: str = thing.id.decode()
    return oid


def unlocking(write: Callable[[], T]) -> T:
    """Write git objects, taking away the locks that a killed server left; call it `locked`, so no lock is alive."""
    while True:
        try:
            return write()
        except FileLocked as abandoned:
            Path(os.fsdecode(abandoned.lockfilename)).unlink(missing_ok=True)


def get_commit(git: Repo, commit: str) -> Commit:
    """The commit object of a commit id that is known to exist."""
    found = git[ObjectID(commit.encode())]
    assert isinstance(found, Commit)
    return found


def new_commit(tree: str, *, parents: list[str], author: str, message: str) -> Commit:
    """A commit of ``tree``, made now."""
    commit = Commit()
    commit.tree = ObjectID(tree.encode())
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.author = commit.committer = _signature(author)
    commit.author_time = commit.commit_time = int(time.time())
    commit.author_timezone = commit.commit_timezone = 0
    commit.encoding = b"UTF-8"
    commit.message = message.encode("utf-8", "replace")
    return commit


def _signature(author: str) -> bytes:
    return f"{author} <{author}@users.noreply.localhub>".encode()


def _tag(ref: str, commit: str, *, message: str, author: str) -> Tag:
    tag = Tag()
    tag.name = GitRef(ref, commit).short_name.encode()
    tag.object = (Commit, ObjectID(commit.encode()))
    tag.tagger = _signature(author)
    tag.tag_time, tag.tag_timezone = int(time.time()), 0
    tag.message = message.encode("utf-8", "replace")
    return tag


def _target(git: Repo, ref: str) -> str | None:
    try:
        found: ShaFile = git[git.refs[Ref(ref.encode())]]
    except (KeyError, ValueError, NotADirectoryError, IsADirectoryError):
        return None
    while isinstance(found, Tag):
        found = git[found.object[1]]
    return found.id.decode() if isinstance(found, Commit) else None


def _commit_by_prefix(git: Repo, prefix: str) -> str | None:
    matches = [found for found in git.object_store.iter_prefix(prefix.encode()) if isinstance(git[found], Commit)]
    return matches[0].decode() if len(matches) == 1 else None
