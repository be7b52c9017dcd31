"""Trees of code, and which paths they may hold."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.code import CodeTree, Origin, check_path
from gremio.errors import EntryNotFound, UnsafePath

HERE = Origin("local", "/code")
pieces = st.sampled_from([".", "..", "", "a", "b.py", "~", "C:", "a:b", "\\", "..\\x", "\0", " ", "...", "-", "ñ"])


@given(st.lists(pieces, min_size=1, max_size=5).map("/".join))
def test_an_accepted_path_stays_inside(path):
    """Whatever ``check_path`` lets through lies below the folder that it is joined to."""
    try:
        assert check_path(path) == path
    except UnsafePath:
        return
    root = Path("/root/folder")
    joined = root / path
    assert joined.is_relative_to(root)
    assert joined != root
    assert ".." not in joined.parts
    assert "\\" not in path


@given(st.text(max_size=20))
def test_any_text_is_a_path_or_unsafe(text):
    """No text makes the check fail in another way."""
    try:
        check_path(text)
    except UnsafePath:
        return
    assert text
    assert not text.startswith("/")


@pytest.mark.parametrize(
    "path", ["../x.py", "a/../../x.py", "/x.py", "a//x.py", "C:/x.py", "a\\x.py", "", "./x.py", "a/"]
)
def test_a_tree_refuses_paths_that_leave_it(path):
    """Such a path never gets into a tree."""
    with pytest.raises(UnsafePath):
        CodeTree({"pipeline.py": b"", path: b""}, "pipeline.py", HERE)


def test_the_digest_is_of_the_files_alone():
    """Entry and origin play no part; two entries of one repository share one digest."""
    files = {"a.py": b"1", "b.py": b"2"}
    first = CodeTree(files, "a.py", HERE)
    assert first.digest == first.with_entry("b.py").digest
    assert first.digest == CodeTree(files, "a.py", Origin("hub", "x/y", "0" * 40, "main")).digest


def test_an_entry_that_is_not_there_lists_the_python_files():
    """The error suggests what is."""
    with pytest.raises(EntryNotFound) as caught:
        CodeTree({"a.py": b"", "x.json": b""}, "pipeline.py", HERE)
    assert caught.value.nearest == ("a.py",)


def test_a_tree_is_frozen_and_pickles():
    """Its files can't be changed; a copy by pickle is equal."""
    tree = CodeTree({"pipeline.py": b"x = 1"}, "pipeline.py", HERE)
    with pytest.raises(TypeError):
        tree.files["pipeline.py"] = b""  # type: ignore[index]
    copied = pickle.loads(pickle.dumps(tree))
    assert (copied, copied.digest) == (tree, tree.digest)


@pytest.mark.parametrize(
    ("origin", "text", "remote"),
    [
        (HERE, "local /code", False),
        (Origin("hub", "a/b", "c0", "main"), "hub a/b@c0", True),
        (Origin("mirror", "d/m", "c0", "v1", "v1"), "mirror d/m@c0:v1", True),
    ],
)
def test_an_origin_is_readable(origin, text, remote):
    """The text names what is known; only a local folder is not remote."""
    assert (str(origin), origin.remote) == (text, remote)
