"""Small records."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.errors import StoreError
from gremio.machine.records import Records


@given(
    key=st.text(max_size=40).filter(lambda s: s.isprintable()),
    value=st.dictionaries(st.text(max_size=5), st.integers()),
)
def test_what_is_put_is_got(tmp_path_factory, key, value):
    """Any key and any JSON object come back; other kinds and keys stay empty."""
    records = Records(tmp_path_factory.mktemp("home"))
    records.put("used", key, value)
    assert records.get("used", key) == value
    assert records.get("other", key) is None
    assert records.get("used", f"{key}x") is None


def test_a_later_record_replaces_the_earlier(tmp_path):
    """There is one record per key."""
    records = Records(tmp_path)
    for n in range(3):
        records.put("used", "a", {"n": n})
    assert records.get("used", "a") == {"n": 2}
    assert len(list(tmp_path.rglob("*"))) == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"key": "other", "value": {}}', '{"key": "a", "value": 3}', "\xff"]
)
def test_a_damaged_record_is_none(tmp_path, text):
    """What can't be read as this record counts as not being there."""
    records = Records(tmp_path)
    records.put("used", "a", {"n": 1})
    (file,) = tmp_path.rglob("*.json")
    file.write_text(text, encoding="latin-1")
    assert records.get("used", "a") is None


def test_a_reader_sees_a_whole_record(tmp_path):
    """While threads write and read one key, every reading is one of the writings."""
    records = Records(tmp_path)
    records.put("used", "a", {"text": "0" * 5000})

    def work(n: int) -> bool:
        records.put("used", "a", {"text": str(n % 10) * 5000})
        found = records.get("used", "a")
        return found is not None and len(set(found["text"])) == 1 and len(found["text"]) == 5000

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(60)))
    assert len(list(tmp_path.rglob("*.json"))) == 1
    assert not list(tmp_path.rglob(".new-*"))


def test_a_home_that_is_a_file_is_a_store_error(tmp_path):
    """The error names the place and says what to do."""
    (tmp_path / "home").write_text("")
    with pytest.raises(StoreError, match="GREMIO_HOME"):
        Records(tmp_path / "home").put("used", "a", {})
