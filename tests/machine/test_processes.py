"""Processes with limits."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gremio.machine.processes import Children, Limits, Stopped


def run(code: str, limits: Limits | None = None, environ: dict[str, str] | None = None):
    """What came of a little program."""
    return Children().run([sys.executable, "-c", code], limits or Limits(30), environ)


def gone(pid: int) -> bool:
    """Whether a process is over; its new parent may take a moment to notice."""
    for _ in range(100):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
        time.sleep(0.02)
    return False


def test_what_it_prints_and_its_exit_code_are_kept() -> None:
    """Both streams and the code come back, and the environment goes in."""
    ended = run(
        "import os, sys; print(os.environ['X']); print('err', file=sys.stderr); sys.exit(3)", environ={"X": "y"}
    )
    assert (ended.code, ended.out, ended.err, ended.timed_out) == (3, "y\n", "err\n", False)


def test_of_long_output_the_end_is_kept() -> None:
    """A program that prints without end costs no memory here."""
    ended = run("print('x' * 10_000_000); print('end')")
    assert len(ended.out) == 4 * 1024 * 1024
    assert ended.out.endswith("x\nend\n")


def test_too_slow_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    """At the time limit the process and its own children are gone."""
    started = time.monotonic()
    script = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    ended = run(script, Limits(1.5))
    assert ended.timed_out
    assert time.monotonic() - started < 15
    assert gone(int((tmp_path / "pid").read_text()))


def test_what_it_leaves_running_is_ended(tmp_path: Path) -> None:
    """A process that goes and leaves a child behind leaves nothing."""
    script = (
        "import pathlib, subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(child.pid))\n"
    )
    assert run(script).code == 0
    assert gone(int((tmp_path / "pid").read_text()))


def test_memory_has_a_limit() -> None:
    """What asks for more gets Python's own error; without a limit it does not."""
    eat = "kept = bytearray(300 * 1024 * 1024); print(len(kept))"
    assert "MemoryError" in run(eat, Limits(30, 200)).err
    assert run(eat, Limits(30, None)).out.strip() == str(300 * 1024 * 1024)


def test_its_temporary_files_are_removed() -> None:
    """A process has a folder of its own for them, even if it is killed."""
    ended = run(
        "import tempfile, time; print(tempfile.mkdtemp(), flush=True); open(tempfile.mkstemp()[1], 'w').write('x');"
        "time.sleep(60)",
        Limits(1.5),
    )
    made = Path(ended.out.strip())
    assert made.parent.name.startswith("gremio-process-")
    assert not made.parent.exists()


def test_stopping_ends_those_that_run_and_starts_no_more() -> None:
    """Whoever waits gets Stopped at once."""
    children = Children()
    threading.Timer(0.3, children.stop).start()
    started = time.monotonic()
    for _ in range(2):
        with pytest.raises(Stopped):
            children.run([sys.executable, "-c", "import time; time.sleep(60)"], Limits(30))
    assert time.monotonic() - started < 10


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such signal")
def test_it_does_not_outlive_whoever_started_it(tmp_path: Path) -> None:
    """When the starting process is killed without warning, so is this one."""
    script = (
        "import sys\nfrom gremio.machine.processes import Children, Limits\n"
        "inner = 'import os, time; open(sys.argv[1], \"w\").write(str(os.getpid())); time.sleep(60)'\n"
        "Children().run([sys.executable, '-c', 'import sys; ' + inner, sys.argv[1]], Limits(60))\n"
    )
    file = tmp_path / "pid"
    with subprocess.Popen([sys.executable, "-c", script, str(file)]) as parent:
        deadline = time.monotonic() + 30
        while not (file.exists() and file.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        parent.kill()
    assert gone(int(file.read_text()))
