"""``gremio bisect``, with a stub in the place of trials."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.checking.conftest import STUB, code, log, mirror  # noqa: F401  fixtures


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Trials are the stub's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("gremio.checking.runner.TRIAL", STUB)


VERSIONS = ("v0.9.0", "v0.10.0", "v0.20.0", "v0.30.0", "main")


def test_the_version_that_broke_it(gremio, mirror, log) -> None:  # noqa: F811
    """Each step is told, then the version, its error and what changed; equal code is tried once."""
    does = ("runs", "runs", "runs", "fails", "fails")
    mirror({f"{at}/castle": what for at, what in zip(VERSIONS, does, strict=True)} | {"v0.25.0/tower": "runs"})
    done = gremio("bisect", "castle", "--good", "v0.9.0", "--bad", "main")
    assert done.code == 0, done.err
    assert "5 revisions from v0.9.0 to main" in done.err
    assert "same code as v0.9.0" in done.err
    for part in ("first bad: v0.30.0", "last good: v0.20.0", "KeyError: 'x'", "castle.py  +1 -1", "-# runs\n+# fails"):
        assert part in done.out
    assert len(log()) == 2


def test_the_commit_that_broke_it(gremio, put) -> None:
    """Of a repository, with its title; --trust-remote-code and the rest reach the trials; json is for scripts."""
    commits = [
        put("ana/brush", {"pipeline.py": f"# {what}\n# {n}\n"})
        for n, what in enumerate(["runs", "runs", "fails", "fails"])
    ]
    done = gremio(
        "bisect", "ana/brush", "--good", commits[0], "--bad", "main", "--trust-remote-code", "--format", "json"
    )
    found = json.loads(done.out)
    assert found["first_bad"]["revision"] == commits[2]
    assert found["first_bad"]["title"] == "Put"
    assert found["first_bad"]["report"]["error"]["kind"] == "KeyError"
    assert found["last_good"]["revision"] == commits[1]
    assert found["difference"]["files"] == [{"path": "pipeline.py", "added": 2, "removed": 2}]


def test_a_command_decides(gremio, put, tmp_path: Path) -> None:
    """It stands after --, is told where it is, and may look at more than the code."""
    commits = [put("ana/brush", {"pipeline.py": "# runs\n", "weights": str(n)}) for n in range(5)]
    script = tmp_path / "decide.py"
    script.write_text(f"import sys\nassert sys.argv[1] == 'ana/brush'\nsys.exit({commits!r}.index(sys.argv[2]) >= 3)\n")
    done = gremio(
        "bisect",
        "ana/brush",
        "--good",
        commits[0],
        "--bad",
        "main",
        "--",
        sys.executable,
        script,
        "{ref}",
        "{revision}",
    )
    assert done.code == 0, done.err
    assert f"first bad: {commits[3]}" in done.out
    assert "no code; what else is in the repository did" in done.out


@pytest.mark.parametrize(
    ("arguments", "exit_code", "says"),
    [
        (["castle", "--good", "v0.9.0"], 2, "--bad"),
        (["castle", "--good", "main", "--bad", "v0.9.0"], 2, "not older"),
        (["castle", "--good", "v0.9.0", "--bad", "v0.10.0"], 2, "is not bad"),
        (["castle", "--good", "v7", "--bad", "main"], 1, "castle.py is in: v0.9.0, v0.10.0"),
        (["tower", "--good", "v0.9.0", "--bad", "main"], 1, "no version"),
        (["ana/nothing", "--good", "a", "--bad", "main"], 1, "no such model repository"),
        (["./castle.py", "--good", "a", "--bad", "b"], 2, "nothing at"),
        (["castle", "--good", "v0.9.0", "--bad", "main", "--", "no-such-command"], 2, "no command"),
    ],
)
def test_what_cannot_be_bisected_is_said(gremio, mirror, arguments, exit_code: int, says: str) -> None:  # noqa: F811
    """Wrong order, unknown revisions, ends that are not what they were called."""
    mirror({f"{at}/castle": "runs" for at in VERSIONS})
    done = gremio("bisect", *arguments)
    assert done.code == exit_code, done.err
    assert says in done.err


def test_code_that_may_not_run_is_no_answer(gremio, mirror) -> None:  # noqa: F811
    """The refusal ends it, with the option that helps."""
    mirror({"v0.9.0/castle": "refused", "main/castle": "fails"})
    done = gremio("bisect", "castle", "--good", "v0.9.0", "--bad", "main")
    assert done.code == 1
    assert "--trust-remote-code" in done.err
