"""Stored trees: whole or not at all, and verified on every read."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gremio.code import CodeTree, Digest, Origin
from gremio.errors import StoreError
from gremio.machine.records import Records
from gremio.sources.trees import Trees

FILES = {"pipeline.py": b"x = 1\n", "a/b/c.py": b"y = 2\n", "a/data.json": b"{}"}


@pytest.fixture
def tree() -> CodeTree:
    """Three files in three folders."""
    return CodeTree(FILES, "pipeline.py", Origin("local", "/code"))


@pytest.fixture
def trees(tmp_path) -> Trees:
    """An empty store."""
    return Trees(tmp_path / "store")


def test_a_kept_tree_comes_back(trees, tree):
    """Its files lie under their paths, read-only, and are read back as they were."""
    folder = trees.keep(tree)
    assert folder == trees.folder(tree.digest)
    assert {p: (folder / p).read_bytes() for p in FILES} == FILES
    assert not (folder / "pipeline.py").stat().st_mode & 0o222
    assert trees.files(tree.digest) == FILES


def test_an_unknown_tree_is_none(trees):
    """Nothing is made up."""
    assert trees.files(Digest.of_bytes(b"")) is None


DAMAGES = {
    "changed": lambda folder: _write(folder / "pipeline.py", b"x = 3\n"),
    "shorter": lambda folder: _write(folder / "pipeline.py", b""),
    "another file": lambda folder: _write(folder / "more.py", b""),
    "a file less": lambda folder: (folder / "a" / "data.json").unlink(),
    "a folder less": lambda folder: shutil.rmtree(folder / "a"),
}


def _write(path: Path, data: bytes) -> None:
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(data)


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_tree_is_refused_and_replaced(trees, tree, damage):
    """Reading says where the damage is; keeping the tree again mends it."""
    folder = trees.keep(tree)
    DAMAGES[damage](folder)
    with pytest.raises(StoreError, match=str(folder)):
        trees.files(tree.digest)
    trees.keep(tree)
    assert trees.files(tree.digest) == FILES


def test_bytecode_that_others_left_is_nobodys_code(trees, tree):
    """A ``__pycache__`` is neither damage nor part of the tree."""
    folder = trees.keep(tree)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "pipeline.cpython-311.pyc").write_bytes(b"?")
    assert trees.files(tree.digest) == FILES


def test_keeping_at_once(trees, tree):
    """Eight threads that keep one tree at once leave one whole copy."""
    together = threading.Barrier(8)

    def keep(_: int) -> dict[str, bytes] | None:
        together.wait(10)
        trees.keep(tree)
        return trees.files(tree.digest)

    with ThreadPoolExecutor(8) as pool:
        assert all(files == FILES for files in pool.map(keep, range(8)))
    assert [p.name for p in trees.folder(tree.digest).parent.iterdir() if p.is_dir()] == [tree.digest.hex]


def test_a_full_disk_leaves_nothing_half_written(trees, tree, monkeypatch):
    """When the second file does not fit any more, the error says so and no part of the tree stays."""
    write, written = Path.write_bytes, []

    def write_bytes(self: Path, data: bytes) -> int:
        written.append(self)
        if len(written) == 2:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self))
        return write(self, data)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", write_bytes)
        with pytest.raises(StoreError, match="disk is full"):
            trees.keep(tree)
    assert not [p for p in trees.folder(tree.digest).parent.iterdir() if p.is_dir()]
    assert trees.files(tree.digest) is None
    trees.keep(tree)
    assert trees.files(tree.digest) == FILES


def test_a_full_disk_leaves_the_former_record(tmp_path, monkeypatch):
    """A record that does not fit leaves the one before it, and no temporary file."""
    records = Records(tmp_path)
    records.put("used", "a", {"n": 1})
    fdopen = os.fdopen

    class Full:
        def __init__(self, *args: object, **options: object) -> None:
            self._file = fdopen(*args, **options)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            self._file.close()

        def write(self, data: bytes) -> int:
            self._file.write(data[:3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdopen", Full)
        with pytest.raises(StoreError, match="disk is full"):
            records.put("used", "a", {"n": 2})
    assert records.get("used", "a") == {"n": 1}
    assert len([p for p in tmp_path.rglob("*") if p.is_file()]) == 1
