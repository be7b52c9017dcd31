"""Starts a fork server of trials, where the system allows it, and says how to have a trial made there."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_CLIENT = Path(__file__).with_name("forked_trial.py")


@contextmanager
def fork_server(environ: Mapping[str, str]) -> Iterator[Sequence[str] | None]:
    """The command that makes a trial there; None where there can be no fork server, or it does not come up."""
    if sys.platform != "linux":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="gremio-forks-") as folder:
        path = str(Path(folder) / "socket")
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "gremio.checking.trial.fork_server", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            ready = process.stdout.readline().strip() == b"ready"
            client = (sys.executable, "-I", "-S", str(_CLIENT), path)
            yield client if ready else None
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()
