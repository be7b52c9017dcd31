"""Names that travel in URLs, and the pointers that git holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.localhub.names import RepoName, parse_branch_or_tag, parse_path
from gremio.localhub.objects import Pointer
from gremio.localhub.refusals import Refusal

NASTY = st.text(st.sampled_from("ab./\\-~:*\0\n ñ@{^"), max_size=12)


@given(NASTY | st.text(max_size=20))
def test_a_path_stays_inside(text: str) -> None:
    """A path that is accepted lies below the folder it is joined to."""
    try:
        path = parse_path(text)
    except Refusal:
        return
    folder = Path("/repository")
    joined = folder / path
    assert joined.is_relative_to(folder)
    assert ".." not in joined.parts
    assert path == text


@given(NASTY)
def test_a_repository_stays_inside(text: str) -> None:
    """A repository id that is accepted has two plain parts and is written as it was parsed."""
    try:
        name = RepoName.parse("model", text)
    except Refusal:
        return
    assert name.id == text
    assert not {name.namespace, name.name} & {"", ".", ".."}
    assert "/" not in name.name


@given(NASTY)
def test_a_branch_stays_inside(text: str) -> None:
    """A branch that is accepted is one that git accepts."""
    from dulwich.refs import Ref, check_ref_format

    try:
        branch = parse_branch_or_tag(text)
    except Refusal:
        return
    assert check_ref_format(Ref(f"refs/heads/{branch}".encode()))


@given(st.binary(min_size=32, max_size=32), st.integers(0, 10**18))
def test_pointers(oid: bytes, size: int) -> None:
    """A pointer is read back from what git holds."""
    pointer = Pointer(oid.hex(), size)
    assert Pointer.parse(pointer.format()) == pointer


@pytest.mark.parametrize("blob", [b"", b"version https://git-lfs.github.com/spec/v1\n", b"oid sha256:0\nsize 1\n"])
def test_other_blobs(blob: bytes) -> None:
    """Other content is not taken for a pointer."""
    assert Pointer.parse(blob) is None
