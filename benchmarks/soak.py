"""Many calls over the workers of one sandbox, which are killed at random: every call is answered or told lost.

    python benchmarks/soak.py [--calls 500] [--workers 4] [--kills 0.1] [--seed 0]

Twice as many threads as workers call; workers are killed before, during or after a call. At the end as many
descriptors, processes, threads and scratch folders have to be there as after the first calls, and as much memory; what
is not is printed, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CODE = """
import time

from diffusers import DiffusionPipeline


class Echo(DiffusionPipeline):
    def __init__(self, scheduler):
        super().__init__()
        self.register_modules(scheduler=scheduler)

    def __call__(self, number, picture):
        time.sleep(0.02)
        return {"number": number, "picture": picture}
"""


@dataclass
class Tally:
    """What came of the calls."""

    answered: int = 0
    lost: int = 0
    wrong: list[str] = field(default_factory=list)


def drive(pipe: Any, calls: int, kills: float, seed: int, tally: Tally) -> None:
    """Calls of one thread, one after the other."""
    from PIL import Image

    from gremio.errors import SandboxLost

    rng = random.Random(seed)
    for number in range(calls):
        if rng.random() < kills:
            threading.Timer(rng.random() * 0.04, kill, [pipe]).start()
        colour = tuple(rng.randrange(256) for _ in range(3))
        try:
            found = pipe(number=number, picture=Image.new("RGB", (256, 256), colour))
        except SandboxLost:
            tally.lost += 1
        except Exception as error:
            tally.wrong.append(f"{type(error).__name__}: {error}")
        else:
            tally.answered += 1
            if found["number"] != number or found["picture"].getpixel((9, 9)) != colour:
                tally.wrong.append(f"call {number} got the answer of another")


def kill(pipe: Any) -> None:
    """One of the workers, as the system would when memory runs out."""
    process = random.choice(pipe._workers).process
    if process is not None and process.status is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)


def held(home: Path) -> dict[str, int]:
    """What leaks would add to, here and in the zygote."""
    from gremio.sandbox.forks import forks

    gc.collect()
    zygote = forks._zygote.pid
    return {
        "descriptors": descriptors(),
        "descriptors of the zygote": len(list(Path(f"/proc/{zygote}/fd").iterdir())),
        "threads": threading.active_count(),
        "processes": len(Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()),
        "scratch folders": len(list((home / "scratch").iterdir())),
        "memory (MB)": resident("self"),
        "memory of the zygote (MB)": resident(str(zygote)),
    }


def descriptors() -> int:
    """Sockets and pipes; whoever watches the workers has their folders open for a moment."""
    found = 0
    for each in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += str(each.readlink()).startswith(("socket", "pipe"))
    return found


def resident(pid: str) -> int:
    """Private megabytes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) // 1024


def soak(calls: int, workers: int, kills: float, seed: int) -> tuple[Tally, dict[str, int], dict[str, int]]:
    """The calls; what was held after the first of them and what is at the end."""
    from gremio import Sandbox

    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        os.environ |= {"GREMIO_HOME": str(place / "home"), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        scheduler = place / "model" / "scheduler"
        scheduler.mkdir(parents=True)
        (scheduler / "scheduler_config.json").write_text('{"_class_name": "DDIMScheduler"}')
        index = {"_class_name": "Echo", "scheduler": ["diffusers", "DDIMScheduler"]}
        (place / "model" / "model_index.json").write_text(json.dumps(index))
        (place / "echo.py").write_text(CODE)
        pipe = Sandbox.from_pretrained(place / "model", custom_pipeline=place / "echo.py", workers=workers)
        run(pipe, 2 * workers, 10, kills, seed + 1, Tally())
        before = settled(pipe, workers, place / "home")
        run(pipe, 2 * workers, calls // (2 * workers), kills, seed, tally)
        after = settled(pipe, workers, place / "home")
        pipe.close()
        left = list((place / "home" / "scratch").iterdir())
        if left:
            tally.wrong.append(f"{len(left)} scratch folders were left")
    return tally, before, after


def run(pipe: Any, threads_in_all: int, calls: int, kills: float, seed: int, tally: Tally) -> None:
    """All threads at once."""
    threads = [
        threading.Thread(target=drive, args=(pipe, calls, kills, seed * 100 + number, tally))
        for number in range(threads_in_all)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()


def settled(pipe: Any, workers: int, home: Path) -> dict[str, int]:
    """What is held once every worker is there again and nothing is under way."""
    time.sleep(1)
    while not all(worker.is_there for worker in pipe._workers):
        run(pipe, workers, 1, 0, 0, Tally())
    time.sleep(1)
    return held(home)


def main() -> None:
    """Soak, print, and fail where something was lost or kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--kills", type=float, default=0.1)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally, before, after = soak(options.calls, options.workers, options.kills, options.seed)
    calls = options.calls // (2 * options.workers) * 2 * options.workers
    print(f"{calls} calls: {tally.answered} answered, {tally.lost} told lost, {len(tally.wrong)} wrong")
    grown = {}
    for name in before:
        print(f"{name}: {before[name]} before, {after[name]} after")
        if after[name] > before[name] + (16 if "memory" in name else 0):
            grown[name] = after[name] - before[name]
    for each in dict.fromkeys(tally.wrong):
        print(each)
    if grown or tally.wrong or tally.answered + tally.lost != calls:
        print(f"grown: {grown}")
        sys.exit(1)


if __name__ == "__main__":
    main()
