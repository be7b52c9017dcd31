"""The group: help, exit codes, our own bugs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gremio.cli.doctor  # noqa: F401  patched below by its name
from gremio.cli.main import _COMMANDS
from gremio.cli.main import gremio as group
from gremio.cli.wording import explain
from gremio.errors import GremioError


def test_help_lists_every_command(gremio) -> None:
    """Help names each command with what it does, and each has help of its own."""
    done = gremio("--help")
    assert done.code == 0
    for name, what in _COMMANDS.items():
        assert name in done.out
        assert what in done.out
        assert gremio(name, "--help").code == 0


@pytest.mark.parametrize("arguments", [["paint"], ["run"], ["show", "a", "b"], ["run", "x", "--nope"]])
def test_wrong_usage_ends_with_2(gremio, arguments: list[str]) -> None:
    """Unknown commands, options and missing arguments are wrong usage."""
    assert gremio(*arguments).code == 2


def test_our_own_bug_ends_with_3(gremio, monkeypatch: pytest.MonkeyPatch) -> None:
    """What we did not foresee says that it is ours, with the traceback."""

    def broken(settings: object) -> dict[str, object]:
        raise KeyError("surprise")

    monkeypatch.setattr(sys.modules["gremio.cli.doctor"], "examine", broken)
    done = gremio("doctor")
    assert done.code == 3
    assert "bug in gremio" in done.err
    assert "surprise" in done.err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pass trust_remote_code=True", "pass --trust-remote-code"),
        ("trust_remote_code=['sha256:ab']", "--trust sha256:ab"),
        ("custom_revision='abc'", "--revision abc"),
        ("and revision='abc'", "and --model-revision abc"),
        ('device_map="cpu"', "--device cpu"),
        ("force_download=True", "--force-download"),
    ],
)
def test_arguments_are_told_as_options(text: str, shown: str) -> None:
    """Each argument that an error advises has its option."""
    assert explain(GremioError("x", next_step=text)) == f"x\n  {shown}"


def test_every_advised_option_exists() -> None:
    """The options that errors are translated to are options of ``gremio run`` or of ``gremio publish``."""
    import click

    from gremio.cli.wording import _OPTIONS

    commands = [group.get_command(click.Context(group), name) for name in ("run", "publish")]
    known = {name for command in commands for parameter in command.params for name in parameter.opts}
    assert {o for _, text in _OPTIONS for o in re.findall(r"--[a-z-]+", text)} <= known


def test_doctor_reports_and_json(gremio, hub) -> None:
    """Versions, policy and the Hub's answer are told, also for scripts."""
    import json

    done = gremio("doctor")
    assert done.code == 0
    assert "diffusers" in done.out
    report = json.loads(gremio("doctor", "--format", "json").out)
    assert report["hub"]["answer"] == "answers"
    assert report["problems"] == []


def test_doctor_says_what_is_missing(gremio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra that draws, doctor says so with the command, and ends with 1."""
    monkeypatch.setattr(sys.modules["gremio.cli.doctor"], "version_of", lambda name: "")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    done = gremio("doctor")
    assert done.code == 1
    assert 'pip install "gremio[run]"' in done.out


def test_the_hub_serves_until_it_is_stopped(tmp_path: Path) -> None:
    """``gremio hub`` tells its address and token, answers, and ends well at ^C."""
    from huggingface_hub import HfApi

    command = [sys.executable, "-u", "-m", "gremio", "hub", str(tmp_path / "hub"), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ}) as process:
        lines = [process.stdout.readline() for _ in range(4)]
        endpoint = lines[2].split("=", 1)[1].strip()
        token = lines[3].split("=", 1)[1].strip()
        api = HfApi(endpoint=endpoint, token=token)
        api.create_repo("gremio/thing")
        assert api.repo_exists("gremio/thing")
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert process.returncode == 0
