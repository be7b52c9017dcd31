"""The identity of code."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gremio.code import Digest
from gremio.errors import RefError

trees = st.dictionaries(st.text(min_size=1, max_size=8), st.binary(max_size=16), max_size=5)


@given(trees, st.randoms(use_true_random=False))
def test_the_order_of_files_plays_no_part(files, order: random.Random):
    """The same files in any order have one digest."""
    shuffled = list(files.items())
    order.shuffle(shuffled)
    assert Digest.of_files(dict(shuffled)) == Digest.of_files(files)


@given(trees, trees)
def test_different_files_have_different_digests(one, other):
    """Any difference in a path or a byte shows."""
    assume(one != other)
    assert Digest.of_files(one) != Digest.of_files(other)


@given(trees, st.data())
def test_any_single_change_changes_the_digest(files, data):
    """One byte more, a file renamed, a file gone: each is another digest."""
    assume(files)
    path = data.draw(st.sampled_from(sorted(files)))
    longer = {**files, path: files[path] + b"x"}
    less = {name: text for name, text in files.items() if name != path}
    renamed = {**less, f"{path}x": files[path]}
    assume(renamed != files)
    assert len({Digest.of_files(each) for each in (files, longer, less, renamed)}) == len(
        {tuple(sorted(each.items())) for each in (files, longer, less, renamed)}
    )


def test_a_path_can_not_imitate_two_entries():
    """A path with a newline and a digest in it is not read as another entry."""
    inner = hashlib.sha256(b"1").hexdigest()
    forged = {f"a {inner}\n1 b": b"2"}
    assert Digest.of_files(forged) != Digest.of_files({"a": b"1", "b": b"2"})


@given(st.binary(max_size=64))
def test_writing_and_parsing_agree(data):
    """What is written for people is read back, with the prefix or without."""
    digest = Digest.of_bytes(data)
    assert digest.hex == hashlib.sha256(data).hexdigest()
    assert Digest.parse(str(digest)) == Digest.parse(digest.hex) == Digest.parse(digest.hex.upper()) == digest
    assert digest.hex.startswith(digest.short)


@given(st.text())
def test_parsing_gives_a_digest_or_a_ref_error(text):
    """``is_digest`` tells beforehand what ``parse`` does."""
    if Digest.is_digest(text):
        assert Digest.parse(text)
    else:
        with pytest.raises(RefError):
            Digest.parse(text)
