"""The commits of a repository, newest first. They form a line: nothing here ever merges."""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator

from dulwich.objects import Commit, ObjectID, Tree
from dulwich.repo import Repo

from gremio.localhub.repo_settings import timestamp
from gremio.localhub.repositories import get_commit


def history(git: Repo, commit: str) -> Iterator[Commit]:
    """The commit and its ancestors."""
    found = get_commit(git, commit)
    yield found
    while found.parents:
        found = get_commit(git, found.parents[0].decode())
        yield found


def describe(commit: Commit) -> dict[str, object]:
    """A commit as the API lists it."""
    title, _, rest = commit.message.decode("utf-8", "replace").partition("\n")
    author = commit.author.decode("utf-8", "replace").rpartition(" <")[0]
    return {
        "id": commit.id.decode(),
        "title": title,
        "message": rest.lstrip("\n"),
        "authors": [{"user": author, "avatar": ""}],
        "date": timestamp(commit.commit_time),
    }


def last_changes(git: Repo, commit: str, paths: Iterable[str]) -> dict[str, Commit]:
    """For each path, the commit that gave it its present content."""
    now = get_commit(git, commit)
    wanted = {path: _oid(git, now, path) for path in paths}
    found: dict[str, Commit] = {}
    newer = now
    for older in history(git, commit):
        for path in [path for path, oid in wanted.items() if _oid(git, older, path) != oid]:
            found[path] = newer
            del wanted[path]
        if not wanted:
            return found
        newer = older
    return found | dict.fromkeys(wanted, newer)


def _oid(git: Repo, commit: Commit, path: str) -> ObjectID | None:
    oid: ObjectID | None = commit.tree
    mode = stat.S_IFDIR
    for part in path.encode().split(b"/"):
        tree = git[oid] if stat.S_ISDIR(mode) and oid is not None else None
        if not isinstance(tree, Tree) or part not in tree:
            return None
        mode, oid = tree[part]
    return oid
