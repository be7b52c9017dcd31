"""``gremio check``, with a stub in the place of trials; one real trial at the end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.checking.conftest import STUB, code, log, mirror  # noqa: F401  fixtures

from gremio.checking.runner import TRIAL
from gremio.checking.table import Table

SHELF = Path(__file__).parents[2] / "shelf"


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trials are the stub's, and files are written into a folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gremio.checking.runner.TRIAL", STUB)


def test_what_runs_is_told_and_ends_with_0(gremio, code) -> None:  # noqa: F811
    """The word, output, mends, relocations, arguments, time and memory."""
    done = gremio("check", code({"castle": "mended"}) / "castle.py")
    assert done.code == 0, done.err
    for part in (
        "Painter: runs", "sha256:", "images: 1 x 64x64 RGB", "a mend", "a → b (pipeline.py:1)", "prompt = 'a fox'",
        "0.8 s (load 0.5, call 0.2)", "321 MB", "torch 1",
    ):  # fmt: skip
        assert part in done.out


@pytest.mark.parametrize(
    ("does", "parts"),
    [
        (
            "fails",
            ["Painter: does not load", "stopped at: load", "KeyError: 'x'", "at pipeline.py:7", "Pass --class-name"],
        ),
        ("stops", ["loads, does not run", "stopped at: call", "TypeError: no x"]),
        ("lacks opencv-python", ["packages missing", "Before it can run: pip install opencv-python"]),
        ("crashes", ["castle.py: crashed", "SIGABRT"]),
        ("stock", ["none of its own code did"]),
        ("random", ["deterministic  no"]),
    ],
)
def test_what_stopped_it_is_told_and_ends_with_1(gremio, code, does: str, parts: list[str]) -> None:  # noqa: F811
    """The error, its place and what to do, in terms of options; what runs although it should not pass silently."""
    done = gremio("check", code({"castle": does}) / "castle.py")
    assert done.code == (0 if does in ("stock", "random") else 1)
    for part in parts:
        assert part in done.out


def test_json_is_the_report(gremio, code) -> None:  # noqa: F811
    """With what came of it in a word."""
    done = gremio("check", code({"castle": "fails"}) / "castle.py", "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["outcome"], report["error"]["kind"]) == (1, "fails", "KeyError")


def test_limits_hold(gremio, code) -> None:  # noqa: F811
    """Time and memory."""
    folder = code({"slow": "sleeps", "large": "eats"})
    assert "out of time" in gremio("check", folder / "slow.py", "--timeout", 0.5).out
    assert "out of memory" in gremio("check", folder / "large.py", "--memory", 512).out


def test_options_reach_the_trial(gremio, mirror, log) -> None:  # noqa: F811
    """Each of them, in the trial's own words."""
    mirror({"main/castle": "runs"})
    done = gremio(
        "check", "castle", "--revision", "main", "--class-name", "P", "--model", "a/b", "--set", "guidance-scale=2",
        "--seed", 7, "--quick", "--no-mend", "--trust", "a/b", "--trust-remote-code", "--loader", "gremio",
    )  # fmt: skip
    assert done.code == 0, done.err
    assert log() == [
        "castle --custom-revision=main --class-name=P --loader=gremio --model=a/b --seed=7 --set=guidance_scale=2"
        " --trust=a/b --quick --no-mend --trust-remote-code"
    ]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        ([], 2, "nothing to check"),
        (["./nowhere.py"], 1, "nothing at"),
        (["--all", "nowhere"], 1, "does not exist"),
        (["--all", "empty"], 2, "no Python files"),
        (["--all", "empty", "--revision", "v1"], 2, "--label"),
        (["--all", "--label", "x"], 2, "--revision"),
        (["--all", "--class-name", "X"], 2, "--class-name is for one pipeline"),
        (["x", "--jobs", "3", "--page", "x.md"], 2, "--jobs, --page is for many"),
        (["x", "--set", "y"], 2, "is not name=value"),
        (["--all", "--component", "a=B"], 2, "--component is for one pipeline"),
        (["--all", "full", "--out", "other.json"], 2, "is no table"),
        (["--all", "full", "--out", "other.json/t.json"], 2, "Not a directory"),
        (["--all", "--jobs", "0"], 2, "0"),
    ],
)
def test_what_cannot_be_asked_is_said(gremio, code, arguments, exit_code: int, says: str) -> None:  # noqa: F811
    """Bad combinations are wrong usage; what isn't there is named."""
    Path("empty").mkdir()
    code({"castle": "runs"}, "full")
    Path("other.json").write_text('{"mine": 1}')
    done = gremio("check", *arguments)
    assert done.code == exit_code
    assert says in done.err
    assert Path("other.json").read_text() == '{"mine": 1}'


