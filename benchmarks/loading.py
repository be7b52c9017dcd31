"""Gremio beside diffusers, in one run: loading, sharing, requests, start-up.

    python benchmarks/loading.py [--rounds 5] [--json OUT]

Every figure comes from fresh processes that take turns (diffusers, gremio, diffusers, …) on one machine; the medians
are printed with their ratio, gremio to diffusers. The model is a tiny random Stable Diffusion on a local Hub, so what
is timed is the loading itself, not the reading of weights. Sharing is measured with a model of a billion parameters.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SIDES = ("diffusers", "gremio")
MODEL = "bench/sd"


def facade(side: str) -> Any:
    """The class that the side loads with."""
    if side == "gremio":
        from gremio import DiffusionPipeline
    else:
        from diffusers import DiffusionPipeline
    return DiffusionPipeline


def loads(side: str, place: Path) -> dict[str, float]:
    """First load in a process (code executed), and the second; seconds."""
    pipeline, arguments = facade(side), _arguments(place)
    return {
        "first load, cached": _seconds(lambda: pipeline.from_pretrained(MODEL, **arguments)),
        "second load": _seconds(lambda: pipeline.from_pretrained(MODEL, **arguments)),
    }


def pinned_loads(side: str, place: Path) -> dict[str, float]:
    """The same with the model pinned to a commit."""
    pipeline, arguments = facade(side), {**_arguments(place), "revision": (place / "commit").read_text()}
    pipeline.from_pretrained(MODEL, **arguments)
    return {"second load, pinned": _seconds(lambda: pipeline.from_pretrained(MODEL, **arguments))}


def locked_loads(side: str, place: Path) -> dict[str, float]:
    """From a lock, each file known by its hash; diffusers at the same commit."""
    facade(side)  # the import of the libraries is no part of a load
    if side == "gremio":
        from gremio import Workspace

        work = Workspace(place / "project")
        return {
            "first load, locked": _seconds(lambda: work.load("bench")),
            "second load, locked": _seconds(lambda: work.load("bench")),
        }
    pipeline, arguments = facade(side), {**_arguments(place), "revision": (place / "commit").read_text()}
    return {
        "first load, locked": _seconds(lambda: pipeline.from_pretrained(MODEL, **arguments)),
        "second load, locked": _seconds(lambda: pipeline.from_pretrained(MODEL, **arguments)),
    }


def _arguments(place: Path) -> dict[str, Any]:
    return {"custom_pipeline": str(place / "long_prompt"), "trust_remote_code": True}


def shares(side: str, place: Path) -> dict[str, float]:
    """``from_pipe`` over a billion fp16 parameters: seconds, and how much the process grew, in MB."""
    import torch
    from diffusers import StableDiffusionPipeline

    # The weights' size is what matters, not what they compute: one wide layer stands in for a large UNet.
    source = StableDiffusionPipeline.from_pretrained(MODEL)
    source.unet.register_module("bulk", torch.nn.Linear(32_000, 31_250, bias=False, dtype=torch.float16, device="meta"))
    source.unet.bulk.to_empty(device="cpu")
    torch.nn.init.normal_(source.unet.bulk.weight)
    source.to(dtype=torch.float16)
    before, dtype = _resident(), source.unet.bulk.weight.dtype
    arguments = _arguments(place)
    facade(side).from_pipe(source, **arguments)
    source.to(dtype=torch.float16)  # the first call may have cast it
    return {
        "from_pipe": _seconds(lambda: facade(side).from_pipe(source, **arguments)),
        "from_pipe, growth in MB": max(0.0, (_resident() - before) / 2**20),
        "from_pipe, source's dtype changed": float(source.unet.bulk.weight.dtype != dtype),
    }


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _seconds(action: Callable[[], Any]) -> float:
    # Else a collection of all that torch and transformers hold, 0.2 s, falls into some loads and not into others.
    gc.collect()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


CHILDREN = {"loads": loads, "pinned_loads": pinned_loads, "locked_loads": locked_loads, "shares": shares}


def child(name: str, side: str, place: Path, environment: dict[str, str]) -> dict[str, float]:
    """One measurement in a fresh process."""
    command = [sys.executable, "-W", "ignore", __file__, "--child", name, side, str(place)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{name} with {side} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def process_seconds(command: list[str], environment: dict[str, str]) -> float:
    """Wall time of a whole process."""
    return _seconds(lambda: subprocess.run(command, env=environment, capture_output=True, check=True))


def prepare(hub: Any, place: Path) -> None:
    """A tiny model on the Hub, the shelf's long_prompt in a folder."""
    import shutil

    from huggingface_hub import HfApi
    from tests.samples import tiny_sd

    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo(MODEL)
    done = api.upload_folder(repo_id=MODEL, folder_path=tiny_sd(place / "sd"))
    (place / "commit").write_text(done.oid)
    shutil.copytree(ROOT / "shelf" / "long_prompt", place / "long_prompt")


