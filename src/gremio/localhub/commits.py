"""Commits: the operations that huggingface_hub sends, one JSON object a line, and their effect on a tree."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dulwich.index import commit_tree
from dulwich.objects import Blob, ObjectID

from gremio.localhub.names import parse_path
from gremio.localhub.objects import Pointer, parse_oid
from gremio.localhub.refusals import bad_request, entry_not_found, revision_not_found, stale_parent
from gremio.localhub.repositories import Repository, keep, new_commit, unlocking
from gremio.localhub.snapshots import Snapshot, snapshot

_FILE_MODE = 0o100644


@dataclass(frozen=True)
class AddFile:
    """Write a file whose bytes came along."""

    path: str
    content: bytes


@dataclass(frozen=True)
class AddLarge:
    """Write a file whose bytes were uploaded before; ``size`` is None where the client copies."""

    path: str
    oid: str
    size: int | None


@dataclass(frozen=True)
class DeleteFile:
    """Delete one file."""

    path: str


@dataclass(frozen=True)
class DeleteFolder:
    """Delete a folder and what lies in it."""

    path: str


Operation = AddFile | AddLarge | DeleteFile | DeleteFolder


@dataclass(frozen=True)
class CommitRequest:
    """What a client wants to commit."""

    summary: str
    description: str
    parent: str | None
    operations: tuple[Operation, ...]

    @classmethod
    def parse(cls, body: bytes) -> CommitRequest:
        """Parse the NDJSON of the commit endpoint: a header, then the operations."""
        header: dict[str, Any] = {}
        operations = []
        for key, value in _lines(body):
            if key == "header":
                header = value
            else:
                operations.append(_operation(key, value))
        if not isinstance(header.get("summary"), str) or not header["summary"]:
            raise bad_request("a commit needs a summary")
        description = str(header.get("description") or "")
        return cls(header["summary"], description, header.get("parentCommit"), tuple(operations))

    @property
    def message(self) -> str:
        """As git keeps it."""
        return f"{self.summary}\n\n{self.description}" if self.description else self.summary


def make_commit(repo: Repository, request: CommitRequest, *, ref: str, author: str) -> str:
    """Commit to a branch or pull request; returns the commit, which is the old one if nothing changes.

    The reference moves last, so a commit that fails half way leaves the repository as it was.
    """
    with repo.locked():
        head = repo.head(ref)
        if head is None:
            raise revision_not_found(ref)
        if request.parent is not None and request.parent != head:
            raise stale_parent()
        with snapshot(repo, head) as before:
            tree = _apply(before, request.operations)
            if tree == before.tree.decode():
                return head
            commit = keep(before.git, new_commit(tree, parents=[head], author=author, message=request.message))
        repo.move_ref(ref, old=head, new=commit)
        return commit


def _lines(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in body.splitlines():
        try:
            item = json.loads(line)
            yield str(item["key"]), dict(item["value"])
        except (ValueError, KeyError, TypeError) as broken:
            raise bad_request("a line of the commit is no JSON object with key and value") from broken


def _operation(key: str, value: dict[str, Any]) -> Operation:
    path = parse_path(str(value.get("path", "")).removesuffix("/"))
    if key == "file":
        return AddFile(path, _decode(value))
    if key == "lfsFile":
        return AddLarge(path, parse_oid(str(value.get("oid", ""))), value.get("size"))
    if key == "deletedFile":
        return DeleteFile(path)
    if key == "deletedFolder":
        return DeleteFolder(path)
    raise bad_request(f"this local Hub knows no commit operation {key!r}")


def _decode(value: dict[str, Any]) -> bytes:
    content = str(value.get("content", ""))
    if value.get("encoding") != "base64":
        return content.encode()
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as broken:
        raise bad_request("a file of the commit is no base64") from broken


def _apply(before: Snapshot, operations: tuple[Operation, ...]) -> str:
    files = before.oids()
    for operation in operations:
        match operation:
            case AddFile(path):
                files[path] = _add_file(before, operation)
            case AddLarge(path):
                files[path] = _add_large(before, operation)
            case DeleteFile(path):
                if files.pop(path, None) is None:
                    raise entry_not_found(f"A file with this name doesn't exist: {path}", commit=before.commit)
            case DeleteFolder(path):
                _delete_folder(files, path, commit=before.commit)
    _check_no_file_is_a_folder(files)
    blobs = [(path.encode(), ObjectID(oid.encode()), _FILE_MODE) for path, oid in files.items()]
    tree: ObjectID = unlocking(lambda: commit_tree(before.git.object_store, blobs))
    return str(tree, "ascii")


def _add_file(before: Snapshot, operation: AddFile) -> str:
    content = operation.content
    if before.is_large(operation.path, len(content)) and content:
        oid = hashlib.sha256(content).hexdigest()
        if before.repo.objects.size(oid) is None:
            before.repo.objects.add(oid, len(content), [content])
        content = Pointer(oid, len(content)).format()
    return keep(before.git, Blob.from_string(content))


def _add_large(before: Snapshot, operation: AddLarge) -> str:
    size = before.repo.objects.size(operation.oid)
    if size is None or operation.size not in (None, size):
        raise bad_request(f"{operation.path} points to a large file that was not uploaded: {operation.oid}")
    return keep(before.git, Blob.from_string(Pointer(operation.oid, size).format()))


def _delete_folder(files: dict[str, str], folder: str, *, commit: str) -> None:
    inside = [path for path in files if path.startswith(f"{folder}/")]
    if not inside:
        raise entry_not_found(f"A folder with this name doesn't exist: {folder}", commit=commit)
    for path in inside:
        del files[path]


def _check_no_file_is_a_folder(files: dict[str, str]) -> None:
    for path in files:
        folder, slash, _ = path.rpartition("/")
        while slash:
            if folder in files:
                raise bad_request(f"{folder} can't be a file and the folder of {path}")
            folder, slash, _ = folder.rpartition("/")
