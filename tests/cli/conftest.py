"""The command, run in this process: what it printed, and its exit code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gremio.cli.main import run as run_command


@dataclass(frozen=True)
class Outcome:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def gremio(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """``gremio("show", "./pipe")``: run the command."""

    def run(*arguments: object) -> Outcome:
        capsys.readouterr()
        code = run_command([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Outcome(code, printed.out, printed.err)

    return run
