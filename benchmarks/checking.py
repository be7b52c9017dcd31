"""What a check costs, beside the same by hand: a process that builds the stock pipeline of the kind and calls it.

    python benchmarks/checking.py [REF …] [--rounds 3] [--json OUT]

Without a ref it checks the shelf. The three take turns; printed are the medians in seconds, whole processes, and the
ratio to the work done by hand with plain diffusers.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
SHELF = ("long_prompt", "difference_map", "seamless_tiling", "prompt_walk")
BY_HAND = """
from diffusers import StableDiffusionPipeline
from gremio.checking.tiny import tiny
pipe = StableDiffusionPipeline(**tiny("sd15"), requires_safety_checker=False)
pipe("a red cat", num_inference_steps=2)
"""


def commands(ref: str) -> dict[str, list[str]]:
    """What is timed for one pipeline."""
    check = [sys.executable, "-m", "gremio", "check", ref]
    return {"by hand": [sys.executable, "-W", "ignore", "-c", BY_HAND], "quick": [*check, "--quick"], "check": check}


def measure(refs: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Medians of whole processes by pipeline."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    found = {}
    for ref in refs:
        seconds: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, command in commands(ref).items():
                started = time.perf_counter()
                subprocess.run(command, env=environment, capture_output=True, check=True)
                seconds.setdefault(name, []).append(time.perf_counter() - started)
        found[Path(ref).name] = {name: statistics.median(each) for name, each in seconds.items()}
    return found


def main() -> None:
    """Measure, print, and write the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("refs", nargs="*", default=[str(ROOT / "shelf" / name) for name in SHELF])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options.refs, options.rounds)
    for name, medians in found.items():
        hand = medians["by hand"]
        ratios = "  ".join(f"{way} {seconds:.1f} s ({seconds / hand:.2f})" for way, seconds in medians.items())
        print(f"{name}: {ratios}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
