"""Replicas of a Ray cluster that draw, in place of processes here: Ray Serve places, scales and replaces them.

This process stays the door: requests, keys, limits and the line are what they are without Ray. Each replica keeps one
process (``artists.py``), so that a call which ends its process ends no replica. A replica gets the code by digest,
keeps it once its bytes have that digest, and looks for weights where the lock says. What it draws comes back as bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from gremio.drawing.process import Cancelled, Lost, Stop
from gremio.drawing.providing import Code, code_of, provide
from gremio.drawing.refusals import rebuilt, refusal
from gremio.errors import GremioError, OptionError
from gremio.serving.artists import PATIENCE, ProcessArtist
from gremio.serving.line import Hear
from gremio.serving.shelf import Shelf

log = logging.getLogger("gremio.serving")

_NAME = "gremio"
_PAUSE = 0.1
_FIRST_WAIT, _LONGEST_WAIT = 0.2, 5.0
_GIVE_UP = 120.0  # seconds without any replica that draws to the end
_LOADING = 1800.0  # seconds for the first replica: it may fetch weights


@contextmanager
def replicas(shelf: Shelf, address: str, most: int) -> Iterator[tuple[list[RayArtist], Mapping[str, Any]]]:
    """What hands calls to replicas, as many as there may be, and what pipelines tell of themselves.

    Args:
        shelf: what is served.
        address: ``local`` for a cluster on this machine, ``auto`` or a cluster's.
        most: replicas; there is one, and more as calls wait.

    Raises:
        OptionError: Ray is not installed, or there is no such cluster.
        GremioError: a pipeline can't be loaded.
    """
    # Nobody was asked whether the use of this may be told to anybody.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
        from ray import serve
    except ImportError as error:
        raise OptionError("this needs Ray Serve", next_step='pip install "gremio[serve,ray]"') from error
    with ExitStack() as stack:
        if not ray.is_initialized():
            _connected(address)
            stack.callback(ray.shutdown)
        logging.getLogger("ray.serve").setLevel(logging.ERROR)
        quiet = {"log_level": "ERROR", "enable_access_log": False}
        serve.start(proxy_location="Disabled", logging_config=quiet)
        stack.callback(serve.shutdown)
        handle = _deployed(shelf, most, quiet)
        told = handle.info.remote().result(timeout_s=_LOADING)
        if "refused" in told:
            raise rebuilt(told["refused"])
        yield [RayArtist(handle) for _ in range(most)], told["pipelines"]


def _connected(address: str) -> None:
    import ray

    local = address == "local"
    try:
        # Only who starts a cluster may say whether it has a page.
        ray.init(None if local else address, log_to_driver=False, include_dashboard=False if local else None)
    except (ConnectionError, ValueError, RuntimeError) as error:
        step = "Start one with `ray start --head`, or leave the address out."
        raise OptionError(f"there is no Ray cluster: {error}", ref=address, next_step=step) from error


def _deployed(shelf: Shelf, most: int, quiet: Mapping[str, Any]) -> Any:
    import ray
    from ray import serve

    first = next(iter(shelf.pipelines.values()))
    gpus = ray.cluster_resources().get("GPU", 0) if (first.device or "cuda").startswith("cuda") else 0
    share: dict[str, Any] = {"num_gpus": 1, "num_cpus": 0} if gpus else {"num_cpus": first.threads or 1}
    codes = {name: code_of(each) for name, each in shelf.pipelines.items()}
    deployment = serve.deployment(
        Replica,
        name=_NAME,
        # One call at a time; Ray counts those that wait, and has as many replicas.
        max_ongoing_requests=1,
        autoscaling_config={
            "min_replicas": 1,
            "max_replicas": most,
            "target_ongoing_requests": 1,
            "upscale_delay_s": 2,
            "downscale_delay_s": 120,
        },
        ray_actor_options=share,
        health_check_period_s=2,
        graceful_shutdown_timeout_s=PATIENCE * 2,
        logging_config=quiet,
    )
    return serve.run(deployment.bind(shelf.dumps(), codes), name=_NAME, route_prefix=None)


class Replica:
    """Draws on whatever machine it is."""

    def __init__(self, shelf: str, codes: Mapping[str, Code]) -> None:
        self._shelf, self._codes = shelf, codes
        self._folder = tempfile.TemporaryDirectory(prefix="gremio-replica-")
        self._artist: ProcessArtist | None = None
        self._one = asyncio.Lock()

    async def info(self) -> Mapping[str, Any]:
        """What its pipelines are, once they are loaded, or why they can't be."""
        try:
            async with self._one:
                artist = await asyncio.to_thread(self._started)
                return await asyncio.to_thread(artist.info)
        except GremioError as error:
            return {"refused": refusal(error)}

    async def draw(self, order: Mapping[str, Any], pictures: Mapping[str, bytes]) -> AsyncIterator[dict[str, Any]]:
        """What happens, then what was made, with its files; errors are told and not raised."""
        stop, told = threading.Event(), asyncio.Queue[Mapping[str, Any]]()
        loop = asyncio.get_running_loop()
        with tempfile.TemporaryDirectory(dir=self._folder.name) as folder:
            folders = [Path(folder, str(number)) for number in range(len(order["calls"]))]
            for each in folders:
                each.mkdir()
            for name, data in pictures.items():
                (folders[0] / name).write_bytes(data)

            def hear(step: Mapping[str, Any]) -> None:
                loop.call_soon_threadsafe(told.put_nowait, step)

            async def drawn() -> Mapping[str, Any]:
                async with self._one:
                    artist = await asyncio.to_thread(self._started)
                    return await artist.draw({**order, "folders": list(map(str, folders))}, hear, stop)

            drawing, step = asyncio.ensure_future(drawn()), asyncio.ensure_future(told.get())
            try:
                while not drawing.done():
                    await asyncio.wait({drawing, step}, return_when=asyncio.FIRST_COMPLETED)
                    if step.done():
                        yield {"told": step.result()}
                        step = asyncio.ensure_future(told.get())
                yield await _ended(drawing, folders)
            finally:
                # Where whoever asked is gone, it stops within a step.
                step.cancel()
                stop.set()
                with suppress(Exception):
                    await drawing

    def _started(self) -> ProcessArtist:
        if self._artist is None:
            shelf, file = Shelf.loads(self._shelf), Path(self._folder.name, "shelf.json")
            for name, locked in shelf.pipelines.items():
                provide(locked, self._codes[name])
            file.write_text(self._shelf, "utf-8")
            self._artist = ProcessArtist(file, 0)
        return self._artist

    def __del__(self) -> None:
        """A replica that is not needed any more ends its process."""
        if self._artist is not None:
            self._artist.end()


