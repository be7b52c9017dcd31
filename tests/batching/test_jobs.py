"""Files of jobs as rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gremio.batching.jobs import Axis, Row, crossed, parse_axes, read_jobs
from gremio.batching.jobs.row import Jobs
from gremio.errors import OptionError


def test_csv_has_lines_and_cells(tmp_path: Path) -> None:
    """Quotes, line ends in cells, a byte order mark and empty cells are what spreadsheets write."""
    file = tmp_path / "jobs.csv"
    file.write_bytes(b'\xef\xbb\xbfid,prompt,num-steps\r\nfox,"a fox,\r\nred",3\r\n,an owl,\r\n')
    rows = read_jobs(file).rows
    assert [(row.id, row.place, dict(row.cells)) for row in rows] == [
        ("fox", "line 2", {"prompt": "a fox,\r\nred", "num_steps": "3"}),
        ("000002", "line 4", {"prompt": "an owl"}),
    ]


def test_bad_rows_are_gathered(tmp_path: Path) -> None:
    """Ids that name no file or two rows, and cells without a column."""
    file = tmp_path / "jobs.csv"
    file.write_text("id,prompt\n../up,x\nFox,x\nfox,y\na,b,c\n")
    assert [str(each).split(":")[0] for each in read_jobs(file).problems] == ["line 2", "line 4", "line 5"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("jobs.csv", "prompt\n", "no rows"),
        ("jobs.csv", "prompt,prompt\nx,y\n", "twice"),
        ("jobs.csv", "prompt,\nx,y\n", "name every column"),
        ("jobs.txt", "x", ".jsonl"),
        ("jobs.parquet", "x", "Parquet"),
    ],
)
def test_what_is_no_file_of_jobs_is_refused(tmp_path: Path, name: str, text: str, says: str) -> None:
    """The error says why."""
    (tmp_path / name).write_text(text)
    with pytest.raises(OptionError, match=says):
        read_jobs(tmp_path / name)


def test_parquet_has_types(tmp_path: Path) -> None:
    """Numbers and lists stay what they are, null is no cell."""
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.table({"prompt": ["a", None], "steps": [3, 4], "sigmas": [[0.5], None]})
    pyarrow.parquet.write_table(table, tmp_path / "jobs.parquet")
    rows = read_jobs(tmp_path / "jobs.parquet").rows
    assert [dict(row.cells) for row in rows] == [{"prompt": "a", "steps": 3, "sigmas": [0.5]}, {"steps": 4}]


def test_a_folder_has_a_row_for_each_picture(tmp_path: Path) -> None:
    """Named as the pictures are."""
    for name in ("b c.png", "a.jpg", "a.png", "notes.txt"):
        Image.new("RGB", (1, 1)).save(tmp_path / name) if name != "notes.txt" else (tmp_path / name).touch()
    rows = read_jobs(tmp_path).rows
    assert [(row.id, row.cells["image"]) for row in rows] == [
        ("a-jpg", "@a.jpg"),
        ("a-png", "@a.png"),
        ("b-c", "@b c.png"),
    ]


@pytest.mark.parametrize(
    ("texts", "axes"),
    [
        (["steps=10,20 seed=1..3"], [("steps", ("10", "20")), ("seed", ("1", "2", "3"))]),
        (["prompt=a fox,an owl"], [("prompt", ("a fox", "an owl"))]),
        (['prompt="a fox, red",an owl', "num-steps=2"], [("prompt", ("a fox, red", "an owl")), ("num_steps", ("2",))]),
    ],
)
def test_axes(texts: list[str], axes: list[tuple[str, tuple[str, ...]]]) -> None:
    """Lists, ranges and quotes."""
    assert parse_axes(texts) == tuple(Axis(*each) for each in axes)


@pytest.mark.parametrize("texts", [["steps"], ["=1"], ["seed=4..1"], ["seed=1..9999999999"], ["a=1", "a=2"], ["a="]])
def test_no_axes(texts: list[str]) -> None:
    """What is none is refused."""
    with pytest.raises(OptionError):
        parse_axes(texts)


def test_a_column_can_not_be_an_axis_too() -> None:
    """Nobody could say which counts."""
    jobs = Jobs((Row("a", "line 2", {"steps": "3"}),))
    assert str(crossed(jobs, [Axis("steps", ("1", "2"))]).problems[0]) == "line 2: steps is a column and in --grid"


@given(st.text(max_size=20), st.integers(0, 2**63 - 1))
def test_the_seed_of_a_row_is_its_own(name: str, seed: int) -> None:
    """It follows from the job's seed and the id, and is one that JSON and every pipeline can hold."""
    row = Row(name, "", {})
    assert row.seed(seed) == Row(name, "elsewhere", {"prompt": "x"}).seed(seed)
    assert 0 <= row.seed(seed) < 2**48
