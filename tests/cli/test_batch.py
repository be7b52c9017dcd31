"""``gremio batch``."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from PIL import Image
from tests.batching.conftest import PAINTER

from gremio.cli import batch as command
from gremio.machine.processes import PYTHON
from gremio.sandbox.confinement.tiers import layers


@pytest.fixture(autouse=True)
def _forks(forks: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers are forks of this session's process."""
    monkeypatch.setattr("gremio.batching.workers.forking", lambda environ: nullcontext(forks))


@pytest.fixture
def prompts(tmp_path: Path) -> Path:
    """Three rows."""
    file = tmp_path / "prompts.csv"
    file.write_text("id,prompt,pause\nfox,a fox,0\nowl,an owl,0\nelk,an elk,0\n")
    return file


def test_one_command_draws_a_file(gremio, easel: Path, prompts: Path, tmp_path: Path) -> None:
    """Files, a manifest, a page to look at, a table; and the seed is told."""
    out = tmp_path / "out"
    common = (prompts, "--pipeline", PAINTER, "-m", easel, "-o", out, "--manifest", "parquet", "--workers", 1)
    done = gremio("batch", *common, "--grid", "steps=2,3", "seed=1..2")
    assert (done.code, done.out) == (0, f"12 rows drawn, 0 failed; 12 files in {out}\n")
    assert done.err.startswith("seed ")
    assert len(list(out.glob("*.png"))) == 12
    import pyarrow.parquet

    assert pyarrow.parquet.read_table(out / "manifest.parquet").num_rows == 12
    again = gremio("batch", *common, "--grid", "steps=2,3", "seed=1..2")
    assert again.code == 1
    assert "--resume" in again.err


def test_a_dry_run_draws_two_and_keeps_none(gremio, easel: Path, prompts: Path, tmp_path: Path) -> None:
    """It tells rows, time and room, and leaves nothing."""
    done = gremio("batch", prompts, "--pipeline", PAINTER, "-m", easel, "-o", tmp_path / "out", "--dry-run")
    assert done.code == 0, done.err
    assert done.out.startswith("3 rows, all of them can be drawn\ntwo of them took 0.")
    assert "with 1 worker\nabout " in done.out
    assert not (tmp_path / "out").exists()


def test_rows_that_fail_are_told(gremio, easel: Path, tmp_path: Path) -> None:
    """And end the command with 1."""
    file = tmp_path / "jobs.jsonl"
    file.write_text('{"prompt": "x", "trouble": "raise"}\n{"prompt": "x"}\n')
    done = gremio("batch", file, "--pipeline", PAINTER, "-m", easel, "-o", tmp_path / "out", "--workers", 1)
    assert (done.code, done.out) == (1, f"1 rows drawn, 1 failed; 1 files in {tmp_path / 'out'}\n")
    assert "000001: ValueError: no <b>paint" in done.err


