"""Processes that are forked from one that has imported the libraries: the same trials, sooner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.samples.code import PLAIN

from gremio.checking.runner import TRIAL as FROM_NOTHING
from gremio.machine.processes import Children, Limits, forking

TRIAL = "gremio.checking.trial"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no fork server elsewhere")

RUNS = """
from diffusers import StableDiffusionPipeline
class Mine(StableDiffusionPipeline):
    def __call__(self, prompt, num_inference_steps=50, generator=None, height=None, width=None, output_type="np"):
        print("on stdout")
        return super().__call__(prompt, num_inference_steps=num_inference_steps, generator=generator,
                                height=height, width=width, output_type=output_type)
"""
EATS = PLAIN + "held = []\nwhile True: held.append(b'x' * 2**24)\n"
SLEEPS = PLAIN + "import time\ntime.sleep(600)\n"
DIES = PLAIN + "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"


def trial(command, file: Path, seconds: float = 60.0, megabytes: int | None = None):
    """Make one, and tell how it ended."""
    return Children().run([*command, TRIAL, str(file), "--quick"], Limits(seconds, megabytes))


def test_a_forked_trial_reports_as_any_other(forks, write) -> None:
    """The report is on stdout and nothing else, the same as from a process that began from nothing, which gets along
    with as much memory as each of many may use.
    """
    from gremio.checking.trial.report import Report

    file = write(RUNS)
    forked = Report.from_output(trial(forks, file).out)
    alone = Report.from_output(Children().run([*FROM_NOTHING, str(file), "--quick"], Limits(60, 8192)).out)
    assert forked.runs, forked.error
    assert (forked.output_digest, forked.arguments) == (alone.output_digest, alone.arguments)


def test_loading_as_plain_diffusers_does_stays_apart(forks, write) -> None:
    """Each trial has a folder of its own for the code that diffusers copies."""
    from gremio.checking.trial.report import Report

    file = write(RUNS)
    done = Children().run([*forks, TRIAL, str(file), "--quick", "--loader=diffusers"], Limits(60))
    assert Report.from_output(done.out).runs
    assert not (Path(os.environ["HF_HOME"]) / "modules" / "diffusers_modules" / "local").exists()


def test_a_death_is_told(forks, write) -> None:
    """The signal that ended the trial ends what waits for it."""
    assert trial(forks, write(DIES)).code == -signal.SIGSEGV


def test_time_ends_the_trial_itself(forks, write) -> None:
    """Not only the process that waits for it."""
    before = _forks(forks[-1])  # what sandboxes of other tests are made of
    ended = trial(forks, write(SLEEPS), 1.0)
    assert ended.timed_out
    assert gone(forks, before)


def gone(command, before=()) -> bool:
    """Whether nothing is left, after a moment, of what was forked since."""
    deadline = time.monotonic() + 5
    while (left := set(_forks(command[-1])) - set(before)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not left


def _forks(path: str) -> list[int]:
    # A fork keeps the command line of the process it came from.
    found = subprocess.run(["pgrep", "-f", path], capture_output=True, text=True).stdout.split()
    return [int(each) for each in found if _parent(int(each)) in map(int, found)]


def _parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_memory_is_limited(forks, write) -> None:
    """The limit is the trial's, not the fork server's."""
    ended = trial(forks, write(EATS), megabytes=800)
    assert "MemoryError" in ended.err + ended.out
    assert trial(forks, write(RUNS), megabytes=800).code == 0


def test_nothing_is_left_of_a_fork_server(forks, write, tmp_path, monkeypatch) -> None:
    """It ends with whoever started it, and what it has forked ends with it."""
    # It is a fork itself, in place of one that imports for seconds.
    monkeypatch.setattr(sys.modules[forking.__module__], "PYTHON", forks)
    told = tmp_path / "told"
    tells = f"import os\nopen({str(told)!r}, 'w').write(f'{{os.getppid()}} {{os.getpid()}}\\n')\n"
    with ThreadPoolExecutor() as pool:
        with forking(os.environ) as command:
            assert Path(command[-1]).exists()
            assert command[-1] != forks[-1]
            sleeping = pool.submit(trial, command, write(f"{tells}{SLEEPS}"))
            while not (told.exists() and told.read_text().endswith("\n")):
                time.sleep(0.05)
            server, fork = map(int, told.read_text().split())
            assert server != os.getpid()
            assert _parent(fork) == server
        assert sleeping.result().code == 1
    deadline = time.monotonic() + 5
    while (_parent(server) or _parent(fork)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _parent(server)
    assert not _parent(fork)
    assert not Path(command[-1]).parent.exists()
