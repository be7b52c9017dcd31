"""Community pipelines published and loaded back: whether the same seed draws the same, bit for bit.

    python benchmarks/publishing.py /path/to/folder-of-community-files [--jobs 2] [--only NAME] [--json OUT]

Every file is loaded by Gremio, given tiny random components, and called. The same pipeline is then pushed to a Hub on
this machine by `gremio.push_to_hub`, loaded from the commit by Gremio, pinned to the digest that was published, and by
plain diffusers, and called again with the same arguments and seed. Each file has a process of its own.

What is loaded from a file lies in memory as the file has it, at addresses that processors' kernels don't like, and the
last bit of a sum may depend on that. So the weights are copied to fresh memory before a call, whoever loaded them.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

_REFITS = 4
_TIMEOUT = 400.0


@dataclass
class Row:
    """What became of one file; ``reason`` belongs to the first thing that failed."""

    file: str
    runs: bool = False
    published: bool = False
    gremio: str = "not reached"
    diffusers: str = "not reached"
    limits: tuple[str, ...] = ()
    edits: int = 0
    mends: int = 0
    reason: str = ""
    plain_reason: str = ""


def tried(path: Path) -> Row:
    """One file, in this process."""
    from gremio.checking.trial.loaded_class import load_subject
    from gremio.checking.trial.options import Options
    from gremio.checking.trial.stand_ins import stand_ins
    from gremio.checking.trial.target import read_code

    row = Row(path.name)
    options = Options(str(path), quick=True, pipelines_only=True)
    found = read_code(options)
    if not found.review.class_name:
        row.reason = "no pipeline"
        return row
    try:
        with stand_ins(seed=0):
            _there_and_back(row, load_subject(options, found), options)
    except Exception as error:
        traceback.print_exc()
        row.reason = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    return row


def _there_and_back(row: Row, subject: Any, options: Any) -> None:
    import diffusers

    import gremio
    from gremio.checking.trial.digest import digest

    maker, caller = _working(subject, options)
    row.mends = len(subject.mends)
    drawn = [digest(caller.on(maker.ready()).call()) for _ in range(2)]
    row.runs = True
    if drawn[0] != drawn[1]:
        row.reason = "draws differently every time"
    pipeline = maker.make()
    name = f"bench/{Path(row.file).stem}".replace(".", "-")[:90]
    done = gremio.push_to_hub(pipeline, name, verify=False)
    row.published = True
    row.limits, row.edits = done.publication.limits, len(done.publication.edits)
    at = {"revision": done.commit}
    ours = gremio.DiffusionPipeline.from_pretrained(name, trust_remote_code=[done.digest], **at)
    row.gremio = _same(caller, ours, drawn)
    try:
        theirs = diffusers.DiffusionPipeline.from_pretrained(name, trust_remote_code=True, **at)
        row.diffusers = _same(caller, theirs, drawn)
    except Exception as error:
        row.diffusers, row.plain_reason = "failed", " ".join(f"{type(error).__name__}: {error}".split())[:300]


def _working(subject: Any, options: Any) -> tuple[Any, Any]:
    """A maker and a caller whose call works, as a trial finds them."""
    from gremio.checking.trial.arguments import Plan
    from gremio.checking.trial.calling import first_call
    from gremio.checking.trial.config_errors import refitted
    from gremio.checking.trial.pipelines import Maker

    maker = Maker.of(subject, options)
    for _ in range(_REFITS):
        pipeline = maker.ready()
        try:
            caller, _ = first_call(pipeline, Plan.of(pipeline, {}, 0))
            return maker, caller
        except Exception as error:
            config = refitted(pipeline, error)
            if config is None:
                raise
            maker = maker.fitted(config)
    raise RuntimeError("it wants other numbers every time")


def _same(caller: Any, pipeline: Any, drawn: list[str]) -> str:
    from gremio.checking.trial.digest import digest
    from gremio.checking.trial.measures import Measures
    from gremio.checking.trial.recipes import prepare

    if callable(getattr(pipeline, "set_progress_bar_config", None)):
        pipeline.set_progress_bar_config(disable=True)
    _copy_weights(pipeline)
    prepare(pipeline, Measures.of(pipeline))
    again = digest(caller.on(pipeline).call())
    return "identical" if again == drawn[0] == drawn[1] else "loads" if drawn[0] != drawn[1] else "different"


def _copy_weights(pipeline: Any) -> None:
    import torch

    for name in pipeline.config:
        component = getattr(pipeline, name, None)
        if isinstance(component, torch.nn.Module):
            for tensor in [*component.parameters(), *component.buffers()]:
                tensor.data = tensor.data.clone()


def _in_a_process(path: Path) -> Row:
    """A fork of this process, which has imported the libraries but started no thread of theirs."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def work() -> None:
        folder = tempfile.mkdtemp()
        os.environ["GREMIO_HOME"] = f"{folder}/gremio"
        _keep_apart(folder)
        with open(os.devnull, "w") as nothing:  # noqa: PTH123
            os.dup2(nothing.fileno(), 1)
        send.send(tried(path))

    child = context.Process(target=work)
    child.start()
    send.close()
    row = Row(path.name, reason="the process ended without a result")
    if receive.poll(_TIMEOUT):
        with suppress(EOFError):
            row = receive.recv()
    else:
        row.reason = f"no result after {_TIMEOUT:.0f} s"
    child.kill()
    child.join()
    return row


