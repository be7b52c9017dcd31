"""Load every file of Diffusers' community folder through the public API, at several revisions, and count.

    python benchmarks/community.py /path/to/diffusers-checkout [--revision main --revision v0.30.3 …] [--json OUT]

Each file is loaded with ``gremio.load_class`` from a folder of its own, in one process per revision. A file whose
pipeline class loads counts; what doesn't is listed with the reason. Nothing of the checkout is kept.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TAGS = ["v0.18.2", "v0.21.4", "v0.24.0", "v0.27.2", "v0.30.3", "v0.33.1", "v0.36.0", "HEAD"]
FOLDER = "examples/community"


def files_at(checkout: Path, revision: str) -> dict[str, bytes]:
    """The Python files of the community folder at a revision."""
    git = ["git", "-C", str(checkout)]
    listed = subprocess.run([*git, "ls-tree", "--name-only", revision, f"{FOLDER}/"], capture_output=True, check=True)
    names = [line for line in listed.stdout.decode().splitlines() if line.endswith(".py")]
    return {Path(n).name: subprocess.run([*git, "show", f"{revision}:{n}"], capture_output=True).stdout for n in names}


def load_all(folder: Path) -> list[dict[str, object]]:
    """Load each file of a folder in this process; a row per file."""
    import gremio
    from gremio.errors import GremioError

    logging.disable(logging.WARNING)
    rows = []
    for path in sorted(folder.glob("*.py")):
        started = time.perf_counter()
        row: dict[str, object] = {"file": path.name}
        try:
            found = gremio.load_class(path)
            row |= {"ok": True, "class": found.__name__, "kind": _kind(found)}
        except GremioError as error:
            row |= {"ok": False, "error": type(error).__name__, "why": error.message.splitlines()[0]}
        row["seconds"] = round(time.perf_counter() - started, 3)
        rows.append(row)
    return rows


def _kind(cls: type) -> str:
    import diffusers

    return "pipeline" if issubclass(cls, diffusers.DiffusionPipeline) else "component"


def in_child(files: dict[str, bytes]) -> list[dict[str, object]]:
    """Write the files out and load them in a fresh process with a home of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "community"
        folder.mkdir()
        for name, data in files.items():
            (folder / name).write_bytes(data)
        answer = Path(place) / "rows.json"
        environment = {**os.environ, "GREMIO_HOME": str(Path(place) / "home"), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, __file__, str(folder), "--child", str(answer)]
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.loads(answer.read_text())


def main() -> None:
    """Print a line per revision, and what did not load."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("place", type=Path)
    parser.add_argument("--revision", action="append")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        arguments.child.write_text(json.dumps(load_all(arguments.place)))
        return
    report = {}
    for revision in arguments.revision or TAGS:
        rows = in_child(files_at(arguments.place, revision))
        report[revision] = rows
        good = sum(bool(row["ok"]) for row in rows)
        print(f"{revision}: {good} of {len(rows)} load")
        for row in rows:
            if not row["ok"]:
                print(f"    {row['file']}: {row['error']}: {row['why']}")
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
