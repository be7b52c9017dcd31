"""What stands before the page: who may ask for what. Everything that is not named here is not there.

loopback    only requests that say they are for this machine: a page elsewhere can't have a browser ask for it
key         where the page is opened up to others: only who has the token from the terminal
session     a cookie that belongs to one browser; uploads and results are given to it alone
size        no more bytes than a picture or a film has
contents    nothing from anywhere else is loaded by the page, nor sent there
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from html import escape
from http.cookies import CookieError, SimpleCookie
from mimetypes import guess_type
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from gremio.studio.sessions import Session, Sessions

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_UPLOAD = 200 << 20
_LARGEST_REQUEST = 16 << 20

_READ = re.compile(
    r"/|/(theme\.css|favicon\.ico|manifest\.json|robots\.txt|config/?)|/(assets|static|svelte)/.*"
    r"|/gradio_api/(info/?|app_id/?|startup-events|heartbeat/\w+|queue/data|upload_progress|theme\.css)"
)
_SENT = re.compile(r"/gradio_api/(queue/join|upload|cancel|reset/?|run/\w+/?|api/\w+/?)")
_FILE = re.compile(r"/gradio_api/file=(.+)")
_MADE = re.compile(r"/made/(\d{1,9})/([\w.-]{1,120})")
_CARD = re.compile(r"/card/([\w-]{1,80}\.webp)")

_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:;"
    " worker-src 'self' blob:; frame-src 'none'; object-src 'none'; base-uri 'self'; form-action 'self';"
    " frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


@dataclass(frozen=True)
class Rules:
    """``hosts`` are the names under which the page may be asked for, empty for any; ``token`` is empty where none is
    needed; ``port`` tells the cookies of two studios on one machine apart; ``pictures`` is the folder of the cards'.
    """

    hosts: frozenset[str]
    token: str
    port: int
    pictures: Path


class Guard:
    """An ASGI application around another."""

    def __init__(self, inside: App, sessions: Sessions, rules: Rules) -> None:
        self._inside = inside
        self._sessions = sessions
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the inside answer."""
        if scope["type"] == "lifespan":
            await self._inside(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path, method = scope["path"], scope["method"]
        if not self._is_for_us(headers):
            return await _refuse(send, 421, "This page is not known under that name.")
        cookies = _cookies(headers.get("cookie", ""))
        if not self._has_key(cookies):
            return await self._ask_for_key(scope, send)
        session = self._sessions.get(cookies.get(f"gremio-{self._rules.port}"))
        if method in ("GET", "HEAD"):
            return await self._read(path, session, scope, receive, send)
        if method == "POST" and _SENT.fullmatch(path) and session is not None:
            return await self._sent(path, headers, session, scope, receive, send)
        return await _refuse(send, 404, "There is nothing here.")

    async def _read(self, path: str, session: Session | None, scope: Scope, receive: Receive, send: Send) -> None:
        own = session.file(*made.groups()) if session and (made := _MADE.fullmatch(path)) else None
        if own is not None:
            return await _give(send, own, scope["method"])
        card = _CARD.fullmatch(path)
        if card and (self._rules.pictures / card[1]).is_file():
            return await _give(send, self._rules.pictures / card[1], scope["method"])
        file = _FILE.fullmatch(path)
        if file is not None and session is not None and file[1] in session.uploads:
            return await self._inside(scope, receive, _with(send, _HEADERS))
        if not _READ.fullmatch(path):
            return await _refuse(send, 404, "There is nothing here.")
        more = dict(_HEADERS)
        if path == "/" and session is None:
            session = self._sessions.begin()
            more["set-cookie"] = self._cookie("gremio", session.key)
        return await self._inside(scope, receive, _with(send, more))

    async def _sent(
        self, path: str, headers: dict[str, str], session: Session, scope: Scope, receive: Receive, send: Send
    ) -> None:
        origin = headers.get("origin")
        if origin and origin.partition("://")[2] != headers.get("host"):
            return await _refuse(send, 403, "This came from another page.")
        upload = path == "/gradio_api/upload"
        most = LARGEST_UPLOAD if upload else _LARGEST_REQUEST
        length = headers.get("content-length", "")
        if not length.isdigit() or int(length) > most:
            return await _refuse(send, 413, f"At most {most >> 20} MB.")
        answer = _noting(send, session) if upload else send
        return await self._inside(scope, _limited(receive, most), _with(answer, _HEADERS))

    def _is_for_us(self, headers: dict[str, str]) -> bool:
        name = headers.get("host", "").rpartition(":")[0] if ":" in headers.get("host", "") else headers.get("host")
        return not self._rules.hosts or name in self._rules.hosts

    def _has_key(self, cookies: dict[str, str]) -> bool:
        given = cookies.get(f"gremio-key-{self._rules.port}", "")
        return not self._rules.token or secrets.compare_digest(given.encode(), self._rules.token.encode())

    async def _ask_for_key(self, scope: Scope, send: Send) -> None:
        given = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token", [""])[0]
        if scope["path"] == "/" and secrets.compare_digest(given.encode(), self._rules.token.encode()):
            headers = {"location": "/", "set-cookie": self._cookie("gremio-key", self._rules.token)}
            return await _refuse(send, 303, "", headers)
        return await _refuse(send, 401, "Open the address that the terminal shows, with its token.")

    def _cookie(self, name: str, value: str) -> str:
        return f"{name}-{self._rules.port}={value}; Path=/; HttpOnly; SameSite=Strict"


def session_key(cookie: str, port: int) -> str:
    """The key of the visitor whose browser sent this header."""
    return _cookies(cookie).get(f"gremio-{port}", "")


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}


def _with(send: Send, headers: dict[str, str]) -> Send:
    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await send(message)

    return sending


def _limited(receive: Receive, most: int) -> Receive:
    """No more than was announced, and no more than is taken."""
    left = most

    async def receiving() -> MutableMapping[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    return receiving


def _noting(send: Send, session: Session) -> Send:
    """Remember whose the uploaded files are: nobody else gets to see them."""
    body = bytearray()

    async def sending(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                session.uploads.update(_uploaded(bytes(body)))
        await send(message)

    return sending


def _uploaded(body: bytes) -> list[str]:
    try:
        found = json.loads(body)
    except ValueError:
        return []
    return [str(each) for each in found] if isinstance(found, list) else []


async def _give(send: Send, path: Path, method: str) -> None:
    data = path.read_bytes()
    kind = guess_type(path.name)[0] or "application/octet-stream"
    # What a pipeline wrote is shown as what it is or not at all, never as a page.
    shown = (
        kind if kind.startswith(("image/", "video/", "audio/")) and "svg" not in kind else "application/octet-stream"
    )
    headers = {
        **_HEADERS,
        "content-type": shown,
        "content-length": str(len(data)),
        "cache-control": "private, max-age=3600",
        "content-security-policy": "default-src 'none'; sandbox",
    }
    await _start(send, 200, headers)
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else data})


async def _refuse(send: Send, status: int, text: str, headers: dict[str, str] | None = None) -> None:
    body = f"<!doctype html><title>Gremio</title><p>{escape(text)}</p>".encode()
    await _start(send, status, {**_HEADERS, "content-type": "text/html; charset=utf-8", **(headers or {})})
    await send({"type": "http.response.body", "body": body})


async def _start(send: Send, status: int, headers: dict[str, str]) -> None:
    pairs = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
