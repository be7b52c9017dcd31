"""Files a second that a review reads, beside bandit over the same files, and what each of the two finds.

    python benchmarks/reviewing.py /path/to/folder-of-community-files [--rounds 3] [--json OUT]

Both work in this process and take turns; counted is the processor's time of one core, not the clock's, and the
fastest round counts. Bandit is no dependency: without it (`pip install bandit`) Gremio alone is measured. The tricks
are those of the tests, a hostile pipeline each; a tool meets one if it finds anything that it does not find in the
pipeline alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from gremio.code import CodeTree, Origin
from gremio.trust.findings import scan

ROOT = Path(__file__).parent.parent
Found = dict[str, Counter[str]]
"""What was found in each file: how many of each severity, in the tool's own words."""


def by_gremio(folder: Path) -> Found:
    """Each file a tree of its own, as the community folder's are."""
    found = {}
    for path in sorted(folder.glob("*.py")):
        tree = CodeTree({path.name: path.read_bytes()}, path.name, Origin("local", str(folder)))
        found[path.name] = Counter(finding.severity for finding in scan(tree))
    return found


def by_bandit(folder: Path) -> Found:
    """With all of its tests, as `bandit -r` runs them."""
    from bandit.core.config import BanditConfig
    from bandit.core.manager import BanditManager

    manager = BanditManager(BanditConfig(), "file", quiet=True)
    manager.discover_files([str(folder)], recursive=True)
    manager.run_tests()
    found: Found = {path.name: Counter() for path in folder.glob("*.py")}
    for issue in manager.results:
        found[Path(issue.fname).name][issue.severity.lower()] += 1
    return found


def tools() -> dict[str, Callable[[Path], Found]]:
    """Both, or Gremio alone where bandit is missing."""
    try:
        import bandit

        print(f"bandit {bandit.__version__}")
    except ModuleNotFoundError:
        print("bandit is not installed: pip install bandit")
        return {"gremio": by_gremio}
    logging.disable(logging.WARNING)
    return {"gremio": by_gremio, "bandit": by_bandit}


def measure(folder: Path, rounds: int, compared: dict[str, Callable[[Path], Found]]) -> dict[str, dict[str, object]]:
    """The fastest of some rounds, in seconds of processor time, and what was found."""
    seconds: dict[str, list[float]] = {name: [] for name in compared}
    found: dict[str, Found] = {}
    for _ in range(rounds):
        for name, read in compared.items():
            before = time.process_time()
            found[name] = read(folder)
            seconds[name].append(time.process_time() - before)
    return {name: _row(min(each), found[name]) for name, each in seconds.items()}


def _row(seconds: float, found: Found) -> dict[str, object]:
    severities = sum(found.values(), Counter())
    grave = sum(bool(each["high"]) for each in found.values())
    return {
        "seconds": round(seconds, 2),
        "files per second": round(len(found) / seconds, 1),
        "findings": dict(severities),
        "files with high": grave,
    }


def tricks(compared: dict[str, Callable[[Path], Found]]) -> dict[str, int]:
    """How many hostile pipelines each tool meets with anything at all."""
    sys.path.insert(0, str(ROOT))
    from tests.trust.findings.hostile import PIPELINE, TRICKS

    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for number, (_, text) in enumerate(TRICKS.values()):
            (folder / f"trick_{number}.py").write_text(PIPELINE + text)
        (folder / "plain.py").write_text(PIPELINE)
        found = {name: read(folder) for name, read in compared.items()}
    met = {name: sum(each != files["plain.py"] for each in files.values()) for name, files in found.items()}
    return {"tricks": len(TRICKS), **met}


def main() -> None:
    """Measure, print, and write the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    compared = tools()
    figures = measure(options.folder, options.rounds, compared)
    for name, row in figures.items():
        print(f"{name}: {', '.join(f'{key} {value}' for key, value in row.items())}")
    met = tricks(compared)
    print(f"of {met['tricks']} tricks: {', '.join(f'{name} meets {met[name]}' for name in compared)}")
    if options.json:
        options.json.write_text(json.dumps({"community": figures, "tricks": met}, indent=1))


if __name__ == "__main__":
    main()
