"""Where a server of ours listens, and running one of uvicorn's."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gremio.errors import OptionError

LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
"""What this machine calls itself, as the header Host has it."""


@dataclass(frozen=True)
class Address:
    """Where a server listens. ``token`` is empty on loopback."""

    host: str
    port: int
    token: str = ""

    @classmethod
    def choose(cls, host: str, port: int) -> Address:
        """A free port where none is given; a token where others can reach it.

        Raises:
            OptionError: the port is taken, or the host is none of this machine's.
        """
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                step = "Choose another --port or --host, or leave both out."
                raise OptionError(f"{host}:{port} can't be listened on: {error}", next_step=step) from error
            return cls(host, probe.getsockname()[1], "" if is_loopback(host) else secrets.token_urlsafe(24))

    @property
    def origin(self) -> str:
        """Where it can be asked: ``http://127.0.0.1:8000``."""
        host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def url(self) -> str:
        """What to open."""
        return f"{self.origin}/" + (f"?token={self.token}" if self.token else "")


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def run(server: Any, ready: Callable[[], object]) -> None:
    """Until it is told to end; ``ready`` is called once it can be asked."""

    async def running() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not server.started and not serving.done():
            await asyncio.sleep(0.02)
        if server.started:
            ready()
        await serving

    asyncio.run(running())
