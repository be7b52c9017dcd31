"""What every request passes first: it is noted, it must come for this host, and its path stays percent-encoded."""

from __future__ import annotations

import logging

from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

_log = logging.getLogger(__name__)
_KEPT = 10_000


class HubMiddleware:
    """The outermost layer of the application."""

    def __init__(self, app: ASGIApp, requests: list[tuple[str, str]], *, hosts: frozenset[str] | None) -> None:
        """``hosts`` are the names that this Hub answers to; None means any."""
        self._app = app
        self._requests = requests
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        # Routing by the raw path keeps `refs%2Fpr%2F1` one segment.
        path = scope["raw_path"].decode("latin-1")
        self._note(scope["method"], path)
        if self._hosts is None or _host(scope) in self._hosts:
            await self._app({**scope, "path": path}, receive, send)
        else:
            # A page that someone reads could otherwise reach this Hub by a name that it points to loopback.
            await PlainTextResponse("this local Hub does not answer to that host", 421)(scope, receive, send)

    def _note(self, method: str, path: str) -> None:
        _log.debug("%s %s", method, path)
        self._requests.append((method, path))
        if len(self._requests) > _KEPT:
            del self._requests[: _KEPT // 2]


def _host(scope: Scope) -> str:
    header: str = dict(scope["headers"]).get(b"host", b"").decode("latin-1")
    name, colon, port = header.rpartition(":")
    return name if colon and port.isdigit() else header
