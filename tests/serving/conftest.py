"""One service for the tests of a module: a pipeline without weights, in a fork that draws."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from gremio.drawing.choosing import plainly
from gremio.machine.listening import Address
from gremio.machine.settings import Settings
from gremio.serving.choosing import Wish, chosen
from gremio.serving.limits import Limits
from gremio.serving.line import Line
from gremio.serving.metrics import Metrics
from gremio.serving.server import Ways, processes, server

PAINTER = Path(__file__).parents[1] / "samples" / "painter.py"
CALL = "/v1/pipelines/painter"
LIMITS = Limits(body=1 << 20, pixels=256 * 256, steps=50, queue=3, seconds=20.0, keep=60.0, patience=1.0, inputs=3)


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.json["error"]["code"])


@dataclass(frozen=True)
class Service:
    """One that runs."""

    port: int
    line: Line
    server: uvicorn.Server

    def ask(self, path: str, body: Any = None, *, method: str = "", headers: Mapping[str, str] | None = None) -> Reply:
        """One request; what is no bytes goes as JSON."""
        given = dict(headers or {})
        if body is not None and not isinstance(body, bytes):
            body, given = json.dumps(body).encode(), {"Content-Type": "application/json", **given}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method or ("GET" if body is None else "POST"), path, body, given)
            answer = connection.getresponse()
            return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def raw(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Bytes as they are, and all that comes back until it hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
                return b"".join(iter(lambda: connection.recv(65536), b""))
            except ConnectionError:
                return b""

    def job(self, **arguments: Any) -> str:
        """The id of a job that is accepted."""
        reply = self.ask("/v1/jobs", {"prompt": "a fox", **arguments})
        assert reply.status == 202, reply.body
        return str(reply.json["id"])

    def over(self, number: str) -> dict[str, Any]:
        """How a job ended."""
        for _ in range(400):
            told: dict[str, Any] = self.ask(f"/v1/jobs/{number}").json
            if told["state"] in ("done", "failed", "cancelled"):
                return told
            time.sleep(0.02)
        raise AssertionError(told)


# Of a module, so that nothing of the fork server is left when others look at it.
@pytest.fixture(scope="module")
def service(easel: Path, forks: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The painter at ``CALL``, with small ``LIMITS``."""
    folder = tmp_path_factory.mktemp("serving")
    shelf = chosen(Wish([str(PAINTER)], str(easel), threads=1), plainly)
    # A process that is begun again has the home that the first had, whatever test that happens in.
    home = Settings.from_environment().home
    with processes(shelf, folder, 1, start=("env", f"GREMIO_HOME={home}", *forks)) as (artists, pipelines):
        line = Line(artists, LIMITS, folder, Metrics())
        address = Address.choose("127.0.0.1", 0)
        running = server(pipelines, line, Ways(address, grace=1))
        thread = threading.Thread(target=running.run, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        yield Service(address.port, line, running)
        running.should_exit = True
        thread.join(20)
