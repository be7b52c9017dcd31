"""Trials that are forked from a process that has imported the libraries: the same trials, sooner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.samples.code import PLAIN

from gremio.checking.fork_client import fork_server
from gremio.machine.processes import Children, Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is no fork server elsewhere")

RUNS = """
from diffusers import StableDiffusionPipeline
class Mine(StableDiffusionPipeline):
    def __call__(self, prompt, num_inference_steps=50, generator=None, height=None, width=None, output_type="np"):
        print("on stdout")
        return super().__call__(prompt, num_inference_steps=num_inference_steps, generator=generator,
                                height=height, width=width, output_type=output_type)
"""
EATS = PLAIN + "import os\nheld = []\nwhile True: held.append(os.urandom(2**24))\n"
SLEEPS = PLAIN + "import time\ntime.sleep(600)\n"
DIES = PLAIN + "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"


@pytest.fixture(scope="module")
def command():
    """What makes a trial in a fork server without a limit on memory."""
    with fork_server(os.environ) as found:
        assert found
        yield [*found]


def trial(command, file: Path, seconds: float = 60.0, megabytes: int | None = None):
    """Make one, and tell how it ended."""
    return Children().run([*command, str(file), "--quick"], Limits(seconds, megabytes))


def test_a_forked_trial_reports_as_any_other(command, write) -> None:
    """The report is on stdout and nothing else, the same as from a process that began from nothing."""
    from gremio.checking.trial.report import Report

    file = write(RUNS)
    forked = Report.from_output(trial(command, file).out)
    alone = Report.from_output(trial([sys.executable, "-m", "gremio.checking.trial"], file).out)
    assert forked.runs, forked.error
    assert (forked.output_digest, forked.arguments) == (alone.output_digest, alone.arguments)


def test_loading_as_plain_diffusers_does_stays_apart(command, write) -> None:
    """Each trial has a folder of its own for the code that diffusers copies."""
    from gremio.checking.trial.report import Report

    file = write(RUNS)
    done = Children().run([*command, str(file), "--quick", "--loader=diffusers"], Limits(60))
    assert Report.from_output(done.out).runs
    assert not (Path(os.environ["HF_HOME"]) / "modules" / "diffusers_modules" / "local").exists()


def test_a_death_is_told(command, write) -> None:
    """The signal that ended the trial ends what waits for it."""
    assert trial(command, write(DIES)).code == -signal.SIGSEGV


def test_time_ends_the_trial_itself(command, write) -> None:
    """Not only the process that waits for it."""
    ended = trial(command, write(SLEEPS), 3.0)
    assert ended.timed_out
    deadline = time.monotonic() + 5
    while _forks() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _forks()


def _forks() -> list[int]:
    # A fork keeps the command line of the process it came from.
    found = subprocess.run(
        ["pgrep", "-f", "gremio.checking.trial.fork_server"], capture_output=True, text=True
    ).stdout.split()
    return [int(each) for each in found if _parent(int(each)) in map(int, found)]


def _parent(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_memory_is_limited(write) -> None:
    """The limit is the trial's, not the fork server's."""
    with fork_server(os.environ) as found:
        ended = trial(found, write(EATS), megabytes=1500)
        assert "MemoryError" in ended.err + ended.out
        assert trial(found, write(RUNS), megabytes=1500).code == 0


def test_nothing_is_left_of_a_nursery() -> None:
    """It ends with whoever started it."""
    with fork_server(os.environ) as found:
        socket = Path(found[-1])
        assert socket.exists()
    assert not socket.parent.exists()
