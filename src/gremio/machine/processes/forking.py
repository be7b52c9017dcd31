"""Has modules run in forks of a process that has imported the libraries, where the system allows it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

_CLIENT = Path(__file__).with_name("forked.py")

# -P: what lies in the current directory is no module of ours.
PYTHON = (sys.executable, "-P", "-m")
"""What runs a module in a process that begins from nothing, put before the module's name."""

LARGE_PAGES = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Of an environment: Python's memory in large pages, where the system gives any. A fork copies the table of all pages,
which is most of what it costs."""


@contextmanager
def forking(environ: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    """What runs a module in a fork while the block lasts, put before its name; ``PYTHON`` where there can be none."""
    if sys.platform != "linux":
        yield PYTHON
        return
    with tempfile.TemporaryDirectory(prefix="gremio-forks-") as folder:
        path = str(Path(folder) / "socket")
        process = subprocess.Popen(
            [*PYTHON, "gremio.machine.processes.fork_server", path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environ),
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        ready = False
        try:
            ready = process.stdout.readline().strip() == b"ready"
            yield (sys.executable, "-I", "-S", str(_CLIENT), path) if ready else PYTHON
        finally:
            process.stdin.close()
            process.stdout.close()
            if not ready:
                process.kill()
            process.wait()
