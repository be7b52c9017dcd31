"""The service under load, and what it adds to a call.

    python benchmarks/serving.py [--clients 200] [--seconds 60] [--calls 40]

One worker, one thread of torch. *Overhead*: the same call of four steps through HTTP and in this process, in turn,
with a pipeline that draws at once and with the demo's model; medians, and their ratio. *Load*: clients on loopback,
each with one call of two steps after the other, a third of them as jobs that they look after, a third with pictures of
their own; every picture is looked at. Nothing beyond loopback is asked.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import io
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gremio.demo.places import MODEL, shelf

PAINTER = Path(__file__).parents[1] / "tests" / "samples" / "painter.py"
SIZE = {"width": 64, "height": 64}


@dataclass
class Tally:
    """What clients saw: seconds of calls that were answered, statuses, pictures that were none."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    accepted: int = 0
    lost: int = 0


@contextmanager
def service(refs: Iterable[Path], model: Path, *options: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """One that runs, on a free port."""
    command = [sys.executable, "-m", "gremio", "serve", *map(str, refs), "-m", str(model), "--port", "0", *options]
    command += ["--threads", "1"]
    with tempfile.TemporaryDirectory() as home:
        environment = {**os.environ, "GREMIO_HOME": home, "PYTHONUNBUFFERED": "1", "HF_HUB_OFFLINE": "1"}
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert process.stdout is not None
        found = re.search(r":(\d+)/", process.stdout.readline())
        assert found
        try:
            yield int(found[1]), process
        finally:
            process.terminate()
            process.wait(60)


class Client:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str, asked: Any = None, accept: str = "*/*") -> tuple[int, dict[str, str], bytes]:
        """A status, headers, and a body."""
        body = b"" if asked is None else json.dumps(asked).encode()
        head = f"{'GET' if asked is None else 'POST'} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        writer.write(head.encode() + body)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        answer = await reader.readexactly(int(headers["content-length"]))
        return int(lines[0].split()[1]), headers, answer

    def close(self) -> None:
        """Hang up."""
        if self._streams is not None:
            self._streams[1].close()


async def client(number: int, port: int, until: float, tally: Tally) -> None:
    """One call after the other; a call that is refused is made again when the service says."""
    connection = Client(port)
    picture = base64.b64encode(made_picture()).decode()
    while time.monotonic() < until:
        started = time.monotonic()
        values: dict[str, Any] = {"prompt": f"a fox {number}", "num_inference_steps": 2}
        kind = number % 3
        try:
            if kind == 0:
                status, headers, body = await connection.ask("/v1/pipelines/long_prompt", values | SIZE, "image/png")
            elif kind == 1:
                values |= {"image": picture, "map": picture}
                status, headers, body = await connection.ask("/v1/pipelines/difference_map", values, "image/png")
            else:
                status, headers, body = await job(connection, values | SIZE)
        except (OSError, asyncio.IncompleteReadError):
            tally.lost += 1
            connection = Client(port)
            continue
        tally.statuses[status] += 1
        if status == 200:
            tally.seconds.append(time.monotonic() - started)
            tally.lost += not body.startswith(b"\x89PNG")
        elif status == 429:
            await asyncio.sleep(int(headers["retry-after"]))
        else:
            tally.lost += 1
    connection.close()


async def job(connection: Client, values: Any) -> tuple[int, dict[str, str], bytes]:
    """The same as a job."""
    status, headers, body = await connection.ask("/v1/jobs?pipeline=long_prompt", values)
    if status != 202:
        return status, headers, body
    number = json.loads(body)["id"]
    while True:
        status, headers, body = await connection.ask(f"/v1/jobs/{number}")
        if status != 200 or json.loads(body)["state"] not in ("waiting", "drawing"):
            return await connection.ask(f"/v1/jobs/{number}/outputs/0")
        await asyncio.sleep(0.5)


def made_picture() -> bytes:
    """A small PNG."""
    from PIL import Image

    file = io.BytesIO()
    Image.new("RGB", (64, 64), "orange").save(file, "PNG")
    return file.getvalue()


