"""``gremio.lock`` as text."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.code import Digest, Origin
from gremio.errors import LockError
from gremio.trust.approvals import Approval
from gremio.workspace.entry import LockedCode, LockedModel, LockEntry
from gremio.workspace.lockfile import format_lock, parse, read_lock, write_lock

HEX = "0123456789abcdef"
text = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=20)
word = st.text("abcdefghij-_.é", min_size=1, max_size=12).filter(lambda name: name.strip(".") == name)
path = st.lists(word, min_size=1, max_size=3).map("/".join)
digest = st.text(HEX, min_size=64, max_size=64).map(Digest)
hashes = st.dictionaries(path, digest.map(str), max_size=3)
commit = st.text(HEX, min_size=40, max_size=40)
findings = st.lists(text, max_size=2).map(tuple)


@st.composite
def codes(draw):
    """Code as a lock has it."""
    found = draw(digest)
    at = draw(commit)
    approval = draw(st.none() | st.builds(Approval, st.just(found), word, word, text, findings))
    origin = Origin("hub", draw(word), at, at, draw(st.just("") | path))
    return LockedCode(origin, draw(path), found, draw(hashes), draw(st.dictionaries(word, text, max_size=2)), approval)


models = st.builds(LockedModel, word, commit | st.just(""), hashes, text, st.none() | codes())
names = st.from_regex(r"[A-Za-z0-9][\w.-]*", fullmatch=True)
entries = st.lists(
    st.builds(
        LockEntry, names, text, text, text, text, text, text, st.none() | codes(), st.none() | models, st.booleans()
    ),
    unique_by=lambda entry: entry.name,
    max_size=3,
)


@given(entries, st.randoms())
def test_what_is_written_is_read_again(some, rng: random.Random):
    """Every entry comes back equal, and the order in which entries are given changes nothing."""
    written = format_lock(some)
    assert parse(written) == {entry.name: entry for entry in some}
    mixed = list(some)
    rng.shuffle(mixed)
    assert format_lock(mixed) == written


@pytest.mark.parametrize(
    ("lock", "says"),
    [
        ("nonsense", "no TOML"),
        ("a = " + "[" * 5000, "no TOML"),
        ("", "lock-version"),
        ('lock-version = "2.0"', "lock-version is '2.0'"),
        ('lock-version = "1.0"\npipelines = 3', "list of tables"),
        ('lock-version = "1.0"\n[[pipelines]]', "name is None"),
        ('lock-version = "1.0"\n[[pipelines]]\nname = "../x"', "can't name"),
        ('lock-version = "1.0"\n[[pipelines]]\nname = "a"\nref = 1', "ref is 1"),
        ('lock-version = "1.0"\n[[pipelines]]\nname = "a"\n[[pipelines]]\nname = "a"', "twice"),
        ('lock-version = "1.0"\n[[pipelines]]\nname = "a"\ncode = 1', "code is 1"),
        ('lock-version = "1.0"\n[[pipelines]]\nname = "a"\n[pipelines.code]\nsource = "hub"', "repo is None"),
        (
            'lock-version = "1.0"\n[[pipelines]]\nname = "a"\n[pipelines.weights]\nrepo = "x"\n'
            '[pipelines.weights.files]\n"../up" = "sha256:' + "0" * 64 + '"',
            "a path is '../up'",
        ),
        (
            'lock-version = "1.0"\n[[pipelines]]\nname = "a"\n[pipelines.weights]\nrepo = "x"\n'
            '[pipelines.weights.files]\n"a" = "md5:0"',
            "a hash is 'md5:0'",
        ),
    ],
)
def test_what_is_no_lock_is_refused(lock, says):
    """The error names what is wrong and how to go on."""
    with pytest.raises(LockError) as refusal:
        parse(lock)
    assert says in str(refusal.value)
    assert refusal.value.next_step


def test_a_lock_that_is_not_there_has_no_entries(tmp_path):
    """And one that isn't text is refused."""
    assert read_lock(tmp_path / "gremio.lock") == {}
    (tmp_path / "gremio.lock").write_bytes(b"\xff\xfe")
    with pytest.raises(LockError, match="UTF-8"):
        read_lock(tmp_path / "gremio.lock")
    write_lock(tmp_path / "gremio.lock", [])
    assert read_lock(tmp_path / "gremio.lock") == {}
