"""``gremio review``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

SHELF = Path(__file__).parents[2] / "shelf"
GRAVE = "import os\n\ndef f(p):\n    os.system(p)\n    open(p, 'w')\n"


@pytest.fixture
def code(tmp_path: Path):
    """``code("name", text)``: a folder with that pipeline."""

    def make(name: str, text: str) -> Path:
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "pipeline.py").write_text(text)
        return tmp_path / name

    return make


def test_ordinary_code_is_fine(gremio) -> None:
    """Class, call, packages and the note are printed, and the exit code is 0."""
    done = gremio("review", SHELF / "long_prompt")
    assert done.code == 0
    for part in ("LongPromptPipeline", "sha256:", "guidance_scale", "torch", "proves nothing safe", "sandbox"):
        assert part in done.out


def test_high_findings_end_with_1(gremio, code) -> None:
    """Each is shown with its line, why it matters, and what an honest use looks like; what is low is counted."""
    done = gremio("review", code("a", f"{GRAVE}    import torch\n    torch.save(p, p)\n"))
    assert done.code == 1
    lines = done.out.splitlines()
    assert any("pipeline.py:4" in line and "os.system" in line for line in lines)
    assert any(line.strip() == "4 │ os.system(p)" for line in lines)
    assert "why:" in done.out
    assert done.out.index("high: 1") < done.out.index("medium: 1") < done.out.index("low: 1")
    assert "files/save 1  (--all shows each)" in done.out


def test_all_shows_each(gremio, code) -> None:
    """What is low has its lines with --all."""
    folder = code("a", "import torch\n\ndef f(p):\n    torch.save(p, p)\n")
    assert "4 │ torch.save(p, p)" not in gremio("review", folder).out
    assert "4 │ torch.save(p, p)" in gremio("review", folder, "--all").out


def test_text_from_the_code_can_not_act_on_the_terminal(gremio, code) -> None:
    """Escape codes and characters that turn text around are shown as escapes, in every format."""
    folder = code("a", "import os; os.system('\x1b[2J')  # \u202e\x9b\n\nclass \u0455ystem: ...\n")
    for form in ("human", "json", "sarif"):
        out = gremio("review", folder, "--format", form).out
        assert "os.system" in out
        assert not {"\x1b", "\u202e", "\x9b"} & set(out)


def test_json_and_sarif_are_for_machines(gremio, code) -> None:
    """The same findings, and the same exit code."""
    folder = code("a", GRAVE)
    told, log = (gremio("review", folder, "--format", form) for form in ("json", "sarif"))
    assert told.code == log.code == 1
    found = [finding["code"] for finding in json.loads(told.out)["findings"]]
    assert found == [result["ruleId"] for result in json.loads(log.out)["runs"][0]["results"]]


def test_folders_are_compared(gremio, code) -> None:
    """The first after --diff is the older; what came counts, what went does not."""
    calm, grave = code("calm", "x = 1\n"), code("grave", GRAVE)
    worse, better = gremio("review", "--diff", calm, grave), gremio("review", "--diff", grave, calm)
    assert (worse.code, better.code) == (1, 0)
    assert "came, high: 1" in worse.out
    assert "went, high: 1" in better.out
    assert "+    os.system(p)" in worse.out
    same = gremio("review", "--diff", grave, grave)
    assert same.code == 0
    assert "no difference" in same.out


def test_revisions_are_compared(gremio, hub, put) -> None:
    """Of one repository, by commit, branch or tag; in JSON too."""
    first = put("maria/brush", {"pipeline.py": "x = 1\n"})
    put("maria/brush", {"pipeline.py": GRAVE})
    done = gremio("review", "maria/brush", "--diff", first, "--format", "json")
    assert done.code == 1
    told = json.loads(done.out)
    assert [finding["code"] for finding in told["came"]] == ["process/start", "files/write"]
    assert first in told["before"]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["./nowhere"], 1, "nothing at"),
        (["https://example.org/x"], 2, "not an address"),
        (["."], 0, "there is no code"),
        ([".", "--diff", "./nowhere"], 1, "nothing at"),
        ([".", "--format", "xml"], 2, "xml"),
    ],
)
def test_what_can_not_be_reviewed_is_said(gremio, tmp_path, monkeypatch, arguments, code, says) -> None:
    """A ref that names nothing, a form that is none; a folder without code is fine."""
    monkeypatch.chdir(tmp_path)
    done = gremio("review", *arguments)
    assert done.code == code
    assert says in done.out + done.err