def megabytes(pid: int) -> dict[str, int]:
    """Resident memory of a process and of those that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {}
    for name, each in [("server", str(pid)), *((f"worker {n}", child) for n, child in enumerate(children))]:
        status = Path(f"/proc/{each}/status").read_text()
        match = re.search(r"VmRSS:\s+(\d+)", status)
        found[name] = int(match[1]) // 1024 if match else 0
    return found


async def load(port: int, pid: int, clients: int, seconds: float) -> None:
    """All clients at once; memory is looked at meanwhile."""
    tally, until = Tally(), time.monotonic() + seconds
    before, most = megabytes(pid), megabytes(pid)
    tasks = [asyncio.create_task(client(number, port, until, tally)) for number in range(clients)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(1)
        most = {name: max(size, most.get(name, 0)) for name, size in megabytes(pid).items()}
    await asyncio.gather(*tasks)
    ordered = sorted(tally.seconds)
    shares = {share: ordered[min(len(ordered) - 1, int(len(ordered) * share))] for share in (0.5, 0.95, 0.99)}
    print(
        f"{clients} clients, {seconds:.0f} s: {len(ordered) / seconds:.1f} calls answered a second, {tally.lost} lost"
    )
    print("  statuses  ", dict(tally.statuses))
    print("  seconds   ", ", ".join(f"p{share * 100:.0f} {value:.2f}" for share, value in shares.items()))
    print("  MB before ", before, " most ", most, " after ", megabytes(pid))
    asked = Client(port)
    metrics = (await asked.ask("/metrics"))[2].decode()
    asked.close()
    for line in metrics.splitlines():
        if line.startswith(("gremio_jobs_total", "gremio_refused", "gremio_lost", "gremio_waiting", "gremio_kept")):
            print("  ", line)


async def overhead(port: int, ref: Path, model: Path, calls: int) -> None:
    """A call through the service and the same call here, in turn."""
    import torch

    from gremio import DiffusionPipeline

    torch.set_num_threads(1)
    pipeline = DiffusionPipeline.from_pretrained(model, custom_pipeline=ref)
    pipeline.set_progress_bar_config(disable=True)
    values = {"prompt": "a fox", "num_inference_steps": 4, **SIZE}
    here: list[float] = []
    there: list[float] = []
    asked = Client(port)
    for number in range(calls + 3):
        started = time.perf_counter()
        pipeline(**values, generator=torch.Generator().manual_seed(number)).images[0].save(io.BytesIO(), "PNG")
        here.append(time.perf_counter() - started)
        started = time.perf_counter()
        status, _, _ = await asked.ask(f"/v1/pipelines/{ref.stem}", {**values, "seed": number}, "image/png")
        there.append(time.perf_counter() - started)
        assert status == 200
    asked.close()
    one, other = (statistics.median(each[3:]) * 1e3 for each in (here, there))
    ratio = f"ratio {other / one:.2f}"
    print(f"{ref.stem}, one call of 4 steps: {one:.1f} ms here, {other:.1f} ms through the service, {ratio}")


def easel(folder: Path) -> Path:
    """The painter's model: a scheduler's config."""
    index = {"_class_name": "Painter", "_diffusers_version": "0.36.0", "scheduler": ["diffusers", "DDIMScheduler"]}
    (folder / "scheduler").mkdir()
    (folder / "model_index.json").write_text(json.dumps(index))
    (folder / "scheduler" / "scheduler_config.json").write_text('{"_class_name": "DDIMScheduler"}')
    return folder


def main() -> None:
    """Both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--calls", type=int, default=40)
    parser.add_argument("--queue", type=int, default=256)
    given = parser.parse_args()
    refs = [shelf() / name for name in ("long_prompt", "difference_map")]
    with tempfile.TemporaryDirectory() as folder:
        model = easel(Path(folder))
        with service([PAINTER], model) as (port, _):
            asyncio.run(overhead(port, PAINTER, model, given.calls))
    with service(refs, MODEL, "--queue", str(given.queue)) as (port, process):
        asyncio.run(overhead(port, refs[0], MODEL, given.calls))
        asyncio.run(load(port, process.pid, given.clients, given.seconds))


if __name__ == "__main__":
    main()
