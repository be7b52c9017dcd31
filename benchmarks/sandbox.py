"""What a sandbox costs: its start, each call, many calls at once, and the memory of several, beside a plain process.

    python benchmarks/sandbox.py [--megabytes 400] [--calls 300] [--dtype float16] [--json OUT]

The model has random weights of that size in float32 and is made in a temporary folder. Times are medians in
milliseconds; on a machine that is busy the least of several says more, so both are printed, and the load before and
after. Throughput is calls a second over that of a plain process, each worker with one thread. Memory is what all
processes of the tree take together: the proportional set size, which counts shared pages once, and of it what is
private to each worker.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

CODE = """
import torch
from diffusers import DiffusionPipeline


class Echo(DiffusionPipeline):
    def __init__(self, unet, scheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    @torch.no_grad()
    def __call__(self, value=None, touch=False, work=0):
        for _ in range(work):
            torch.ones(256, 256) @ torch.ones(256, 256)
        if touch:
            return float(sum(each.float().sum() for each in self.unet.parameters()))
        return value
"""
PLAIN = """
import sys, time
from pathlib import Path
started = time.perf_counter()
from gremio import DiffusionPipeline
pipe = DiffusionPipeline.from_pretrained(sys.argv[1], custom_pipeline=sys.argv[2], **eval(sys.argv[3]))
ready = time.perf_counter() - started
pipe(touch=True)
times = []
for _ in range(int(sys.argv[4])):
    started = time.perf_counter()
    pipe(work=60)
    times.append(time.perf_counter() - started)
rollup = dict(line.split(":", 1) for line in Path("/proc/self/smaps_rollup").read_text().splitlines()[1:])
print(ready, int(rollup["Pss"].split()[0]) / 1024, sorted(times)[len(times) // 2])
"""
MAKE = """
import sys
from diffusers import DDIMScheduler, UNet2DConditionModel
wide = 32 * max(1, round((float(sys.argv[2]) / 0.00404) ** 0.5 / 32))
unet = UNet2DConditionModel(
    block_out_channels=(wide, 2 * wide), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), cross_attention_dim=64, attention_head_dim=8,
)
unet.save_pretrained(sys.argv[1] + "/unet")
DDIMScheduler().save_pretrained(sys.argv[1] + "/scheduler")
"""
INDEX = {
    "_class_name": "Echo",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "scheduler": ["diffusers", "DDIMScheduler"],
}


def model(folder: Path, megabytes: int) -> Path:
    """A model of about that size, and the code beside it."""
    place = folder / "model"
    place.mkdir()
    (place / "model_index.json").write_text(json.dumps(INDEX))
    subprocess.run([sys.executable, "-W", "ignore", "-c", MAKE, str(place), str(megabytes)], check=True)
    (folder / "echo.py").write_text(CODE)
    return place


def milliseconds(call: Callable[[], Any], times: int) -> dict[str, float]:
    """Median and least of some calls."""
    found = []
    for _ in range(times):
        started = time.perf_counter()
        call()
        found.append(1000 * (time.perf_counter() - started))
    return {"median": round(statistics.median(found), 2), "least": round(min(found), 2)}


def bare(times: int) -> dict[str, float]:
    """From asking for a worker to a confined one that answers, with nothing loaded into it."""
    from gremio.sandbox.attended import Attended
    from gremio.sandbox.limits import Limits

    made = [Attended((), Limits.take({}), "bare") for _ in range(times)]
    waiting = iter(made)

    def start() -> None:
        worker = next(waiting)
        worker.start()
        worker.ask("seed", {"number": 1})

    found = milliseconds(start, times)
    for worker in made:
        worker.end("done")
    return found


def rate(pipe: Any, threads: int, calls: int) -> float:
    """Calls a second, made by so many threads."""
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(lambda _: pipe(value=1), range(threads)))
        started = time.perf_counter()
        list(pool.map(lambda _: pipe(work=60), range(calls)))
        return calls / (time.perf_counter() - started)


def memory(pid: int) -> tuple[float, float]:
    """Proportional and private megabytes of a process."""
    rollup = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:])
    kilobytes = {name: int(value.split()[0]) for name, value in rollup.items()}
    return kilobytes["Pss"] / 1024, (kilobytes["Private_Dirty"] + kilobytes["Private_Clean"]) / 1024


def measure(place: Path, code: Path, calls: int, loading: dict[str, Any]) -> dict[str, Any]:
    """Everything, in this order, in this process."""
    import numpy as np

    from gremio import Sandbox
    from gremio.sandbox.forks import forks

    def start(workers: int = 1) -> Sandbox:
        return Sandbox.from_pretrained(place, custom_pipeline=code, threads=1, workers=workers, **loading)

    found: dict[str, Any] = {}
    started = time.perf_counter()
    pipes = [start()]
    found["first start (ms)"] = round(1000 * (time.perf_counter() - started))
    pipe = pipes[0]
    found["a confined worker (ms)"] = bare(20)
    found["calls a second with 1 worker"] = round(rate(pipe, 1, calls), 1)
    with start(workers=2) as two:
        rate(two, 4, 8)
        found["calls a second with 2 workers"] = round(rate(two, 4, calls), 1)

    pipe(value=1)
    found["call (ms)"] = milliseconds(lambda: pipe(value=1), calls)
    for megabytes, times in ((1, 50), (64, 7)):
        value = np.zeros((megabytes, 1 << 20), np.uint8)
        found[f"call with {megabytes} MB both ways (ms)"] = milliseconds(lambda v=value: pipe(value=v), times)
    for number in (1, 2, 3):
        if number > 1:
            started = time.perf_counter()
            pipes.append(start())
            found[f"start of worker {number} (ms)"] = round(1000 * (time.perf_counter() - started))
        for each in pipes:
            each(touch=True)
        told = [memory(pid) for pid in [forks._zygote.pid, *(each._workers[0].process.pid for each in pipes)]]
        found[f"memory of {number} (MB)"] = {
            "together": round(sum(pss for pss, _ in told)),
            "private": [round(private) for _, private in told[1:]],
        }
    for each in pipes:
        each.close()
    forks.stop()
    return found


def plain(place: Path, code: Path, calls: int, loading: dict[str, Any]) -> dict[str, Any]:
    """The same model in a process of its own, without a sandbox."""
    command = [sys.executable, "-W", "ignore", "-c", PLAIN, str(place), str(code), repr(loading), str(calls)]
    ready, pss, call = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-3:]
    told = {"start (ms)": round(1000 * float(ready)), "memory (MB)": round(float(pss))}
    return told | {"calls a second": round(1 / float(call), 1)}


def main() -> None:
    """Measure, print, and write the figures if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=400)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--dtype", help="To load in, such as float16; as the weights are if not given.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    loading = {"dtype": options.dtype} if options.dtype else {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"GREMIO_HOME": f"{folder}/home", "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
        place = model(Path(folder), options.megabytes)
        code = Path(folder, "echo.py")
        weights = sum(each.stat().st_size for each in place.rglob("*.safetensors")) >> 20
        found = {"weights (MB)": weights, "load before": os.getloadavg()[0]}
        found["plain"] = plain(place, code, options.calls, loading)
        found["sandbox"] = measure(place, code, options.calls, loading)
        found["load after"] = os.getloadavg()[0]
    for name, value in found["sandbox"].items():
        print(f"{name}: {value}")
    print(f"plain process: {found['plain']}; weights {weights} MB")
    for workers in ("1 worker", "2 workers"):
        ratio = found["sandbox"][f"calls a second with {workers}"] / found["plain"]["calls a second"]
        print(f"{workers} beside a plain process: {ratio:.2f} times its calls")
    print(f"load before {found['load before']:.1f}, after {found['load after']:.1f}, {os.cpu_count()} cores")
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
