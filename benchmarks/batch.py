"""A batch beside a plain loop of diffusers, in one run; and what a manifest and going on cost as jobs grow.

    python benchmarks/batch.py [--rounds 3] [--rows 24] [--most 10000] [--json OUT]

The loop and the batches draw the same rows with the demo model and take turns; two loops at once tell what another
process can give on this machine at all. The medians of pictures per second, from the first worker's being ready to the
last file, are printed with their ratio to the loop. Torch has one thread everywhere. Beside each rate stand the CPU
seconds of that side, its start included, which a busy machine blurs less.
Growth is measured with a pipeline that has no weights, so what is timed is everything but drawing.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "src" / "gremio" / "demo" / "model"
PAINTER = ROOT / "tests" / "samples" / "painter.py"
STEPS = 4


def loop(place: Path, rows: int, threads: int) -> dict[str, float]:
    """What most people write."""
    import torch
    from diffusers import DiffusionPipeline

    torch.set_num_threads(threads)
    pipeline = DiffusionPipeline.from_pretrained(MODEL)
    pipeline.set_progress_bar_config(disable=True)
    out = place / f"loop-{os.getpid()}"
    out.mkdir(exist_ok=True)
    started = time.monotonic()
    for number in range(rows):
        generator = torch.Generator().manual_seed(number)
        image = pipeline(f"a fox {number}", num_inference_steps=STEPS, generator=generator).images[0]
        image.save(out / f"{number:06}.png")
    return {"pictures/s": rows / (time.monotonic() - started), "cpu seconds in all": time.process_time()}


def loops(place: Path, rows: int, processes: int) -> dict[str, float]:
    """So many of them at once, each with its share of the rows: what the machine itself gives for another process."""
    share = rows // processes
    with ThreadPoolExecutor(processes) as pool:
        found = list(pool.map(lambda _: measured(place, "loop", share, 1), range(processes)))
    return {name: sum(each[name] for each in found) for name in found[0]}


def batches(place: Path, rows: int, workers: int) -> dict[str, float]:
    """The same rows with so many workers."""
    from gremio.batching.batch import batch

    told: list[float] = []
    with tempfile.TemporaryDirectory(dir=place) as folder:
        jobs = Path(folder, "jobs.jsonl")
        jobs.write_text("".join(json.dumps({"prompt": f"a fox {n}", "seed": n}) + "\n" for n in range(rows)))
        listener = lambda progress: told.append(progress.seconds)  # noqa: E731
        defaults = {"steps": STEPS}
        batch(jobs, MODEL, out=Path(folder, "out"), defaults=defaults, workers=workers, seed=1, on_progress=listener)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"pictures/s": rows / told[-1], "cpu seconds in all": children.ru_utime + children.ru_stime}


def growth(place: Path, rows: int) -> dict[str, float]:
    """A job of rows that cost nothing: drawing it, and finding that there is nothing left to draw."""
    from gremio.batching.batch import batch
    from gremio.batching.manifest import Manifest

    easel = _easel(place)
    with tempfile.TemporaryDirectory(dir=place) as folder:
        jobs, out = Path(folder, "jobs.jsonl"), Path(folder, "out")
        jobs.write_text("".join(json.dumps({"prompt": f"a fox {n}"}) + "\n" for n in range(rows)))
        told: list[float] = []
        common: dict[str, Any] = {"model": easel, "out": out, "seed": 1, "workers": 1}
        batch(jobs, PAINTER, **common, on_progress=lambda progress: told.append(progress.seconds))
        began, cpu = time.monotonic(), time.process_time()
        report = batch(jobs, PAINTER, **common, resume=True)
        again, cpu = time.monotonic() - began, time.process_time() - cpu
        assert report.before == rows
        began = time.monotonic()
        Manifest(out).read()
        read = time.monotonic() - began
        size = (out / "manifest.jsonl").stat().st_size
    return {
        "ms a row": told[-1] / rows * 1000,
        "all over again, s": again,
        "of it cpu, s": cpu,
        "reading the manifest, s": read,
        "manifest, kB": size / 1000,
        "memory of the parent, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _easel(place: Path) -> Path:
    folder = place / "easel"
    (folder / "scheduler").mkdir(parents=True, exist_ok=True)
    index = {"_class_name": "Painter", "_diffusers_version": "0.36.0", "scheduler": ["diffusers", "DDIMScheduler"]}
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps({"_class_name": "DDIMScheduler"}))
    return folder


def measured(place: Path, what: str, *numbers: int) -> dict[str, float]:
    """In a process of its own."""
    environ = {**os.environ, "GREMIO_HOME": str(place / "home"), "HF_HOME": str(place / "hf")}
    command = [sys.executable, __file__, "--child", what, str(place), *map(str, numbers)]
    done = subprocess.run(command, stdout=subprocess.PIPE, env=environ, check=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


SIDES = {
    "diffusers loop, 1 thread": ("loop", 1),
    "2 of them at once": ("loops", 2),
    "gremio batch, 1 worker": ("batches", 1),
    "gremio batch, 2 workers": ("batches", 2),
}


def main() -> None:
    """Measure, in turns; print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rows", type=int, default=24)
    parser.add_argument("--most", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: dict[str, Any] = {"throughput": {}, "growth": {}}
    with tempfile.TemporaryDirectory(prefix="gremio-bench-") as folder:
        place = Path(folder)
        rounds = [{side: measured(place, *_call(side, options.rows)) for side in SIDES} for _ in range(options.rounds)]
        usual = statistics.median(each["diffusers loop, 1 thread"]["pictures/s"] for each in rounds)
        for side in SIDES:
            rate = statistics.median(each[side]["pictures/s"] for each in rounds)
            cpu = statistics.median(each[side]["cpu seconds in all"] for each in rounds)
            found["throughput"][side] = {"pictures/s": rate, "ratio": rate / usual, "cpu seconds in all": cpu}
            print(f"{side:26} {rate:6.2f} pictures/s  {rate / usual:5.2f} of the loop  {cpu:.1f} s of CPU", flush=True)
        rows = 10
        while rows <= options.most:
            found["growth"][rows] = measured(place, "growth", rows)
            told = "  ".join(f"{name} {value:.3g}" for name, value in found["growth"][rows].items())
            print(f"{rows:>6} rows: {told}", flush=True)
            rows *= 10
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


def _call(side: str, rows: int) -> tuple[str, int, int]:
    what, number = SIDES[side]
    return what, rows, number


if __name__ == "__main__":
    if "--child" in sys.argv:
        what, place, *numbers = sys.argv[2:]
        print(json.dumps(globals()[what](Path(place), *map(int, numbers))))
    else:
        main()