def test_an_unknown_version_of_the_community_folder(gremio, mirror) -> None:  # noqa: F811
    """Is told with those that there are."""
    mirror({"main/castle": "runs"})
    done = gremio("check", "--all", "--revision", "v9.9.9")
    assert done.code == 1
    assert "The mirror has: main" in done.err


def test_all_files_of_a_folder(gremio, code, log) -> None:  # noqa: F811
    """Counts, failures, what is missing apart; the table and its page are written; a second check tries less."""
    folder = code({"castle": "runs", "tower": "fails", "moat": "lacks opencv-python", "scheduler": "nothing"})
    done = gremio("check", "--all", folder, "--jobs", 2, "--page", "page.md")
    assert done.code == 1
    assert "gremio: 1 of 3 run" in done.out
    for part in (
        "tower  KeyError: 'x' (pipeline.py:7)",
        "moat  pip install opencv-python",
        "no pipeline (1): scheduler",
    ):
        assert part in done.out
    assert len(log()) == 4
    assert [entry.name for entry in Table.load(Path("gremio-check.json"))] == ["castle", "moat", "scheduler", "tower"]
    assert "**1 of 3**" in Path("page.md").read_text()
    before = Path("page.md").read_text()
    again = gremio("check", "--all", folder, "--page", "page.md")
    assert "3 of 4 are in gremio-check.json already" in again.err
    assert len(log()) == 1
    assert Path("page.md").read_text() == before
    gremio("check", "--all", folder, "--fresh")
    assert len(log()) == 4


def test_only_a_single_check_is_of_components_too(gremio, code, log) -> None:  # noqa: F811
    """A count of pipelines stays one; what is named is checked as what it is."""
    folder = code({"castle": "runs"})
    gremio("check", "--all", folder)
    assert "--pipelines-only" in log()[-1]
    gremio("check", folder / "castle.py")
    assert "--pipelines-only" not in log()[-1]


def test_versions_come_together_in_one_table(gremio, mirror) -> None:  # noqa: F811
    """Every check adds to the file; the page has a column for each, the summary is about this one."""
    mirror({"v0.9.0/castle": "fails", "main/castle": "runs", "main/tower": "runs"})
    assert gremio("check", "--all", "--revision", "v0.9.0", "--out", "t.json").code == 1
    done = gremio("check", "--all", "--revision", "main", "--out", "t.json", "--page", "page.md")
    assert done.code == 0
    assert "main on diffusers" in done.out
    assert "v0.9.0" not in done.out
    page = Path("page.md").read_text()
    assert "| `castle` | does not load | **runs** |" in page
    assert "| `tower` |  | **runs** |" in page


def test_beside_plain_diffusers(gremio, mirror) -> None:  # noqa: F811
    """Both are counted, and outputs compared; the exit code is about Gremio's."""
    mirror({"main/castle": "runs", "main/tower": "wants", "main/sea": "random", "main/gate": "mended"})
    done = gremio("check", "--all", "--beside", "diffusers", "--page", "page.md")
    assert done.code == 0, done.out + done.err
    for part in (
        "gremio: 4 of 4 run", "diffusers: 3 of 4 run", "3 run in both", "1 bit-identical", "different (1): gate",
        "random in either (1): sea",
    ):  # fmt: skip
        assert part in done.out
    shown = json.loads(gremio("check", "--all", "--beside", "diffusers", "--format", "json").out)
    assert shown["side_by_side"][0]["identical"] == 1
    assert [each["runs"] for each in shown["counts"]] == [3, 4]
    assert len(shown["entries"]) == 8
    assert "## Beside plain diffusers" in Path("page.md").read_text()


def test_plain_diffusers_is_not_used_against_the_policy(gremio, mirror, monkeypatch) -> None:  # noqa: F811
    """Where remote code is disabled it can't be run that way either."""
    mirror({"main/castle": "runs"})
    monkeypatch.setenv("DIFFUSERS_DISABLE_REMOTE_CODE", "1")
    assert "DIFFUSERS_DISABLE_REMOTE_CODE" in gremio("check", "--all", "--beside", "diffusers").err
    assert "DIFFUSERS_DISABLE_REMOTE_CODE" in gremio("check", "castle", "--loader", "diffusers").err


