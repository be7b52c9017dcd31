"""What stands before the page."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gremio.studio.drawing.order import Code, Order, Weights
from gremio.studio.guard import LARGEST_UPLOAD, Guard, Rules
from gremio.studio.line import Job
from gremio.studio.sessions import Session, Sessions, Work

HOSTS = frozenset({"127.0.0.1", "localhost"})


class Asked:
    """A guard around a page that says yes to everything, and the answers to requests."""

    def __init__(self, folder: Path, hosts: frozenset[str] = HOSTS, token: str = "") -> None:
        self.sessions = Sessions(folder)
        self.reached: list[str] = []
        self.guard = Guard(self._inside, self.sessions, Rules(hosts, token, 7, folder))

    async def _inside(self, scope: Any, receive: Any, send: Any) -> None:
        self.reached.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b'["/tmp/upload.png"]'})

    def __call__(self, method: str, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of a request; ``visitor`` is a session's key."""
        return asyncio.run(self._ask(method, path, headers))

    async def _ask(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        path, _, query = path.partition("?")
        visitor = headers.pop("visitor", None)
        named = {"host": "127.0.0.1:7", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if visitor:
            named["cookie"] = f"gremio-7={visitor}; {named.get('cookie', '')}"
        pairs = [(name.encode(), value.encode()) for name, value in named.items()]
        scope = {"type": "http", "method": method, "path": path, "query_string": query.encode(), "headers": pairs}
        sent: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.guard(scope, receive, send)
        told = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], told, sent[1]["body"]


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    """On loopback."""
    return Asked(tmp_path / "sessions")


def made(session: Session, name: str, content: bytes) -> None:
    """A result of this visitor."""
    number, folder = session.begin()
    (folder / name).write_bytes(content)
    order = Order(Weights("m"), Code(), {"settings": {}, "images": []}, 1, str(folder))
    job = Job(session.key, [order], artist=None, state="done")  # type: ignore[arg-type]
    session.keep(Work(number, "m", folder, (order,), {}, (), (), (), ("m",), job))


def test_a_visitor_gets_a_cookie_that_no_script_reads(asked: Asked) -> None:
    """And the page may load nothing from elsewhere."""
    status, headers, _ = asked("GET", "/")
    assert (status, len(asked.reached)) == (200, 1)
    assert "HttpOnly" in headers["set-cookie"]
    assert "SameSite=Strict" in headers["set-cookie"]
    assert headers["content-security-policy"].startswith("default-src 'self'")


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/", {"host": "evil.example"}, 421),
        ("GET", "/gradio_api/vibe-code", {}, 404),
        ("GET", "/gradio_api/file=/etc/passwd", {}, 404),
        ("GET", "/gradio_api/proxy=http://127.0.0.1:1/", {}, 404),
        ("GET", "/made/1/../../x", {}, 404),
        ("GET", "/card/../looks.css", {}, 404),
        ("GET", "/monitoring", {}, 404),
        ("POST", "/gradio_api/vibe-edit", {"content_length": "2"}, 404),
        ("POST", "/gradio_api/queue/join", {"content_length": "2", "origin": "http://evil.example"}, 403),
        ("POST", "/gradio_api/queue/join", {"content_length": str(1 << 30)}, 413),
        ("POST", "/gradio_api/queue/join", {}, 413),
        ("POST", "/gradio_api/upload", {"content_length": str(LARGEST_UPLOAD + 1)}, 413),
        ("PUT", "/", {"content_length": "1"}, 404),
    ],
)
def test_what_is_not_named_is_not_there(
    asked: Asked, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    """Nothing of it reaches the page, though the visitor is known."""
    found = asked(method, path, visitor=asked.sessions.begin().key, **headers)
    assert (found[0], asked.reached) == (status, [])


def test_results_belong_to_one_visitor_and_are_no_page(asked: Asked) -> None:
    """Text that a pipeline wrote is a download, whatever it holds."""
    maria, ana = asked.sessions.begin(), asked.sessions.begin()
    made(maria, "a.txt", b"<script>")
    status, headers, body = asked("GET", "/made/1/a.txt", visitor=maria.key)
    assert (status, body, headers["content-type"]) == (200, b"<script>", "application/octet-stream")
    assert "sandbox" in headers["content-security-policy"]
    assert asked("GET", "/made/1/a.txt", visitor=ana.key)[0] == 404
    assert asked("GET", "/made/1/a.txt")[0] == 404


def test_uploads_belong_to_one_visitor(asked: Asked) -> None:
    """Gradio would give them to whoever knows where they lie."""
    maria, ana = asked.sessions.begin(), asked.sessions.begin()
    assert asked("POST", "/gradio_api/upload", visitor=maria.key, content_length="5")[0] == 200
    assert asked("GET", "/gradio_api/file=/tmp/upload.png", visitor=maria.key)[0] == 200
    assert asked("GET", "/gradio_api/file=/tmp/upload.png", visitor=ana.key)[0] == 404
    assert asked("POST", "/gradio_api/upload", content_length="5")[0] == 404


def test_opened_to_others_it_wants_the_token(tmp_path: Path) -> None:
    """Given once in the address, then in a cookie; under whatever name the machine has."""
    asked = Asked(tmp_path / "sessions", frozenset(), "secret")
    assert asked("GET", "/", host="studio.example")[0] == 401
    assert asked("GET", "/?token=guess")[0] == 401
    assert asked("GET", "/gradio_api/info?token=secret")[0] == 401
    assert asked.reached == []
    status, headers, _ = asked("GET", "/?token=secret", host="studio.example")
    assert (status, headers["location"]) == (303, "/")
    key = headers["set-cookie"].partition(";")[0]
    assert asked("GET", "/", cookie=key, host="studio.example")[0] == 200


def test_the_oldest_works_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor keeps so many."""
    monkeypatch.setattr("gremio.studio.sessions._MOST_WORKS", 2)
    session = Sessions(tmp_path).begin()
    for number in range(4):
        made(session, f"{number}.png", b"")
    assert [each.number for each in session.works] == [3, 4]
    assert sorted(each.name for each in session.folder.iterdir()) == ["3", "4"]