def measure(rounds: int) -> dict[str, dict[str, list[float]]]:
    """All figures, by name and side."""
    from gremio.localhub import LocalHub

    figures: dict[str, dict[str, list[float]]] = {}

    def note(name: str, side: str, value: float) -> None:
        figures.setdefault(name, {}).setdefault(side, []).append(value)

    with tempfile.TemporaryDirectory() as folder, LocalHub(Path(folder) / "hub") as hub:
        place = Path(folder)
        prepare(hub, place)
        environment = {
            **os.environ,
            "HF_ENDPOINT": hub.endpoint,
            "HF_HOME": str(place / "hf"),
            "GREMIO_HOME": str(place / "gremio"),
            "PYTHONPATH": str(ROOT),
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        }
        (place / "project").mkdir()
        add = ["add", "bench", str(place / "long_prompt"), "--model", MODEL]
        for command in (add, ["sync"]):
            gremio = [sys.executable, "-m", "gremio", *command, "--project", str(place / "project")]
            subprocess.run(gremio, env=environment, capture_output=True, check=True)
        for name in CHILDREN:
            for side in SIDES:
                child(name, side, place, environment)  # warm the caches of both
            for _ in range(rounds if name != "shares" else min(rounds, 3)):
                for side in SIDES:
                    hub.requests.clear()
                    for figure, value in child(name, side, place, environment).items():
                        note(figure, side, value)
                    if name != "shares":
                        # These children load twice. huggingface_hub asks, once per process,
                        # a question of its own that has to do with no repository.
                        asked = [path for _, path in hub.requests if MODEL in path]
                        note(f"requests, {name.replace('_', ' ')} x2", side, len(asked))
        for _ in range(rounds):
            for side in SIDES:
                note("import", side, process_seconds([sys.executable, "-c", f"import {side}"], environment))
            show = [sys.executable, "-m", "gremio", "show", str(place / "long_prompt")]
            note("gremio show, whole process", "gremio", process_seconds(show, environment))
            note("empty Python process", "gremio", process_seconds([sys.executable, "-c", ""], environment))
    return figures


def report(figures: dict[str, dict[str, list[float]]]) -> None:
    """Medians and ratios."""
    print(f"{'':<34}{'diffusers':>12}{'gremio':>12}{'ratio':>9}")
    for name, sides in figures.items():
        medians = [statistics.median(sides[side]) if side in sides else None for side in SIDES]
        ratio = medians[1] / medians[0] if medians[0] and medians[1] is not None else None
        cells = [f"{m:>12.4g}" if m is not None else f"{'':>12}" for m in medians]
        print(f"{name:<34}{''.join(cells)}{f'{ratio:.3g}' if ratio is not None else '':>9}")


def main() -> None:
    """Measure and print, or be one of the measured processes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        name, side, place = arguments.child
        print(json.dumps(CHILDREN[name](side, Path(place))))
        return
    sys.path.insert(0, str(ROOT))
    figures = measure(arguments.rounds)
    report(figures)
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
