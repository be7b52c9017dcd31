"""The same job on a Ray cluster: Ray Data spreads the rows and begins again what a lost machine was at.

Each actor keeps one worker, as on one machine (``workers.py``), so that a row which ends its process ends no actor. An
actor gets the order, and the code by digest; it keeps the code once its bytes have that digest, and looks for weights
where the lock says. What was drawn comes back as bytes, and is checked against its hash before it is kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from operator import methodcaller
from pathlib import Path
from typing import Any

from gremio.batching.chunks import Chunk
from gremio.batching.events import Event, Lost, Note, Ready
from gremio.batching.jobs.row import Problem, Row
from gremio.batching.made import Made
from gremio.batching.order import Order, row_in, row_out
from gremio.batching.workers import Workers
from gremio.drawing.providing import Code, code_of, provide
from gremio.drawing.refusals import rebuilt, refusal
from gremio.errors import BatchError, GremioError, OptionError
from gremio.machine.placing import place
from gremio.machine.processes import PYTHON

_MOST_BLOCKS = 5000


class OnRay:
    """Draws on a cluster; ``address`` is ``local`` for one on this machine, ``auto`` or a cluster's."""

    def __init__(self, order: Order, *, address: str, count: int | None, retries: int) -> None:
        self._order, self._address, self._count, self._retries = order, address, count, retries
        self._stack = ExitStack()

    def __enter__(self) -> OnRay:
        """Connect, or start what there is to connect to.

        Raises:
            OptionError: Ray is not installed, or there is no such cluster.
        """
        # Nobody was asked whether the use of this may be told to anybody.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise OptionError("this needs Ray", next_step='pip install "gremio[ray]"') from error
        if not ray.is_initialized():
            address = None if self._address == "local" else self._address
            try:
                ray.init(address, log_to_driver=False, include_dashboard=False if address is None else None)
            except (ConnectionError, ValueError, RuntimeError) as error:
                step = "Start one with `ray start --head`, or leave the address out."
                raise OptionError(f"there is no Ray cluster: {error}", ref=self._address, next_step=step) from error
            self._stack.callback(ray.shutdown)
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        context.print_on_execution_start = False
        return self

    def __exit__(self, *exception: object) -> None:
        """Disconnect; what was started here ends."""
        self._stack.close()

    def run(self, chunks: Sequence[Chunk]) -> Iterator[Event]:
        """See ``Pool``."""
        import ray

        folder, told = Path(self._order.folder), False
        try:
            for row in self._drawn(chunks):
                event = _event(json.loads(row["event"]), row["data"], folder)
                if isinstance(event, Ready):
                    if not told:
                        told = True
                        yield replace(event, workers=self._workers())
                    continue
                yield event
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1]
            raise BatchError(f"the cluster gave up: {reason}", ref=self._address, next_step="Resume.") from error

    def check(self, rows: Sequence[Row]) -> list[Problem]:
        """See ``Pool``; on this machine."""
        with Workers(self._order, count=1) as workers:
            return workers.check(rows)

    def _drawn(self, chunks: Sequence[Chunk]) -> Iterator[dict[str, Any]]:
        import ray.data

        items = [{"chunk": _chunk_out(chunk)} for chunk in chunks]
        gpus = self._gpus()
        data = ray.data.from_items(items, override_num_blocks=min(len(items), _MOST_BLOCKS)).map_batches(
            Actor,
            batch_size=1,
            compute=ray.data.ActorPoolStrategy(size=min(self._workers(), len(items))),
            fn_constructor_args=(self._order.dumps(), code_of(self._order), self._retries),
            num_cpus=None if gpus else self._order.threads,
            num_gpus=1 if gpus else None,
        )
        yield from data.iter_rows()

    def _gpus(self) -> int:
        import ray

        wanted = self._order.device is None or self._order.device.startswith("cuda")
        return int(ray.cluster_resources().get("GPU", 0)) if wanted else 0

    def _workers(self) -> int:
        import ray

        cores = int(ray.cluster_resources().get("CPU", 1))
        return self._count or self._gpus() or max(1, cores // self._order.threads)


class Actor:
    """Draws chunks on whatever machine it is."""

    def __init__(self, order: str, code: Code, retries: int) -> None:
        self._order, self._code, self._retries = Order.loads(order), code, retries
        self._stack = ExitStack()
        self._workers: Workers | None = None
        self._ready = Ready("", 0)

    def __call__(self, batch: dict[str, Any]) -> Iterator[dict[str, list[Any]]]:
        """What became of each chunk, an event a row; errors are told and not raised, for Ray would begin again."""
        for told in batch["chunk"]:
            try:
                for event in self._started().run([_chunk_in(told)]):
                    if isinstance(event, Ready):
                        self._ready = event
                    else:
                        # Whichever chunk comes first, it says what drew it.
                        yield self._row(self._ready)
                        yield self._row(event)
            except GremioError as error:
                yield {"event": [json.dumps({"refused": refusal(error)})], "data": [b""]}

    def _started(self) -> Workers:
        if self._workers is None:
            folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="gremio-ray-"))
            order = replace(self._order, folder=folder)
            provide(order, self._code)
            self._order = order
            workers = Workers(order, count=1, retries=self._retries, start=PYTHON, keep=True)
            self._workers = self._stack.enter_context(workers)
        return self._workers

    def _row(self, event: Event) -> dict[str, list[Any]]:
        data = b""
        if isinstance(event, Made):
            paths = [Path(self._order.folder, each.file) for each in event.files]
            data = b"".join(path.read_bytes() for path in paths)
            for path in paths:
                path.unlink()
        return {"event": [json.dumps(_told(event))], "data": [data]}


def _told(event: Event) -> dict[str, Any]:
    if isinstance(event, Made):
        return {"made": event.sent()}
    if isinstance(event, Ready):
        return {"ready": [event.device, event.workers]}
    if isinstance(event, Lost):
        return {"lost": [list(event.rows), event.why]}
    return {"note": event.text}


def _event(told: Mapping[str, Any], data: bytes, folder: Path) -> Event:
    """And back; the files of a row are put in their place."""
    if "refused" in told:
        raise rebuilt(told["refused"])
    if "ready" in told:
        return Ready(*told["ready"])
    if "lost" in told:
        return Lost(tuple(told["lost"][0]), told["lost"][1])
    if "note" in told:
        return Note(told["note"])
    made = Made.of(told["made"])
    start = 0
    for file in made.files:
        part = data[start : start + file.size]
        start += file.size
        if hashlib.sha256(part).hexdigest() != file.sha256:
            raise BatchError(f"{file.file} came with other bytes than it was drawn with", ref=made.row)
        place(folder / file.file, methodcaller("write_bytes", part))
    return made


def _chunk_out(chunk: Chunk) -> str:
    rows = [row_out(row) for row in chunk.rows]
    return json.dumps({"number": chunk.number, "rows": rows, "wanted": sorted(chunk.wanted)})


def _chunk_in(text: str) -> Chunk:
    told = json.loads(text)
    return Chunk(told["number"], tuple(map(row_in, told["rows"])), frozenset(told["wanted"]))