def _keep_apart(folder: str) -> None:
    """The caches of this process alone, for libraries that read the environment when they were imported."""
    from diffusers.utils import dynamic_modules_utils
    from huggingface_hub import constants

    constants.HF_HUB_CACHE = f"{folder}/hub"
    os.environ["HF_HUB_CACHE"] = constants.HF_HUB_CACHE
    dynamic_modules_utils.HF_MODULES_CACHE = f"{folder}/modules"


def _hub(folder: str) -> tuple[subprocess.Popen[str], str, str]:
    code = (
        "import sys; from pathlib import Path; from gremio.localhub import LocalHub\n"
        "hub = LocalHub(Path(sys.argv[1])); hub.__enter__()\n"
        "print(hub.endpoint, hub.token, flush=True); sys.stdin.read()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    endpoint, token = process.stdout.readline().split()
    return process, endpoint, token


def main() -> None:
    """Publish every file, print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    start = time.time()
    with tempfile.TemporaryDirectory() as folder:
        process, endpoint, token = _hub(folder)
        os.environ |= {"HF_ENDPOINT": endpoint, "HF_TOKEN": token, "HF_HUB_DISABLE_XET": "1", "OMP_NUM_THREADS": "1"}
        os.environ |= {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "DIFFUSERS_VERBOSITY": "error"}
        import diffusers  # noqa: F401
        import torch
        import transformers  # noqa: F401

        import gremio.checking.trial.stages  # noqa: F401

        torch.set_num_threads(1)
        paths = [p for p in sorted(given.folder.glob("*.py")) if given.only in (None, p.stem)]
        with ThreadPoolExecutor(given.jobs) as pool:
            rows = list(pool.map(_in_a_process, paths))
        process.terminate()
    _tell(rows, time.time() - start)
    if given.json:
        given.json.write_text(json.dumps([asdict(row) for row in rows], indent=2))


def _tell(rows: list[Row], seconds: float) -> None:
    pipelines = [row for row in rows if row.reason != "no pipeline"]
    running = [row for row in pipelines if row.runs]
    print(f"{len(rows)} files, {len(pipelines)} pipelines, {len(running)} run here, {seconds:.0f} s")
    print(f"published: {sum(row.published for row in running)}")
    print(f"loaded back by Gremio: {dict(Counter(row.gremio for row in running))}")
    print(f"loaded back by plain diffusers: {dict(Counter(row.diffusers for row in running))}")
    for row in pipelines:
        if row.gremio != "identical" or row.diffusers != "identical":
            print(f"  {row.file}: gremio {row.gremio}, diffusers {row.diffusers}  {row.reason} {row.plain_reason}")


if __name__ == "__main__":
    main()
