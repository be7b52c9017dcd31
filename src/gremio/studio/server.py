"""The studio's server: its folder, its guard, and the page, on loopback unless that is asked for."""

from __future__ import annotations

import ipaddress
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gremio.code import PipelineRef
from gremio.demo.places import MODEL
from gremio.errors import MissingPackages, OptionError
from gremio.machine.settings import Settings
from gremio.studio.cards import PICTURES
from gremio.studio.choosing import Places
from gremio.studio.drawing.artist import ProcessArtist, SandboxArtist
from gremio.studio.drawing.order import Weights
from gremio.studio.guard import LARGEST_UPLOAD, Guard, Rules
from gremio.studio.line import Line
from gremio.studio.sessions import Sessions

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})


@dataclass(frozen=True)
class Address:
    """Where the studio listens. ``token`` is empty on loopback."""

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
    def url(self) -> str:
        """What to open."""
        host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(self.host, self.host)  # noqa: S104
        shown = f"[{host}]" if ":" in host else host
        return f"http://{shown}:{self.port}/" + (f"?token={self.token}" if self.token else "")


def serve(
    ref: str | None, weights: Weights, address: Address, *, settings: Settings, ready: Callable[[], object] = int
) -> None:
    """Serve until the process is interrupted; nothing stays behind.

    ``ref`` is what is opened at first, None for the cards; ``ready`` is called once the page can be asked for.

    Raises:
        MissingPackages: the extra ``ui`` is not installed.
    """
    with _folder(settings.home / "studio") as root, _gradio(root / "uploads"):
        import uvicorn

        from gremio.studio.page.desk import Desk

        line, artist = Line(), ProcessArtist()
        sessions = Sessions(root / "sessions")
        places = Places.of([MODEL, *_local([ref or "", weights.model])])
        desk = Desk(settings, places, weights, sessions, line, artist, SandboxArtist(), ref or "")
        try:
            artist.start()
            config = uvicorn.Config(
                _app(desk, address, sessions), host=address.host, port=address.port, log_level="warning"
            )
            server = uvicorn.Server(config)
            _run(server, ready)
        finally:
            desk.close()


def _app(desk: Any, address: Address, sessions: Sessions) -> Any:
    import gradio as gr
    from fastapi import FastAPI

    from gremio.studio.page.page import HEAD, LOOKS, build

    page = build(desk, address.port)
    page.queue(default_concurrency_limit=None, max_size=256, api_open=False)
    system = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
    theme = gr.themes.Default(
        primary_hue="orange", neutral_hue="stone", font=system, font_mono=["ui-monospace", "Consolas", "monospace"]
    )
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    inside = gr.mount_gradio_app(
        app,
        page,
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=True,
        max_file_size=LARGEST_UPLOAD,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme,
        css_paths=[LOOKS],
        head=HEAD,
    )
    hosts = frozenset() if address.token else _LOOPBACK
    return Guard(inside, sessions, Rules(hosts, address.token, address.port, PICTURES))


def _run(server: Any, ready: Callable[[], object]) -> None:
    import asyncio

    async def running() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not server.started and not serving.done():
            await asyncio.sleep(0.02)
        if server.started:
            ready()
        await serving

    asyncio.run(running())


def _local(refs: Iterable[str]) -> Iterator[str]:
    """Those that lie on this machine."""
    for ref in refs:
        if ref and (Path(ref).expanduser().exists() or PipelineRef.parse(ref).source == "local"):
            yield ref


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine can reach it."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def _folder(home: Path) -> Iterator[Path]:
    """A folder of this server alone; those of servers that are gone are removed."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in home.iterdir():
        _remove_if_left(left)
    root = home / secrets.token_hex(16)
    root.mkdir(mode=0o700)
    lock = FileLock(root / ".lock")
    lock.acquire(timeout=0)
    try:
        yield root
    finally:
        lock.release()
        shutil.rmtree(root, ignore_errors=True)


def _remove_if_left(folder: Path) -> None:
    if not folder.is_dir():
        return
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return
    lock.release()
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _gradio(uploads: Path) -> Iterator[None]:
    """Gradio as it is needed: it reads these when it is imported, and would ask its makers for its newest version."""
    uploads.mkdir(mode=0o700)
    wanted = {
        "GRADIO_TEMP_DIR": str(uploads),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_SSR_MODE": "False",
        "GRADIO_MCP_SERVER": "False",
    }
    os.environ.update(wanted)
    try:
        import gradio  # noqa: F401
    except ImportError as error:
        lacking = error.name or "gradio"
        message = f"the studio needs {lacking}, which can't be imported"
        raise MissingPackages(message, packages=[lacking], next_step='pip install "gremio[ui]"') from error
    yield
