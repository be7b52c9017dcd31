"""The studio's server: its folder, its guard, and the page, on loopback unless that is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gremio.code import PipelineRef
from gremio.demo.places import MODEL
from gremio.errors import MissingPackages
from gremio.machine.listening import LOOPBACK, Address, run
from gremio.machine.own_folder import own_folder
from gremio.machine.paths import lies_here
from gremio.machine.settings import Settings
from gremio.studio.cards import PICTURES
from gremio.studio.choosing import Places
from gremio.studio.drawing.artist import ProcessArtist, SandboxArtist
from gremio.studio.drawing.order import Weights
from gremio.studio.guard import LARGEST_UPLOAD, Guard, Rules
from gremio.studio.line import Line
from gremio.studio.sessions import Sessions


def serve(
    ref: str | None, weights: Weights, address: Address, *, settings: Settings, ready: Callable[[], object] = int
) -> None:
    """Serve until the process is interrupted; nothing stays behind.

    ``ref`` is what is opened at first, None for the cards; ``ready`` is called once the page can be asked for.

    Raises:
        MissingPackages: the extra ``ui`` is not installed.
    """
    with own_folder(settings.home / "studio") as root, _gradio(root / "uploads"):
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
            run(server, ready)
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
    hosts = frozenset() if address.token else LOOPBACK
    return Guard(inside, sessions, Rules(hosts, address.token, address.port, PICTURES))


def _local(refs: Iterable[str]) -> Iterator[str]:
    """Those that lie on this machine."""
    for ref in refs:
        if ref and (lies_here(ref) or PipelineRef.parse(ref).source == "local"):
            yield ref


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
