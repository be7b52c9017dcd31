"""Run every community pipeline of a folder confined, and compare its bytes with those from outside the sandbox.

    python benchmarks/confining.py /path/to/diffusers/examples/community [--only NAME …] [--json OUT]

Each file that `gremio check` can call gets a tiny model, saved to a folder. It is loaded from there and called in a
process of its own, then in a sandbox, with the same arguments and seed. What has no call that works, can't be saved
or loaded as it was, or takes what is no data, is counted by where it ended. Nothing of the folder is kept.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import multiprocessing
import os
import shutil
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

SEED = 0


def digest(result: Any) -> str:
    """Of a result as it travels: two are the same if every value is, bit for bit."""
    from gremio.sandbox.values import encode

    told, blobs = encode(result, outputs=True)
    text = json.dumps(told).replace('"$": "output"', '"$": "dict"')
    hasher = hashlib.sha256(text.encode())
    for blob in blobs:
        hasher.update(memoryview(blob).cast("B") if len(memoryview(blob)) else b"")
    return hasher.hexdigest()


def record(file: Path, place: Path) -> None:
    """In a process of its own: find a call that works, save the model, and call it again as loaded from there."""
    found: dict[str, Any] = {"stage": "check"}
    try:
        _record(file, place, found)
    except BaseException as error:
        found["error"] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
    (place / "found.json").write_text(json.dumps(found))


def working(file: Path) -> tuple[Any, Any, str]:
    """A maker of the pipeline in a file, a caller whose call works, and what was done before that call, in words."""
    from gremio.checking.trial.calling import first_call
    from gremio.checking.trial.config_errors import refitted
    from gremio.checking.trial.loaded_class import load_subject
    from gremio.checking.trial.measures import Measures
    from gremio.checking.trial.options import Options
    from gremio.checking.trial.pipelines import Maker
    from gremio.checking.trial.recipes import prepare
    from gremio.checking.trial.target import read_code

    options = Options(str(file), pipelines_only=True, seed=SEED)
    subject = load_subject(options, read_code(options))
    maker = Maker.of(subject, options)
    changed: set[tuple[str, str]] = set()
    while True:
        pipeline = maker.make()
        try:
            before = prepare(pipeline, Measures.of(pipeline))
            caller, _ = first_call(pipeline, maker.plan(pipeline))
            return maker, caller, before
        except Exception as error:
            config = refitted(pipeline, error, changed)
            if config is None:
                raise
            changed |= {(name, key) for name, values in config.items() for key in values}
            maker = maker.fitted(config)


def _record(file: Path, place: Path, found: dict[str, Any]) -> None:
    import torch

    import gremio
    from gremio.checking.trial.pipelines import seed_all
    from gremio.checking.trial.stand_ins import stand_ins
    from gremio.sandbox.values import encode

    torch.set_num_threads(1)
    with stand_ins(seed=SEED):
        maker, caller, found["before"] = working(file)
        # As it was before a call could change it.
        saved = maker.make()
        arguments = caller.plan.arguments()
    found["stage"] = "save"
    if caller.plan.entry != "__call__":
        raise ValueError(f"it is called by {caller.plan.entry}()")
    gremio.save_pretrained(saved, place / "model")
    found["stage"] = "outside"
    loaded = gremio.DiffusionPipeline.from_pretrained(
        place / "model", custom_pipeline=file, trust_remote_code=[str(place / "model")]
    )
    loaded.set_progress_bar_config(disable=True)
    seed_all(SEED)
    result = loaded(**caller.plan.arguments())
    found["stage"] = "told as data"
    told, blobs = encode(arguments)
    found |= {"arguments": told, "blobs": len(blobs), "digest": digest(result)}
    for number, blob in enumerate(blobs):
        (place / f"blob{number}").write_bytes(blob)
    found["stage"] = "done"


def confined(file: Path, place: Path, found: dict[str, Any]) -> dict[str, Any]:
    """The same call in a sandbox; a row of the report."""
    from gremio import Sandbox
    from gremio.errors import GremioError
    from gremio.sandbox.values import decode

    row: dict[str, Any] = {"file": file.name}
    if found["stage"] != "done":
        return {**row, "outcome": f"not compared: {found['stage']}", "why": found["error"]}
    blobs = [(place / f"blob{number}").read_bytes() for number in range(found["blobs"])]
    arguments = decode(found["arguments"], blobs)
    started = time.perf_counter()
    try:
        with Sandbox.from_pretrained(place / "model", custom_pipeline=file, threads=1, timeout=120) as pipe:
            row["load"] = round(time.perf_counter() - started, 2)
            pipe.seed(SEED)
            result = pipe(**arguments)
        same = digest(result) == found["digest"]
    except GremioError as error:
        trace = getattr(error, "traceback", "") or getattr(error, "log", "")
        return {**row, "outcome": "fails confined", "why": str(error)[:500], "trace": trace[-1500:]}
    return {**row, "outcome": "same bytes" if same else "other bytes", "why": found["before"]}


def main() -> None:
    """Print a line per file, then the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", action="append", help="A file's name without .py; several in turn.")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.py"))
    files = [file for file in files if not options.only or file.stem in options.only]
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"GREMIO_HOME": f"{home}/gremio", "HF_HOME": f"{home}/hf", "HF_HUB_OFFLINE": "1"}
        os.environ |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1"}
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        from gremio.machine.processes.fork_server import import_libraries

        import_libraries()
        rows = []
        for file, found in _recorded(files, Path(home)):
            rows.append(confined(file, Path(home, file.stem), found))
            print(*(f"{rows[-1].get(key, '')!s:.160}" for key in ("file", "outcome", "why")), sep="  ", flush=True)
    for outcome, number in Counter(row["outcome"] for row in rows).most_common():
        print(f"{number} of {len(rows)}: {outcome}")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


def _recorded(files: list[Path], home: Path) -> list[tuple[Path, dict[str, Any]]]:
    """All of them before the first sandbox: this process must have no second thread when it forks."""
    forks = multiprocessing.get_context("fork")
    found = []
    for file in files:
        place = home / file.stem
        (place / "code").mkdir(parents=True)
        # Alone: what lies beside it may be taken for its components.
        file = shutil.copy(file, place / "code" / file.name)
        child = forks.Process(target=record, args=(file, place))
        child.start()
        child.join(300)
        if child.is_alive():
            child.kill()
            child.join()
        told = place / "found.json"
        gone: dict[str, Any] = {"stage": "check", "error": "its process ended, or took over five minutes"}
        found.append((file, json.loads(told.read_text()) if told.exists() else gone))
        print(file.name, found[-1][1]["stage"], f"{found[-1][1].get('error', '')}"[:200], flush=True)
    return found


if __name__ == "__main__":
    main()