def test_an_interruption_keeps_what_is_done(code, tmp_path: Path) -> None:  # noqa: F811
    """^C ends it at once with 130, says how to go on, and leaves a file that the same command goes on from."""
    folder = code({"castle": "runs", "tower": "sleeps", "sea": "sleeps"})
    script = (
        "import sys, gremio.checking.runner\n"
        f"gremio.checking.runner.TRIAL = {STUB!r}\n"
        "from gremio.cli.main import main\nmain(sys.argv[1:])\n"
    )
    command = [sys.executable, "-c", script, "check", "--all", str(folder), "--jobs", "3"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ}) as process:
        table, deadline = tmp_path / "gremio-check.json", time.monotonic() + 60
        while not (table.exists() and "castle" in table.read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "1 of 3 are done and kept in gremio-check.json; the same command goes on from there." in err
    assert [entry.name for entry in Table.load(table)] == ["castle"]


def test_without_what_draws_it_says_so(gremio, code, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Once, with the command, and not in every trial."""
    monkeypatch.setattr("gremio.cli.libraries.find_spec", lambda name: None)
    done = gremio("check", "--all", code({"castle": "runs"}))
    assert done.code == 1
    assert 'pip install "gremio[run]"' in done.err


def test_checking_loads_no_torch_here(code) -> None:  # noqa: F811
    """What runs pipelines is in the processes that are started."""
    script = (
        "import sys, gremio.checking.runner\n"
        f"gremio.checking.runner.TRIAL = {STUB!r}\n"
        "from gremio.cli.main import run\nassert run(sys.argv[1:]) == 0\n"
        "assert not {'torch', 'diffusers', 'transformers', 'numpy'} & sys.modules.keys()\n"
    )
    file = code({"castle": "runs"}) / "castle.py"
    done = subprocess.run([sys.executable, "-c", script, "check", str(file)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_real_trial(gremio, forks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipeline of the shelf runs, in a process that may use as much memory as each of many."""
    # Only that no other process begins from nothing: such a one is in tests/machine/test_forking.py.
    assert TRIAL[-1] == "gremio.checking.trial"
    monkeypatch.setattr("gremio.checking.runner.TRIAL", (*forks, TRIAL[-1]))
    done = gremio("check", SHELF / "long_prompt", "--quick", "--memory", 8192, "--format", "json")
    report = json.loads(done.out)
    assert (done.code, report["outcome"], report["class_name"]) == (0, "runs", "LongPromptPipeline"), report["error"]
    assert report["output_digest"]


def test_a_real_refusal(hub, put) -> None:
    """What may not run is told by the trial's process before it loads torch."""
    put("ana/brush", SHELF / "long_prompt")
    script = (
        "import sys\nfrom gremio.checking.trial.__main__ import main\nmain(sys.argv[1:], standalone_mode=False)\n"
        "assert not {'torch', 'diffusers', 'transformers'} & sys.modules.keys()\n"
    )
    done = subprocess.run([sys.executable, "-c", script, "ana/brush"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["error"]["kind"] == "NotTrusted"


@pytest.mark.parametrize("everything", [False, True])
def test_a_result_is_found_without_a_sync(gremio, code, everything) -> None:  # noqa: F811
    """By the digest of the code, whoever finds it; what was loaded otherwise says nothing of Gremio."""
    folder = code({"castle": "mended", "tower": "fails"})
    for file in folder.iterdir():
        file.write_text(f"{file.read_text()}from diffusers import DiffusionPipeline\nclass P(DiffusionPipeline): ...\n")
    gremio("catalog", "sync", "--folder", folder)
    for how in (("--loader", "diffusers"), ("--no-mend",)):
        gremio("check", folder / "castle.py", *how)
    assert gremio("find", "--runs").code == 1
    for what in [("--all", folder)] if everything else [(folder / "castle.py",), (folder / "tower.py",)]:
        gremio("check", *what)
    assert "runs here" in gremio("find", "--runs").out
    assert "tower" not in gremio("find", "--runs").out
    assert "here: fails" in gremio("find", "--no-runs").out