async def _ended(drawing: asyncio.Future[Mapping[str, Any]], folders: list[Path]) -> dict[str, Any]:
    try:
        made = await drawing
    except Cancelled:
        return {"cancelled": True}
    except Lost as error:
        return {"lost": error.message}
    except Exception as error:
        return {"failed": refusal(error)}
    files = [
        {piece["file"]: (folder / piece["file"]).read_bytes() for piece in each["pieces"]}
        for folder, each in zip(folders, made["made"], strict=True)
    ]
    hashes = [{name: _hash(data) for name, data in each.items()} for each in files]
    return {"drawn": made, "files": files, "hashes": hashes}


class RayArtist:
    """Hands one call at a time to whichever replica is free."""

    def __init__(self, handle: Any) -> None:
        self._draw = handle.options(stream=True).draw

    async def draw(self, order: Mapping[str, Any], hear: Hear, cancelled: Stop) -> Mapping[str, Any]:
        """See ``Artist``. What a replica that dies was at, another draws from the beginning, to the same bytes."""
        from ray.exceptions import RayError

        folders = list(map(Path, order["folders"]))
        names = [name for files in order["calls"][0]["pictures"].values() for name in files]
        pictures = {name: (folders[0] / name).read_bytes() for name in names}
        wait, until = _FIRST_WAIT, time.monotonic() + _GIVE_UP
        while True:
            try:
                return _kept(await self._told(order, pictures, hear, cancelled), folders, order)
            except RayError as error:
                reason = str(error).strip().splitlines()[-1]
                log.warning("job %s: its replica is gone (%s); another draws it", order["job"], reason[:200])
                if time.monotonic() > until:
                    raise Lost(f"no replica draws it: {reason}", ref=order["pipeline"]) from error
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)

    async def close(self) -> None:
        """Nothing is held here."""

    async def _told(
        self, order: Mapping[str, Any], pictures: Mapping[str, bytes], hear: Hear, cancelled: Stop
    ) -> Mapping[str, Any]:
        """The last that a replica tells of a call."""
        stream = self._draw.remote(dict(order), pictures)
        steps = stream.__aiter__()
        while True:
            step = asyncio.ensure_future(steps.__anext__())
            while not step.done():
                await asyncio.wait({step}, timeout=_PAUSE)
                if cancelled.is_set():
                    step.cancel()
                    stream.cancel()
                    raise Cancelled
            told: Mapping[str, Any] = await step
            if "told" not in told:
                return told
            hear(told["told"])


def _kept(told: Mapping[str, Any], folders: list[Path], order: Mapping[str, Any]) -> Mapping[str, Any]:
    if "cancelled" in told:
        raise Cancelled
    if "lost" in told:
        raise Lost(told["lost"], ref=order["pipeline"])
    if "failed" in told:
        raise rebuilt(told["failed"])
    for folder, files, hashes in zip(folders, told["files"], told["hashes"], strict=True):
        for name, data in files.items():
            if Path(name).name != name or _hash(data) != hashes[name]:
                raise Lost("its file came with other bytes than it was drawn with", ref=order["pipeline"])
            (folder / name).write_bytes(data)
    drawn: Mapping[str, Any] = told["drawn"]
    return drawn


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
