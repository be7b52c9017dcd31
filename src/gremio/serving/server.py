"""``gremio serve``: what is asked for, found and loaded, then served until the process is told to end."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from gremio.drawing.choosing import Ask
from gremio.errors import OptionError
from gremio.machine.listening import LOOPBACK, Address, is_loopback, run
from gremio.machine.own_folder import own_folder
from gremio.machine.processes import PYTHON
from gremio.machine.settings import Settings
from gremio.serving.app import application
from gremio.serving.artists import ProcessArtist
from gremio.serving.choosing import Wish, chosen
from gremio.serving.guard import Rules
from gremio.serving.limits import Limits
from gremio.serving.line import Artist, Line
from gremio.serving.metrics import Metrics
from gremio.serving.offered import Offered, signature_of
from gremio.serving.patience import patient
from gremio.serving.shelf import Shelf

_SHORTEST_KEY = 16


@dataclass(frozen=True)
class Ways:
    """How it is served: where, to whom, by how many processes, or by how many replicas at most of which Ray cluster.

    ``keys`` open it, ``hosts`` are more names that it is known under; ``grace`` is the seconds that calls which are
    drawn have at the end.
    """

    address: Address
    keys: Sequence[str] = ()
    hosts: Sequence[str] = ()
    workers: int = 1
    ray: str | None = None
    grace: float = 30.0


def serve(
    wish: Wish, limits: Limits, ways: Ways, *, settings: Settings, ask: Ask[Any], ready: Callable[[list[str]], object]
) -> None:
    """Serve until SIGTERM or SIGINT; ``ready`` is called with the names once it can be asked.

    Raises:
        GremioError: a pipeline can't be found, may not run, or can't be loaded.
    """
    shelf = chosen(wish, ask)
    with own_folder(settings.home / "serving") as root, _drawing(shelf, root, ways) as (artists, told):
        made = server(told, Line(artists, limits, root, Metrics()), ways)
        with _signals():
            run(made, lambda: ready(list(told)))


@contextmanager
def _drawing(shelf: Shelf, root: Path, ways: Ways) -> Iterator[tuple[Sequence[Artist], dict[str, Offered]]]:
    if ways.ray is None:
        with processes(shelf, root, ways.workers) as found:
            yield found
        return
    from gremio.serving.on_ray import replicas

    with replicas(shelf, ways.ray, ways.workers) as (artists, told):
        yield artists, {name: offered_of(name, about) for name, about in told.items()}


def keys_of(file: Path | None, settings: Settings, *, host: str, open_to_all: bool) -> list[str]:
    """The keys that open the service: of a file, a line each, or of the environment.

    Raises:
        OptionError: one is too short, or there is none where others can reach it.
    """
    try:
        lines = file.read_text("utf-8").splitlines() if file else [settings.api_key]
    except (OSError, ValueError) as error:
        raise OptionError(f"the keys can't be read: {error}", ref=str(file)) from error
    found = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    short = [key for key in found if len(key) < _SHORTEST_KEY]
    if short:
        step = "openssl rand -hex 32 makes one."
        raise OptionError(f"a key has at least {_SHORTEST_KEY} characters", ref=str(file or ""), next_step=step)
    if not found and not is_loopback(host) and not open_to_all:
        raise OptionError(
            "others can reach it there, and it has no key",
            ref=host,
            next_step="Set GREMIO_API_KEY, or pass --key-file; --no-key leaves that to whatever stands before it.",
        )
    return found


@contextmanager
def processes(
    shelf: Shelf, root: Path, count: int, *, start: Sequence[str] = PYTHON
) -> Iterator[tuple[list[Artist], dict[str, Offered]]]:
    """So many that draw, everything loaded, and what each pipeline tells of itself."""
    file = root / "shelf.json"
    file.write_text(shelf.dumps(), "utf-8")
    artists = [ProcessArtist(file, number, start=start) for number in range(count)]
    with ExitStack() as stack:
        for artist in artists:
            stack.callback(artist.end)
        with ThreadPoolExecutor(count) as threads:
            told = list(threads.map(lambda artist: artist.info(), artists))
        yield list(artists), {name: offered_of(name, about) for name, about in told[0]["pipelines"].items()}


def offered_of(name: str, told: Mapping[str, Any]) -> Offered:
    """A pipeline from what a worker tells of it."""
    about = " ".join(told["about"].strip().partition("\n\n")[0].split())
    return Offered(name, told["class"], about, told["digest"], signature_of(told["signature"]), told["together"])


def server(pipelines: Mapping[str, Offered], line: Line, ways: Ways) -> uvicorn.Server:
    """The service, ready to run."""
    limits, host = line.limits, ways.address.host
    hosts = LOOPBACK | {host, *ways.hosts} if is_loopback(host) else ways.hosts
    rules = Rules(frozenset(map(str.lower, hosts)), ways.keys, limits.body)
    config = uvicorn.Config(
        application(pipelines, line, rules),
        host=host,
        port=ways.address.port,
        http=patient(limits.patience),
        ws="none",
        loop="asyncio",
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=limits.connections,
        timeout_graceful_shutdown=round(ways.grace),
    )
    return _Stopping(config, line)


class _Stopping(uvicorn.Server):
    """Takes no more calls once it is told to end, and finishes those that are drawn."""

    def __init__(self, config: uvicorn.Config, line: Line) -> None:
        super().__init__(config)
        self._line = line

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End."""
        self._line.stop()
        await super().shutdown(sockets)


@contextmanager
def _signals() -> Iterator[None]:
    """Uvicorn raises again what ended it; by then all is done."""
    before = {number: signal.signal(number, _nothing) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(number: int, frame: object) -> None:
    pass
