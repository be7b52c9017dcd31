"""What relocation and mends cost when community code is compiled, as a ratio to compiling alone.

    python benchmarks/adapting.py /path/to/folder-of-community-files [--rounds 5] [--json OUT]

For every file, in one process: parse and compile; the same with relocation; the same with relocation and mends. The
first round is not counted: it reads the installed libraries, which is remembered between processes.
"""

from __future__ import annotations

import argparse
import ast
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from gremio.code import CodeTree, Origin
from gremio.code.mends import mended
from gremio.code.review import rewrite


def ways(path: Path) -> dict[str, Callable[[], int]]:
    """The three ways for one file; each returns how many places it changed."""
    source, name = path.read_bytes(), path.name
    tree = CodeTree({name: source}, name, Origin("local", str(path.parent)))

    def plain() -> int:
        compile(ast.parse(source), name, "exec")
        return 0

    def relocated() -> int:
        done = rewrite(ast.parse(source), tree=tree, path=name, package="measured")
        compile(done.module, name, "exec")
        return len(done.relocations)

    def repaired() -> int:
        moved = rewrite(ast.parse(source), tree=tree, path=name, package="measured")
        done = mended(moved.module, source, name)
        compile(done.module, name, "exec")
        return len(done.repairs)

    return {"compile": plain, "with relocation": relocated, "with mends": repaired}


def measure(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Medians per file, in seconds, and how many places changed."""
    rows = []
    for path in sorted(folder.glob("*.py")):
        row: dict[str, object] = {"file": path.name}
        for name, action in ways(path).items():
            changes = action()
            row[name] = statistics.median(_seconds(action) for _ in range(rounds))
            row[f"{name}: changes"] = changes
        rows.append(row)
    return rows


def _seconds(action: Callable[[], int]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def show(rows: list[dict[str, object]]) -> None:
    """Ratios over all files, and over those in which something changes."""
    for name in ("with relocation", "with mends"):
        ratios = [float(str(row[name])) / float(str(row["compile"])) for row in rows]
        changed = [ratio for ratio, row in zip(ratios, rows, strict=True) if row[f"{name}: changes"]]
        print(f"{name}: median {statistics.median(ratios):.2f} times compiling alone, highest {max(ratios):.2f}")
        if changed:
            print(f"  of the {len(changed)} files in which it changes something: {statistics.median(changed):.2f}")


def main() -> None:
    """Measure, print, and write the rows if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = measure(options.folder, options.rounds)
    show(rows)
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2))


if __name__ == "__main__":
    main()
