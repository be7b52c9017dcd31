"""What ``trust_remote_code`` may be and what it grants."""

from __future__ import annotations

from pathlib import Path

import pytest

from gremio.code import CodeTree, Digest, Origin
from gremio.errors import OptionError, RefError
from gremio.trust import Grant

DIGEST = Digest.of_bytes(b"code")


@pytest.mark.parametrize(
    ("value", "grant"),
    [
        (None, Grant()),
        (False, Grant()),
        (True, Grant(named=True)),
        ("a/b", Grant(places=frozenset({"a/b"}))),
        (["a/b", "c/d"], Grant(places=frozenset({"a/b", "c/d"}))),
        ({"a/b"}, Grant(places=frozenset({"a/b"}))),
        (Path("/code"), Grant(places=frozenset({"/code"}))),
        (str(DIGEST), Grant(digests=frozenset({DIGEST}))),
        ([DIGEST.hex, "a/b"], Grant(places=frozenset({"a/b"}), digests=frozenset({DIGEST}))),
        ([], Grant()),
        ([True, "a/b"], Grant(named=True, places=frozenset({"a/b"}))),
        ([False], Grant()),
    ],
)
def test_the_argument_is_read(value, grant):
    """A bool, a repo id, a folder, a digest, or several."""
    assert Grant.parse(value) == grant


@pytest.mark.parametrize("value", [1, 0, 1.5, ["a/b", 3], object(), b"a/b", {"a/b": object()}.values()])
def test_anything_else_is_refused(value):
    """A grant is never guessed."""
    with pytest.raises(OptionError, match="trust_remote_code"):
        Grant.parse(value)


@pytest.mark.parametrize(
    ("place", "origin", "covered"),
    [
        ("a/b", Origin("hub", "a/b", "c" * 40), True),
        ("a/b", Origin("hub", "a/bc", "c" * 40), False),
        ("A/B", Origin("hub", "a/b", "c" * 40), False),
        ("a/b", Origin("local", "/somewhere/a/b"), False),
        ("/code", Origin("local", "/code"), True),
        ("~nobody-here/x", Origin("local", "/code"), False),
        ("/code/../code/", Origin("local", "/code"), True),
        ("/code", Origin("local", "/code/inner"), False),
        ("/code", Origin("hub", "code/x"), False),
    ],
)
def test_a_place_covers_exactly_itself(place, origin, covered):
    """A repo id names one repository, a path one folder."""
    tree = CodeTree({"pipeline.py": b""}, "pipeline.py", origin)
    assert Grant.parse([place]).names_place(tree) is covered


def test_a_relative_path_is_of_the_current_directory(tmp_path, monkeypatch):
    """As everywhere, a relative folder starts where the process is."""
    monkeypatch.chdir(tmp_path)
    tree = CodeTree({"pipeline.py": b""}, "pipeline.py", Origin("local", str(tmp_path / "code")))
    assert Grant.parse("./code").names_place(tree)


def test_a_digest_cut_short_is_not_taken_for_a_place():
    """What was meant as a digest and is none is refused."""
    with pytest.raises(RefError, match="not a digest"):
        Grant.parse(["sha256:12"])
