"""A job from its rows to its files, with all that may happen on the way."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tests.batching.conftest import PAINTER, same

from gremio.batching.batch import Report
from gremio.errors import BadRows, BatchError, DiskFull, JobDiffers, TooManyFailures
from gremio.running.outputs import read_metadata

Paint = Callable[..., Report]
Jobs = Callable[..., Path]


def rows(count: int, **more: object) -> list[dict[str, object]]:
    """So many rows."""
    return [{"prompt": f"fox {number}", **more} for number in range(count)]


def files(folder: Path) -> dict[str, bytes]:
    """Pictures by name."""
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def test_rows_become_files_and_a_manifest(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """Each row has a file that tells how to draw it again, and a line with the hash of its bytes."""
    report = paint(jobs({"id": "red-fox", "prompt": "a fox · 狐", "steps": 3}, {"prompt": "an owl", "seed": 4}))
    assert (report.drawn, report.failed, [each.row for each in report.made]) == (2, 0, ["red-fox", "000002"])
    told = read_metadata(tmp_path / "out" / "red-fox.png")
    assert told["gremio:prompt"] == "a fox · 狐"
    assert told["gremio:seed"] == str(report.made[0].seed)
    assert read_metadata(tmp_path / "out" / "000002.png")["gremio:seed"] == "4"
    head, *lines = map(json.loads, (tmp_path / "out" / "manifest.jsonl").read_text().splitlines())
    assert head["job"]["code-digest"] == lines[0]["code"] == report.made[0].code
    assert [line["row"] for line in lines] == ["red-fox", "000002"]
    assert lines[0]["files"][0]["sha256"] == _sha256(tmp_path / "out" / "red-fox.png")


def test_workers_and_order_change_no_byte(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """Two workers draw what one draws, and a row is what it is whichever rows are around it."""
    every = jobs(*({"id": f"r{n}", "prompt": f"fox {n}"} for n in range(7)))
    one = paint(every)
    two = paint(every, out=tmp_path / "two", workers=2)
    assert same(one) == same(two)
    turned = jobs(*({"id": f"r{n}", "prompt": f"fox {n}"} for n in (6, 2)), name="turned.jsonl")
    paint(turned, out=tmp_path / "turned")
    assert files(tmp_path / "out") == files(tmp_path / "two")
    assert files(tmp_path / "turned").items() <= files(tmp_path / "out").items()
    assert len(set(files(tmp_path / "out").values())) == 7


def test_all_bad_rows_are_told_at_once(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """Before anything is drawn, each with its line."""
    file = jobs({"prompt": "x"}, {"steps": 3}, {"prompt": "x", "stepz": 1}, {"prompt": "x", "image": "@nowhere.png"})
    file.write_text(file.read_text() + "{no json\n")
    with pytest.raises(BadRows) as refused:
        paint(file)
    assert [each.place for each in refused.value.problems] == ["line 5", "line 2", "line 3", "line 4"]
    for words in ("4 of 5 rows", "no JSON", "needs prompt", "'stepz'", "nowhere.png"):
        assert words in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_row_that_fails_stops_no_other(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """It is recorded with its error, shown escaped, and drawn when it is tried again and can be."""
    once = f"{tmp_path / 'marker'}:raise"
    file = jobs({"prompt": "x", "trouble": "raise"}, {"prompt": "<script>"}, {"prompt": "y", "trouble": once})
    report = paint(file)
    assert [each.error for each in report.made][:2] == ["ValueError: no <b>paint</b> & no brush", ""]
    page = (tmp_path / "out" / "index.html").read_text()
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert "no &lt;b&gt;paint&lt;/b&gt;" in page
    assert paint(file, resume=True).drawn == 0
    again = paint(file, resume=True, retry_failed=True)
    assert (again.before, again.drawn, again.failed) == (1, 1, 1)
    with pytest.raises(TooManyFailures, match="2 rows failed"):
        paint(jobs(*rows(9, trouble="raise")), out=tmp_path / "many", max_failures=1)


def test_a_worker_that_is_killed_is_replaced(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """What it was at is tried again, and given up once it has killed too many."""
    once = f"{tmp_path / 'marker'}:exit"
    file = jobs({"prompt": "a"}, {"prompt": "b", "trouble": once}, {"prompt": "c", "trouble": "exit"}, {"prompt": "d"})
    report = paint(file, retries=1)
    assert [bool(each.error) for each in report.made] == [False, False, True, False]
    assert report.made[2].error == "its process was ended by SIGKILL, 2 times"


def test_what_may_pass_is_tried_again(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """An error of the system is; one of the code is not."""
    markers = [tmp_path / name for name in ("a", "b")]
    file = jobs(
        {"prompt": "a", "trouble": f"{markers[0]}:full"},
        {"prompt": "b", "trouble": f"{markers[1]}:raise"},
    )
    assert [bool(each.error) for each in paint(file).made] == [False, True]


def test_several_rows_in_one_call(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """Rows that are alike are drawn together with the seeds that they have alone; where memory is short, in halves."""
    file = jobs(*rows(5), *rows(2, steps=4))
    alone = paint(file)
    together = paint(file, out=tmp_path / "together", batch_size=4)
    assert [each.seed for each in together.made] == [each.seed for each in alone.made]
    assert files(tmp_path / "out") == files(tmp_path / "together")
    short = paint(jobs(*rows(5, trouble="memory")), out=tmp_path / "short", batch_size=4)
    assert (short.drawn, short.failed) == (5, 0)
    assert any("4 rows at once did not fit into memory; going on with 2" in note for note in short.notes)


def test_the_grid_draws_each_row_for_each_value(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """Two axes over two rows, over defaults that a row may say otherwise."""
    file = jobs({"id": "fox", "prompt": "a fox"}, {"id": "owl", "prompt": "an owl", "size": "16x8"})
    report = paint(file, grid=["steps=2,5 seed=1..3"], defaults={"width": 32, "height": "8"})
    assert [each.row for each in report.made][:2] == ["fox-1", "fox-2"]
    assert [each.seed for each in report.made] == [1, 2, 3] * 4
    assert _size(tmp_path / "out" / "fox-6.png") == (32, 8)
    assert _size(tmp_path / "out" / "owl-6.png") == (16, 8)


def test_another_job_is_refused_with_what_differs(paint: Paint, jobs: Jobs, tmp_path: Path, write) -> None:
    """Without resume at all; with it where rows, seed or code are not what they were."""
    paint(jobs(*rows(2)))
    with pytest.raises(JobDiffers, match="resume=True"):
        paint(jobs(*rows(2)))
    with pytest.raises(JobDiffers) as refused:
        paint(jobs({"prompt": "fox 0"}, {"prompt": "another"}), resume=True, seed=8)
    assert [told.split(":")[0] for told in refused.value.differences] == ["seed", "rows"]
    assert "(000002)" in str(refused.value)
    other = write(f"{PAINTER.read_text()}# changed\n", "painter.py")
    with pytest.raises(JobDiffers, match="code-digest: sha256:"):
        paint(jobs(*rows(2)), resume=True, pipeline=other)


def test_files_that_are_gone_or_torn_are_drawn_again(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """A line counts only with its files; a torn last line is none."""
    file, out = jobs(*rows(4)), tmp_path / "out"
    paint(file)
    before = files(out)
    (out / "000001.png").unlink()
    (out / "000002.png").write_bytes(b"half")
    lines = (out / "manifest.jsonl").read_bytes().splitlines(keepends=True)
    (out / "manifest.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    (out / ".gremio-0123.png").write_bytes(b"begun")
    report = paint(file, resume=True)
    assert (report.before, report.drawn) == (1, 3)
    assert files(out) == before
    assert not list(out.glob(".gremio-*"))


def test_a_batch_has_its_place_alone(paint: Paint, jobs: Jobs, tmp_path: Path) -> None:
    """A second one there is refused while the first draws."""
    file = jobs(*rows(1))
    with pytest.raises(BatchError, match="another batch"):
        paint(file, on_progress=lambda _: paint(file, resume=True))


def test_a_full_disk_ends_it_where_it_can_go_on(paint: Paint, jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn before stays drawn."""
    from gremio.batching.manifest import Manifest

    add, room = Manifest.add, [2]

    def full(self: Manifest, made: list[object]) -> None:
        room[0] -= len(made)
        if room[0] < 0:
            raise OSError(28, "No space left on device")
        add(self, made)

    file = jobs(*rows(4, pause=0.2))
    with monkeypatch.context() as patched:
        patched.setattr(Manifest, "add", full)
        with pytest.raises(DiskFull, match="No space left"):
            paint(file)
    report = paint(file, resume=True)
    assert (report.before, report.drawn) == (2, 2)


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as picture:
        return picture.size
