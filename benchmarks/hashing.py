"""Hashing of weights beside ``sha256sum``, in one run.

    python benchmarks/hashing.py [--rounds 5] [--megabytes 1024]

The file is read once before, so that both read from memory what a machine with a slow disk would wait for. Medians of
whole calls; the last figure is what a load pays for a file that was hashed before.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gremio.machine.settings import Settings
from gremio.workspace.hashing import Hashes


def median(action: Callable[[], object], rounds: int) -> float:
    """Seconds."""
    found = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        found.append(time.perf_counter() - started)
    return statistics.median(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--megabytes", type=int, default=1024)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "weights"
        with file.open("wb") as stream:
            for _ in range(arguments.megabytes):
                stream.write(os.urandom(1 << 20))
        hashes = Hashes(replace(Settings.from_environment(), home=Path(folder) / "home"))
        theirs = median(lambda: subprocess.run(["sha256sum", file], check=True, capture_output=True), arguments.rounds)
        ours = median(lambda: hashes.of(file, again=True), arguments.rounds)
        known = median(lambda: hashes.of(file), arguments.rounds)
    size = arguments.megabytes / 1024
    print(f"sha256sum      {size / theirs:6.2f} GiB/s")
    print(f"gremio         {size / ours:6.2f} GiB/s   ratio of times {ours / theirs:.2f}")
    print(f"gremio, known  {known * 1e3:6.2f} ms a file")


if __name__ == "__main__":
    main()
