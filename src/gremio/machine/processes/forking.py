"""Has processes of a module forked from one that has imported the libraries, where the system allows it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_CLIENT = Path(__file__).with_name("forked.py")


def fresh(module: str) -> tuple[str, ...]:
    """The command that runs ``module`` in a process that begins from nothing."""
    # -P: what lies in the current directory is no module of ours.
    return (sys.executable, "-P", "-m", module)


@contextmanager
def forking(module: str, environ: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """The command that runs ``module`` in a fork, while the block lasts; ``fresh`` where there can be none."""
    if sys.platform != "linux":
        yield fresh(module)
        return
    with tempfile.TemporaryDirectory(prefix="gremio-forks-") as folder:
        path = str(Path(folder) / "socket")
        process = subprocess.Popen(
            [*fresh("gremio.machine.processes.fork_server"), path, module],
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
            yield (sys.executable, "-I", "-S", str(_CLIENT), path) if ready else fresh(module)
        finally:
            process.stdin.close()
            process.stdout.close()
            process.wait()
