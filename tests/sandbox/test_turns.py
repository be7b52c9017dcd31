"""Several workers behind one sandbox: calls of many threads are spread, bounded, lost singly, and ended together."""

from __future__ import annotations

import os
import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.sandbox.test_sandbox import folders

from gremio.errors import OptionError, SandboxBusy, SandboxError, SandboxLost
from gremio.sandbox.forks import forks


def descriptors() -> int:
    """Pipes and sockets; whoever watches the workers has their folders open for a moment."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        try:
            found += str(each.readlink()).startswith(("socket", "pipe"))
        except FileNotFoundError:
            continue
    return found


def until(true, seconds=10.0):
    """Wait for something that is so soon."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def pool(sandbox, home):
    """``pool(workers=2, …)``; when it is closed, no process, folder or descriptor of it is left."""
    forks._start()
    before, running = descriptors(), set(forks._workers)
    made = []

    def make(**arguments):
        made.append(sandbox("echo_pipeline.py", **arguments))
        return made[-1]

    yield make
    for each in made:
        each.close()
    assert folders(home) == []
    until(lambda: set(forks._workers) <= running)
    until(lambda: descriptors() <= before)


def test_eight_threads_over_two_workers_and_a_kill(pool, home):
    """Each gets its own answer from one of two; who was with the one that was killed is told, and nobody else."""
    pipe = pool(workers=2)
    with ThreadPoolExecutor(8) as threads:
        calls = [threads.submit(pipe, value=n, seconds=0.05, generator=7) for n in range(16)]
        until(lambda: len([each for each in pipe._workers if each.is_there]) == 2)
        answers = [call.result() for call in calls]
        assert [answer["value"] for answer in answers] == list(range(16))
        assert len({answer["worker"] for answer in answers}) == 2
        lost = threads.submit(pipe, value="lost", seconds=30)
        until(lambda: pipe._turns._taken)
        (taken,) = pipe._turns._taken
        others = [threads.submit(pipe, value=n, seconds=0.02) for n in range(8)]
        time.sleep(0.05)
        os.kill(taken.process.pid, signal.SIGKILL)
        with pytest.raises(SandboxLost, match="signal 9"):
            lost.result()
        assert [call.result()["value"] for call in others] == list(range(8))
        again = [threads.submit(pipe, seconds=0.05) for _ in range(4)]
        assert len({call.result()["worker"] for call in again}) == 2
    assert len(folders(home)) == 2


def test_any_worker_gives_the_same_bytes(pool):
    """With a seed for all other randomness too, which is of the thread that gave it."""
    pipe = pool(workers=2)
    found = {}

    def call(n):
        pipe.seed(3)
        answer = pipe(seconds=0.05, generator=7)
        found.setdefault(answer["worker"], []).append((str(answer["noise"]), str(answer["own"])))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(call, range(8)))
    assert len(found) == 2
    assert len({each for answers in found.values() for each in answers}) == 1


def test_without_a_seed_no_two_workers_draw_the_same(sandbox):
    """Though both were forked from one process."""
    answers = [sandbox("echo_pipeline.py")() for _ in range(2)]
    assert not set(answers[0]["own"]) & set(answers[1]["own"])


def test_what_waits_has_bounds(pool):
    """So many calls, so long, and never for what can't come; it is told, and the worker goes on."""
    pipe = pool(workers=1, waiting=1, patience=0.1)
    inner = []

    def within(done, total):
        with pytest.raises(SandboxBusy, match="from within one"):
            pipe()
        inner.append(done)

    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(pipe, value=1, seconds=0.5, progress=within)
        until(lambda: pipe._turns._taken)
        second = threads.submit(pipe, value=2)
        until(lambda: pipe._turns._line)
        with pytest.raises(SandboxBusy, match="1 calls wait for a worker already") as refusal:
            pipe(value=3)
        assert "workers=" in refusal.value.next_step
        with pytest.raises(SandboxBusy, match=r"within 0\.1 seconds"):
            second.result()
        assert first.result()["value"] == 1
    assert inner == [1]
    assert pipe(value=4)["value"] == 4


def test_closing_under_load(pool):
    """Calls that run and calls that wait are lost at once, and told why."""
    pipe = pool(workers=2)
    with ThreadPoolExecutor(5) as threads:
        calls = [threads.submit(pipe, seconds=30) for _ in range(5)]
        until(lambda: len(pipe._turns._line) == 3)
        started = time.monotonic()
        pipe.close()
        assert time.monotonic() - started < 10
        for call in calls:
            with pytest.raises(SandboxLost, match="closed"):
                call.result()
    with pytest.raises(SandboxLost, match="is closed"):
        pipe()


def test_closing_from_within_a_call(pool):
    """That call is lost as any other."""
    pipe = pool()
    with pytest.raises(SandboxLost, match="the sandbox was closed"):
        pipe(progress=lambda *_: pipe.close())


def test_a_worker_that_nothing_replaces(small, tmp_path, zygote):
    """Is told as such: the call was not made. Once it can start again, it does."""
    from gremio import Sandbox

    model = Path(shutil.copytree(small, tmp_path / "model"))
    config = model / "scheduler" / "scheduler_config.json"
    with Sandbox.from_pretrained(model, custom_pipeline=Path(__file__).with_name("echo_pipeline.py")) as pipe:
        os.kill(pipe._workers[0].process.pid, signal.SIGKILL)
        config.rename(config.with_name("away"))
        until(lambda: not pipe._workers[0].is_there)
        with pytest.raises(SandboxError, match="no new worker could be made ready, and this call was not made"):
            pipe()
        config.with_name("away").rename(config)
        assert pipe(value=5)["value"] == 5


@pytest.mark.parametrize("given", [{"workers": 0}, {"workers": True}, {"waiting": -1}, {"workers": "two"}])
def test_numbers_that_are_none(small, given):
    """Are refused before anything starts."""
    from gremio import Sandbox

    with pytest.raises(OptionError, match="whole number"):
        Sandbox.from_pretrained(small, **given)
