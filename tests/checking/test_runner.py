"""Trials: one, many, and those that end badly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from gremio.checking.outcomes import outcome
from gremio.checking.planning import plan, remaining
from gremio.checking.request import TrialRequest
from gremio.checking.runner import environment, sole_writer
from gremio.checking.table import Table
from gremio.checking.targets import of_folder
from gremio.errors import OptionError
from gremio.machine.processes import Limits
from gremio.machine.settings import Settings
from gremio.sources import Access

QUICK = TrialRequest("", quick=True)


@pytest.fixture
def subjects_of():
    """``subjects_of(folder)``: its files."""
    settings = Settings.from_environment()
    return lambda folder, **more: of_folder(folder, access=Access.of(settings), settings=settings, **more)


@pytest.mark.parametrize(
    ("does", "came_of_it", "says"),
    [
        ("runs", "runs", ""),
        ("stops", "loads", "no x"),
        ("fails", "fails", "'x'"),
        ("lacks opencv-python", "packages", ""),
        ("nothing", "no pipeline", ""),
        ("refused", "refused", "nobody allowed it"),
        ("crashes", "crashed", "SIGABRT"),
        ("killed", "crashed", "SIGKILL"),
        ("prints", "crashed", "exit code 0 and no report"),
        ("sleeps", "timeout", "no result after 1 seconds"),
        ("eats", "memory", "more than 512 MB"),
    ],
)
def test_whatever_a_trial_does_there_is_a_report(runner, code, does: str, came_of_it: str, says: str) -> None:
    """Each way to end has its word, and says what happened."""
    file = code({"castle": does}) / "castle.py"
    seconds = 1 if does == "sleeps" else 60
    report = runner(seconds, 512 if does == "eats" else None).check(TrialRequest(str(file)))
    assert outcome(report) == came_of_it
    assert report.ref == str(file)
    assert says in str(report.error or "")


def test_a_trial_that_cannot_start_says_why(runner, tmp_path: Path) -> None:
    """The last line of a traceback is in the report."""
    report = runner().check(TrialRequest(str(tmp_path / "nowhere.py")))
    assert outcome(report) == "crashed"
    assert "RefNotFound" in report.error.message


def test_a_request_is_a_command_line(runner, code, log) -> None:
    """Every part of it reaches the trial."""
    file = code({"castle": "runs"}) / "castle.py"
    request = TrialRequest(
        str(file), class_name="P", loader="diffusers", model="a/b", settings={"strength": "-1"}, seed=7, quick=True,
        mend=False, trust=("a/b",), trust_remote_code=True,
    )  # fmt: skip
    assert runner().check(request).runs
    assert log() == [
        f"{file} --class-name=P --loader=diffusers --model=a/b --seed=7 --set=strength=-1 --trust=a/b"
        " --quick --no-mend --trust-remote-code"
    ]


def test_access_goes_by_the_environment(tmp_path: Path) -> None:
    """Token, cache and offline reach the process, and no token is on its command line."""
    access = Access("http://x", tmp_path, token="hf_secret", local_files_only=True)
    found = environment(access, threads=1)
    wanted = {"HF_TOKEN": "hf_secret", "HF_HUB_CACHE": str(tmp_path), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    assert found.items() >= wanted.items()


@pytest.fixture
def check_all(runner, subjects_of, tmp_path: Path):
    """``check_all(folder)``: the table afterwards, and how many trials it took."""

    def check(folder: Path, limits: Limits | None = None, pattern: TrialRequest = QUICK, loaders=("gremio",)):
        path = tmp_path / "table.json"
        table, limits = Table.load(path), limits or Limits(30)
        left, _ = remaining(plan(subjects_of(folder), pattern, loaders, limits), table)
        made = runner(limits.seconds, limits.megabytes)
        made.check_all(left, at_once=3, table=table, path=path, done=lambda entry: None)
        return Table.load(path), len(left)

    return check


def test_what_is_known_is_not_tried_again(check_all, code) -> None:
    """A second check makes no trial but of what changed: the code, the options, and what may have been repaired."""
    folder = code({"castle": "runs", "tower": "fails", "moat": "lacks x", "inner/keep": "runs"})
    table, made = check_all(folder)
    assert made == 4
    assert [entry.name for entry in table] == ["castle", "inner/keep", "moat", "tower"]
    assert check_all(folder)[1] == 1, "what lacks packages is tried again"
    code({"castle": "fails"})
    table, made = check_all(folder)
    assert made == 2
    assert next(entry for entry in table if entry.name == "castle").outcome == "fails"
    assert check_all(folder, pattern=TrialRequest("", seed=3))[1] == 4


def test_a_table_tells_no_folder_of_this_machine(check_all, code, tmp_path: Path) -> None:
    """It is for others too: neither refs nor messages say where the code lay."""
    table, _ = check_all(code({"castle": "fails no /usr/lib/python/x.py at https://example.org/a/b", "tower": "runs"}))
    castle, tower = table
    assert castle.report.error.message == "no …/x.py at https://example.org/a/b"
    assert (castle.report.ref, tower.report.ref) == ("castle", "tower")
    assert str(tmp_path) not in (tmp_path / "table.json").read_text()


def test_more_time_is_a_reason_to_try_again(check_all, code) -> None:
    """What was too slow stays so within the same limit, and is tried again under a larger one."""
    folder = code({"castle": "sleeps"})
    assert [check_all(folder, Limits(seconds))[1] for seconds in (0.4, 0.4, 0.6)] == [1, 0, 1]


def test_other_packages_are_another_trial(check_all, code, monkeypatch: pytest.MonkeyPatch) -> None:
    """With another diffusers the table gets a column more."""
    folder = code({"castle": "runs"})
    check_all(folder)
    monkeypatch.setattr("gremio.checking.planning.version_of", lambda name: "0.1")
    table, made = check_all(folder)
    assert made == 1
    assert table.columns()[0].diffusers == "0.1"
    assert len(table) == 2


def test_leaving_in_the_middle_keeps_what_is_done(runner, code, subjects_of, tmp_path: Path) -> None:
    """An interruption ends the trials that run, at once, and the file has those that were made."""
    folder = code({"castle": "runs", "tower": "sleeps", "moat": "sleeps"})
    path, table = tmp_path / "table.json", Table()

    def interrupt(entry: object) -> None:
        raise KeyboardInterrupt

    jobs = plan(subjects_of(folder), QUICK, ["gremio"], Limits(50))
    with pytest.raises(KeyboardInterrupt):
        runner(50).check_all(jobs, at_once=3, table=table, path=path, done=interrupt)
    assert [entry.name for entry in Table.load(path)] == ["castle"]
    assert len(remaining(jobs, Table.load(path))[0]) == 2


def test_two_checks_do_not_write_to_one_file(tmp_path: Path) -> None:
    """The second is told, rather than losing the first's entries."""
    settings = Settings.from_environment()
    with (
        sole_writer(tmp_path / "t.json", settings),
        pytest.raises(OptionError, match="another check is writing"),
        sole_writer(tmp_path / "t.json", settings),
    ):
        pass
    with sole_writer(tmp_path / "t.json", settings):
        pass


def test_checks_load_no_torch() -> None:
    """Everything that manages trials does without what draws."""
    script = (
        "import json, sys, gremio.checking\n"
        "print(json.dumps(sorted({'torch', 'diffusers', 'transformers', 'numpy'} & sys.modules.keys())))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
