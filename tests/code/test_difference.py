"""What changed between two trees, for a person."""

from gremio.code import Difference


def test_the_change_is_shown() -> None:
    """Each changed file with its counts, and the lines, as far as a person reads."""
    change = Difference.between(
        {"a.py": b"1\n2\n3\n", "same.py": b"x"}, {"a.py": b"1\n2b\n3\n", "new.py": b"n\n", "same.py": b"x"}
    )
    assert list(map(str, change.files)) == ["a.py  +1 -1", "new.py  +1 -0"]
    assert "-2\n+2b" in change.diff
    long = Difference.between({}, {"a.py": b"line\n" * 500})
    assert long.diff.splitlines()[-1] == "… and 303 more lines"
