"""How a call reaches the Hub."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from gremio.machine.settings import Settings
from gremio.sources import Access, Repository


class _Proxy(BaseHTTPRequestHandler):
    """Forwards what it is asked for and keeps the addresses."""

    asked: list[str]

    def _forward(self) -> None:
        self.asked.append(self.path)
        there = urlsplit(self.path)
        connection = http.client.HTTPConnection(there.netloc)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "proxy-connection")}
        connection.request(self.command, f"{there.path}?{there.query}", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        connection.close()

    do_GET = do_HEAD = _forward

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """A forwarding proxy on loopback: its address, and what it was asked for."""
    _Proxy.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), _Proxy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", _Proxy.asked
        server.shutdown()
        thread.join()


def test_proxies_are_used_for_this_call_alone(hub, put: Callable[..., str], proxy: tuple[str, list[str]]) -> None:
    """With ``proxies`` everything goes through them, the next call without does not."""
    put("maria/castle", {"pipeline.py": "x = 1", "helper.py": "y = 2"})
    address, asked = proxy
    settings = Settings.from_environment()

    def read(access: Access) -> dict[str, bytes]:
        repository = Repository("maria/castle", settings=settings, access=access)
        return repository.read(repository.listing(), ["pipeline.py", "helper.py"])

    through = Access.of(settings, proxies={"http": address}, force_download=True)
    assert read(through) == {"pipeline.py": b"x = 1", "helper.py": b"y = 2"}
    assert len(asked) >= 3
    assert len(asked) == len(hub.requests)
    asked.clear()
    read(Access.of(settings, force_download=True))
    assert asked == []


@pytest.mark.parametrize(
    ("given", "offline", "only_local"),
    [
        ({}, False, False),
        ({"local_files_only": True}, False, True),
        ({}, True, True),
        ({"local_files_only": None}, False, False),
    ],
)
def test_offline_and_local_files_only_are_one(given, offline, only_local, tmp_path) -> None:
    """Either keeps the call from the network."""
    settings = Settings(home=tmp_path, cache_dir=tmp_path, endpoint="http://127.0.0.1:1", offline=offline)
    assert Access.of(settings, **given).local_files_only is only_local


def test_a_token_does_not_show_in_a_repr(tmp_path) -> None:
    """Logs and tracebacks print objects; tokens stay out of them."""
    settings = Settings(home=tmp_path, cache_dir=tmp_path, endpoint="http://127.0.0.1:1")
    assert "hf_secret" not in repr(Access.of(settings, token="hf_secret"))
