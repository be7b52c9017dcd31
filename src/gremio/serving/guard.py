"""Who may ask at all, and how much: what stands before the routes."""

from __future__ import annotations

import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gremio.serving.metrics import Metrics
from gremio.serving.refusals import Refusal

_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_OPEN = ("/health",)
_ENOUGH = 512 << 20


@dataclass(frozen=True)
class Rules:
    """``hosts`` are the names under which it may be asked for, empty for any; ``keys`` those that open it, empty where
    none is needed; ``body`` the most bytes of one request.
    """

    hosts: frozenset[str]
    keys: Sequence[str]
    body: int


class Guard:
    """An ASGI application around another."""

    def __init__(self, inside: ASGIApp, rules: Rules, metrics: Metrics) -> None:
        self._inside, self._rules, self._metrics = inside, rules, metrics
        self._reading = 0  # bytes of bodies that are held now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the inside answer."""
        if scope["type"] == "lifespan":
            return await self._inside(scope, receive, send)
        if scope["type"] != "http":
            return None
        answering = _Answering(send, scope["method"], self._metrics)
        reading = _Reading(self, receive)
        try:
            scope["gremio.owner"] = self._admitted(scope)
            await self._inside(scope, reading, answering)
        except Refusal as refusal:
            await answering.refuse(refusal)
        finally:
            self._reading -= reading.held

    def _admitted(self, scope: Scope) -> str:
        """Whose key it came with."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host", "")
        if self._rules.hosts and _name(host) not in self._rules.hosts:
            raise Refusal(421, "wrong_host", "the service is not known under that name; --allow-host names others")
        if headers.get("origin") and headers["origin"].partition("://")[2] != host:
            raise Refusal(403, "wrong_origin", "pages of other sites may not ask here")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self._rules.body:
            raise self.too_large()
        return "" if scope["path"] in _OPEN else self._owner(headers.get("authorization", ""))

    def _owner(self, authorization: str) -> str:
        if not self._rules.keys:
            return ""
        kind, _, given = authorization.partition(" ")
        # All are compared, and all of each, so that the time tells nothing.
        fits = [hmac.compare_digest(given.strip().encode(), key.encode()) for key in self._rules.keys]
        if kind.lower() != "bearer" or not any(fits):
            raise Refusal(401, "bad_key", "send a key: Authorization: Bearer …", headers={"WWW-Authenticate": "Bearer"})
        return sha256(given.strip().encode()).hexdigest()[:16]

    def too_large(self) -> Refusal:
        """More than one request may have."""
        message = f"a request has at most {self._rules.body} bytes"
        return Refusal(413, "too_large", message, headers={"Connection": "close"})

    def hold(self, size: int, held: int) -> None:
        """Count bytes of a body of which so many came before.

        Raises:
            Refusal: it has too many, or all of them together have.
        """
        self._reading += size
        if held + size > self._rules.body:
            raise self.too_large()
        if self._reading > max(_ENOUGH, 2 * self._rules.body):
            raise Refusal(503, "busy", "too much is being sent at once", headers={"Retry-After": "5"})


class _Reading:
    """Receives, and counts."""

    def __init__(self, guard: Guard, receive: Receive) -> None:
        self._guard, self._receive = guard, receive
        self.held = 0

    async def __call__(self) -> Message:
        message = await self._receive()
        size = len(message.get("body", b""))
        held, self.held = self.held, self.held + size
        self._guard.hold(size, held)
        return message


class _Answering:
    """Sends, and adds the headers that all answers have."""

    def __init__(self, send: Send, method: str, metrics: Metrics) -> None:
        self._send, self._method, self._metrics = send, method, metrics
        self._begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            self._metrics.answered(self._method, message["status"])
            own = [(name.encode(), value.encode()) for name, value in _HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", []), *own]}
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        """In place of an answer, if none has begun."""
        if self._begun:
            raise refusal
        body = json.dumps(refusal.as_dict()).encode()
        headers = {"content-type": "application/json", "content-length": str(len(body)), **refusal.headers}
        pairs = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await self({"type": "http.response.start", "status": refusal.status, "headers": pairs})
        await self._send({"type": "http.response.body", "body": body})


def _name(host: str) -> str:
    """Without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
