"""The files of a repository at one commit."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from itertools import islice

from dulwich.attrs import GitAttributes, Pattern, parse_git_attributes
from dulwich.errors import NotTreeError
from dulwich.object_store import iter_tree_contents
from dulwich.objects import Blob, ObjectID, Tree
from dulwich.repo import Repo

from gremio.localhub.objects import Pointer
from gremio.localhub.refusals import entry_not_found
from gremio.localhub.repositories import Repository, get_commit

_LARGEST_POINTER = 200
_ALWAYS_LARGE = 10 * 1024 * 1024


@dataclass(frozen=True)
class Entry:
    """A file or folder; ``size`` is that of the content, wherever it is kept."""

    path: str
    oid: str
    size: int
    pointer: Pointer | None
    is_folder: bool

    @property
    def etag(self) -> str:
        """What identifies the content, as the real Hub does it: sha256 for large files, git's id for the others."""
        return self.pointer.oid if self.pointer else self.oid

    @property
    def pointer_size(self) -> int:
        """The size of what git holds for a large file."""
        return len(self.pointer.format()) if self.pointer else 0


class Snapshot:
    """A repository at a commit; get one from `snapshot`."""

    def __init__(self, repo: Repository, git: Repo, commit: str) -> None:
        self.repo = repo
        self.commit = commit
        self.git = git

    @cached_property
    def tree(self) -> ObjectID:
        """The git id of the root tree."""
        tree: ObjectID = get_commit(self.git, self.commit).tree
        return tree

    def entries(
        self, folder: str = "", *, recursive: bool = True, start: int = 0, stop: int | None = None
    ) -> Iterator[Entry]:
        """What lies in a folder, in git's order; folders come before their contents.

        Of a long list only the entries from ``start`` to ``stop`` are read.
        """
        prefix = f"{folder}/" if folder else ""
        tree = self._folder(folder)
        if recursive:
            found = iter_tree_contents(self.git.object_store, tree.id, include_trees=True)
        else:
            found = iter(tree.iteritems(name_order=True))
        named = (item for item in found if item.path)
        for item in islice(named, start, stop):
            yield self._entry(prefix + item.path.decode(), item.mode, item.sha)

    def files(self) -> Iterator[Entry]:
        """Every file."""
        return (entry for entry in self.entries() if not entry.is_folder)

    def oids(self) -> dict[str, str]:
        """Every file's path and git id; no file is read for that."""
        found = iter_tree_contents(self.git.object_store, self.tree)
        return {item.path.decode(): item.sha.decode() for item in found}

    def find(self, path: str) -> Entry | None:
        """The file or folder at ``path``, if there is one."""
        try:
            mode, oid = self._root.lookup_path(self.git.object_store.__getitem__, path.encode())
        except (KeyError, NotTreeError):
            return None
        return self._entry(path, mode, oid)

    def file(self, path: str) -> Entry:
        """The file at ``path``, or a refusal."""
        entry = self.find(path)
        if entry is None or entry.is_folder:
            raise entry_not_found("Entry not found", commit=self.commit)
        return entry

    def blob(self, entry: Entry) -> bytes:
        """What git holds for a file: its bytes, or the pointer to them."""
        blob = self.git[ObjectID(entry.oid.encode())]
        assert isinstance(blob, Blob)
        return bytes(blob.data)

    def text(self, path: str) -> str:
        """A small text file's content; empty if there is none."""
        entry = self.find(path)
        return "" if entry is None or entry.is_folder else self.blob(entry).decode("utf-8", "replace")

    def is_large(self, path: str, size: int) -> bool:
        """Whether a file belongs into the store of large files: by size, or by ``.gitattributes``."""
        return size >= _ALWAYS_LARGE or self._attributes.match_path(path.encode()).get(b"filter") == b"lfs"

    @cached_property
    def _attributes(self) -> GitAttributes:
        parsed = parse_git_attributes(BytesIO(self.text(".gitattributes").encode()))
        return GitAttributes([(Pattern(pattern), attributes) for pattern, attributes in parsed])

    @cached_property
    def _root(self) -> Tree:
        tree = self.git[self.tree]
        assert isinstance(tree, Tree)
        return tree

    def _folder(self, path: str) -> Tree:
        if not path:
            return self._root
        entry = self.find(path)
        tree = self.git[ObjectID(entry.oid.encode())] if entry and entry.is_folder else None
        if not isinstance(tree, Tree):
            raise entry_not_found(f"{path} does not exist on {self.commit}", commit=self.commit)
        return tree

    def _entry(self, path: str, mode: int, oid: ObjectID) -> Entry:
        if stat.S_ISDIR(mode):
            return Entry(path, oid.decode(), 0, None, True)
        blob = self.git[oid]
        size = blob.raw_length()
        pointer = Pointer.parse(blob.as_raw_string()) if size <= _LARGEST_POINTER else None
        return Entry(path, oid.decode(), pointer.size if pointer else size, pointer, False)


@contextmanager
def snapshot(repo: Repository, commit: str) -> Iterator[Snapshot]:
    """The files of ``repo`` at ``commit``."""
    with repo.git() as git:
        yield Snapshot(repo, git, commit)
