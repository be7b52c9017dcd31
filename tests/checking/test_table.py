"""The table, its numbers and its page."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gremio.checking.counting import counts, side_by_side
from gremio.checking.markdown import page
from gremio.checking.table import Column, Entry, Table
from gremio.checking.trial.report import Finding, Report
from gremio.errors import OptionError
from gremio.machine.processes import Trouble

RUNS = Report("x", "P", loads=True, runs=True, reached="done", output_digest="aa")
FAILS = Report("x", error=Trouble("KeyError", "no `a` | b in /home/somebody/code/x.py", "x.py:7"), reached="load")
OWN = {"moat": Finding("yes", "2: the output differs"), "flag": Finding("unknown", "nothing | tells")}
PARTLY = replace(FAILS, loads=True, reached="own", own_arguments={"depth": Finding("error", "3: KeyError: 3")})
MAIN = Column("main", "0.42.1")
OLD = Column("v0.9.0", "0.42.1")


def entry(name: str, report: Report, column: Column = MAIN, date: str = "2026-08-02") -> Entry:
    """One entry of a table."""
    return Entry(name, column, "sha256:1", {"diffusers": column.diffusers, "torch": "2.13"}, {}, {}, date, report)


def plain(column: Column) -> Column:
    """The column beside it."""
    return replace(column, loader="diffusers")


@pytest.fixture
def table() -> Table:
    """Two versions, and plain diffusers beside one of them."""
    return Table.of(
        [
            entry("tower", FAILS),
            entry("castle", replace(RUNS, mends=("a",), relocations=("b",), own_arguments=OWN, sibling="Stock")),
            entry("moat", replace(FAILS, missing=("opencv-python", "detectron2"))),
            entry("scheduler", replace(FAILS, error=Trouble("NoClass", "none"))),
            entry("gate", replace(RUNS, findings={"own_code": Finding("no")})),
            entry("castle", RUNS, plain(MAIN)),
            entry("gate", replace(RUNS, output_digest="bb"), plain(MAIN)),
            entry("tower", RUNS, plain(MAIN)),
            entry("scheduler", FAILS, plain(MAIN)),
            entry("castle", RUNS, OLD, date="2026-08-01"),
            entry("castle", RUNS, Column("v0.30.0", "0.42.1")),
        ]
    )


def test_what_is_written_is_read_again(table: Table, tmp_path: Path) -> None:
    """The file holds everything, and the same table gives the same bytes in whatever order it was filled."""
    file, again = tmp_path / "a.json", tmp_path / "b.json"
    table.save(file)
    loaded = Table.load(file)
    assert list(loaded) == list(table)
    Table.of(reversed(list(table))).save(again)
    assert file.read_bytes() == again.read_bytes()
    assert page(loaded) == page(table)


def test_columns_are_in_the_order_of_versions(table: Table) -> None:
    """0.9 is older than 0.30, main is the newest, and Gremio's own stands behind plain diffusers."""
    assert [(column.version, column.loader) for column in table.columns()] == [
        ("v0.9.0", "gremio"), ("v0.30.0", "gremio"), ("main", "diffusers"), ("main", "gremio"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "other", "entries": []}', "\x00", '{"a": 1}'])
def test_another_file_is_not_taken_for_a_table(tmp_path: Path, text: str) -> None:
    """Nor would it be written over."""
    (tmp_path / "t.json").write_text(text)
    with pytest.raises(OptionError, match="is no table"):
        Table.load(tmp_path / "t.json")


def test_what_is_not_there_is_an_empty_table(tmp_path: Path) -> None:
    """A first check begins with it, and its page says so."""
    assert len(Table.load(tmp_path / "t.json")) == 0
    assert "Nothing was checked yet" in page(Table())


def test_files_without_a_pipeline_count_for_nothing(table: Table) -> None:
    """Counts are per column; what runs without code of its own is named."""
    found = {each.column: each for each in counts(table)}
    assert (found[MAIN].runs, found[MAIN].pipelines) == (2, 4)
    assert (found[plain(MAIN)].runs, found[plain(MAIN)].pipelines) == (3, 3), "whatever plain diffusers says of it"
    assert found[MAIN].stock == ("gate",)
    assert json.dumps([each.as_dict() for each in found.values()])


def test_two_loaders_are_compared_where_both_run(table: Table) -> None:
    """Equal outputs, different ones, and what only plain diffusers runs."""
    (pair,) = side_by_side(table)
    assert (pair.both, pair.identical, pair.differing, pair.only_diffusers) == (2, 1, ("gate",), ("tower",))


def test_what_is_random_is_not_called_different() -> None:
    """A pipeline whose output no seed settles is apart."""
    random = replace(RUNS, output_digest="cc", findings={"deterministic": Finding("no")})
    (pair,) = side_by_side(Table.of([entry("sea", random), entry("sea", RUNS, plain(MAIN))]))
    assert (pair.both, pair.differing, pair.unsettled) == (1, (), ("sea",))


def test_the_page_says_what_works_and_why_not(table: Table) -> None:
    """Counts, files by version, reasons with the command that helps; no folder of this machine, no broken table."""
    text = page(table)
    lines = text.splitlines()
    assert "Checked from 2026-08-01 to 2026-08-02" in text
    assert "- torch 2.13" in lines
    assert "| main | 0.42.1 | gremio | **2 of 4** | 1 | 1 | 1 | 1 of 2 |" in lines
    castle = "| `castle` | **runs** | **runs** | **runs** | **runs 1/2** (mended, relocated) |"
    assert castle in lines
    assert "- `tower`, does not load: `KeyError: no 'a' | b in …/x.py` at `x.py:7`" in lines
    assert "- `moat`, packages missing: `pip install opencv-python; detectron2: install it" in text
    assert "- `castle`, beside `Stock`: `flag`: `nothing | tells`" in lines
    assert "/home" not in text
    rows = [line for line in lines if line.startswith("| `")]
    assert {line.count("|") for line in rows} == {6}
    assert "**runs, no code of its own**" in text


def test_what_fails_with_an_argument_of_its_own_does_not_run() -> None:
    """It is counted apart, with what there is to say of its arguments."""
    table = Table.of([entry("well", PARTLY)])
    (found,) = counts(table)
    assert (found.runs, found.by_outcome, found.exercised, found.own) == (0, {"partly": 1}, 0, 1)
    assert "| `well` | own argument fails 0/1 |" in page(table)


def test_a_file_is_written_whole_with_ordinary_rights(tmp_path: Path) -> None:
    """It can be read by whom the person's other files can; nothing else is left behind; a bad place is said."""
    table = Table.of([entry("castle", RUNS)])
    table.save(tmp_path / "new" / "t.json")
    (tmp_path / "other").write_text("")
    assert (tmp_path / "new" / "t.json").stat().st_mode == (tmp_path / "other").stat().st_mode
    with pytest.raises(OptionError, match="can't be written"):
        table.save(tmp_path / "other" / "t.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OptionError, match="can't be written"):
        table.save(tmp_path / "folder")
    assert {path.name for path in tmp_path.rglob("*")} == {"new", "t.json", "other", "folder"}