def test_a_name_of_the_lock_is_drawn_with(
    gremio,
    easel: Path,
    prompts: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is locked, and nothing else; what is not locked is told."""
    monkeypatch.chdir(tmp_path)
    assert gremio("add", "noise", PAINTER, "--model", easel).code == 0
    done = gremio("batch", prompts, "--pipeline", "noise", "-o", "out", "--seed", 7, "--workers", 1)
    assert done.code == 0, done.err
    head = json.loads(Path("out/manifest.jsonl").read_text().splitlines()[0])
    assert head["job"]["lock"] == str(_locked("noise"))
    assert "gremio.lock has no entry" in gremio("batch", prompts, "--pipeline", "nois", "-o", "other").err


def test_code_from_the_hub_needs_a_word(gremio, easel: Path, prompts: Path, put, tmp_path: Path) -> None:
    """As for `run`; what may run is then locked at its commit."""
    commit = put("maria/painter", {"pipeline.py": PAINTER.read_text()})
    command = ("batch", prompts, "--pipeline", "maria/painter", "-m", easel, "-o", tmp_path / "out", "--workers", 1)
    refused = gremio(*command)
    assert refused.code == 1
    assert "--trust-remote-code" in refused.err
    assert not (tmp_path / "out").exists()
    assert gremio(*command, "--trust-remote-code").code == 0
    head = json.loads((tmp_path / "out" / "manifest.jsonl").read_text().splitlines()[0])
    assert commit in head["job"]["code"]
    put("maria/painter", {"pipeline.py": f"{PAINTER.read_text()}# later\n"})
    moved = gremio(*command, "--trust-remote-code", "--resume")
    assert moved.code == 1
    assert "is not what it was" in moved.err
    assert gremio(*command, "--trust-remote-code", "--revision", commit, "--resume").code == 0


@pytest.mark.skipif(not all(layers().values()), reason="this machine lacks layers of the sandbox")
def test_what_nobody_trusts_is_drawn_in_a_sandbox(
    gremio, easel: Path, prompts: Path, put, tmp_path: Path, zygotes: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the lock says so; rows are checked by what is confined, and pictures are those of outside."""
    put("maria/painter", {"pipeline.py": PAINTER.read_text()})
    project = tmp_path / "project"
    project.mkdir()
    assert gremio("add", "noise", "maria/painter", "--model", easel, "--sandbox", "--project", project).code == 0
    common = ("--seed", 7, "--workers", 1)
    locked = ("--pipeline", "noise", "--project", project, *common)
    with monkeypatch.context() as patch:
        patch.setattr("gremio.batching.workers.forking", lambda environ: nullcontext(PYTHON))
        done = gremio("batch", prompts, *locked, "-o", tmp_path / "locked")
    assert done.code == 0, done.err
    gremio("batch", prompts, "--pipeline", PAINTER, "-m", easel, *common, "-o", tmp_path / "outside")
    assert _pixels(tmp_path / "locked" / "owl.png") == _pixels(tmp_path / "outside" / "owl.png")
    assert gremio("batch", prompts, *locked, "-o", tmp_path / "other", "--revision", "main").code == 2


def test_interrupted_it_says_how_to_go_on(gremio, easel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends it with 130 and the command, which goes on."""
    monkeypatch.chdir(tmp_path)
    file, out = tmp_path / "jobs.jsonl", tmp_path / "out dir"
    file.write_text("".join(json.dumps({"prompt": f"fox {n}", "pause": 0.05}) + "\n" for n in range(20)))
    command = ["batch", file, "--pipeline", PAINTER, "-m", easel, "-o", "out dir", "--seed", "7", "--workers", "1"]
    monkeypatch.setattr(sys, "argv", ["gremio", *map(str, command)])
    threading.Thread(target=_interrupt_at, args=(out / "manifest.jsonl", 3)).start()
    done = gremio(*command)
    assert done.code == 130
    assert f"To go on:\n  gremio batch {file} --pipeline" in done.err
    assert done.err.rstrip().endswith("-o 'out dir' --seed 7 --workers 1 --resume")
    drawn = (out / "manifest.jsonl").read_text().count("\n") - 1
    assert 1 < drawn < 20
    assert f"{drawn} of 20 rows" in (out / "index.html").read_text()
    assert not list(out.glob(".gremio-*"))
    again = gremio(*command, "--resume")
    assert again.out == f"{20 - drawn} rows drawn, 0 failed, {drawn} were done before; 20 files in out dir\n"


def _interrupt_at(manifest: Path, lines: int) -> None:
    """As Ctrl-C does, once there are so many lines."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if manifest.exists() and manifest.read_text().count("\n") >= lines:
            break
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)


def _pixels(path: Path) -> bytes:
    with Image.open(path) as picture:
        return picture.tobytes()


def _locked(name: str) -> object:
    from gremio.workspace import Workspace

    return Workspace(".").entry(name).digest


def test_the_size_of_files_is_told_in_words() -> None:
    """With the unit that fits."""
    assert [command._size(count) for count in (12, 3_400, 5_600_000_000)] == ["12 bytes", "3.4 kB", "5.6 GB"]
