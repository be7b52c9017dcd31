"""The local Hub itself: the ASGI application, and the thread that serves it."""

from __future__ import annotations

import ipaddress
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import FrameType, TracebackType

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from gremio.errors import HubError
from gremio.localhub import routes_commits, routes_files, routes_lfs, routes_refs, routes_repos
from gremio.localhub.access import Access, load_users
from gremio.localhub.calls import HubState, fail, refuse
from gremio.localhub.middleware import HubMiddleware
from gremio.localhub.names import RepoName
from gremio.localhub.refusals import Refusal
from gremio.localhub.repo_settings import Gate
from gremio.localhub.signatures import Signer
from gremio.localhub.storage import Storage

Middleware = Callable[[ASGIApp], ASGIApp]

_ROUTES = (routes_repos, routes_refs, routes_commits, routes_lfs, routes_files)
_MEBIBYTE = 1 << 20
_START_SECONDS = 20


class LocalHub:
    """A Hub in a folder, served while the ``with`` block lasts (or until `serve_forever` is stopped).

    ``users`` maps names to tokens; the first is the default user. Without it there is one user, whose token is made
    once and kept in the folder. ``orgs`` maps organisations to their members. The default user may write to every
    namespace unless ``default_writes_anywhere`` is False. ``allow_remote`` lets the Hub listen to more than loopback.

    Files up to ``inline_limit`` bytes travel inside the commit. Bigger ones, if git-lfs tracks them, are uploaded
    before; clients that have hf_xet need ``HF_HUB_DISABLE_XET=1`` for those. ``part_size`` is where a multipart
    upload begins, ``page_size`` how long a list may be. ``middleware`` wraps the ASGI application, first outermost.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        users: Mapping[str, str] | None = None,
        orgs: Mapping[str, Sequence[str]] | None = None,
        default_writes_anywhere: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        allow_remote: bool = False,
        middleware: Sequence[Middleware] = (),
        inline_limit: int = 64 * _MEBIBYTE,
        part_size: int = 256 * _MEBIBYTE,
        page_size: int = 1000,
    ) -> None:
        if not allow_remote and not _is_loopback(host):
            message = "a local Hub listens to loopback only, unless others are let in on purpose"
            raise HubError(message, ref=host, next_step="pass allow_remote=True (or --allow-remote)")
        storage = Storage(Path(folder))
        table = dict(load_users(Path(folder)) if users is None else users)
        if not table:
            raise HubError("a Hub needs at least one user")
        self._access = Access(table, dict(orgs or {}), default_writes_anywhere)
        state = HubState(
            storage=storage,
            access=self._access,
            signer=Signer(),
            page_size=page_size,
            inline_limit=inline_limit,
            part_size=part_size,
        )
        self.requests: list[tuple[str, str]] = []
        self._state = state
        self._host, self._port = host, port
        self._app = _application(state, self.requests, middleware, hosts=None if allow_remote else _hosts(host))
        self._running = ExitStack()
        self._address = ""

    @property
    def endpoint(self) -> str:
        """The address for ``HF_ENDPOINT`` and ``HfApi(endpoint=...)``."""
        if not self._address:
            raise HubError("this Hub is not running", next_step="with LocalHub(...) as hub: ...")
        return self._address

    @property
    def user(self) -> str:
        """The default user."""
        return self._access.default_user

    @property
    def token(self) -> str:
        """The default user's token."""
        return self._access.users[self.user]

    def token_of(self, user: str) -> str:
        """The token of any user."""
        try:
            return self._access.users[user]
        except KeyError:
            raise HubError("no such user", ref=user) from None

    def configure(
        self,
        repo_id: str,
        *,
        kind: str = "model",
        private: bool | None = None,
        gated: Gate | None = None,
        granted: Sequence[str] | None = None,
    ) -> None:
        """Change who may see a repository, whether its files need a grant, and who has one."""
        repo = self._state.storage.get(RepoName.parse(kind, repo_id))
        with repo.locked():
            settings = repo.settings
            if private is not None:
                settings = replace(settings, private=private)
            if gated is not None:
                settings = replace(settings, gated=gated)
            if granted is not None:
                settings = replace(settings, granted=tuple(granted))
            repo.save(settings)

    def __enter__(self) -> LocalHub:
        """Listen, and serve from a thread."""
        with ExitStack() as starting:
            listener = starting.enter_context(_listen(self._host, self._port))
            server = uvicorn.Server(_config(self._app))
            thread = threading.Thread(target=server.run, args=([listener],), name="gremio-hub", daemon=True)
            thread.start()
            starting.callback(_stop, server, thread)
            _wait_until_started(server, thread)
            self._address = _address(self._host, listener)
            self._running = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Answer what is being answered, and stop."""
        self._address = ""
        self._running.close()

    def serve_forever(self, ready: Callable[[LocalHub], object] | None = None) -> None:
        """Serve until SIGINT or SIGTERM; ``ready`` is called once the endpoint is known."""
        stopped = threading.Event()
        with ExitStack() as handlers, self:
            if threading.current_thread() is threading.main_thread():
                for number in (signal.SIGINT, signal.SIGTERM):
                    handlers.callback(signal.signal, number, signal.signal(number, _setter(stopped)))
            if ready is not None:
                ready(self)
            stopped.wait()


def _application(
    state: HubState, requests: list[tuple[str, str]], middleware: Sequence[Middleware], *, hosts: frozenset[str] | None
) -> ASGIApp:
    routes = [route for module in _ROUTES for route in module.routes()]
    starlette = Starlette(routes=routes, exception_handlers={Refusal: refuse, 500: fail})
    starlette.router.redirect_slashes = False
    starlette.state.hub = state
    app: ASGIApp = starlette
    for wrap in reversed(middleware):
        app = wrap(app)
    return HubMiddleware(app, requests, hosts=hosts)


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        access_log=False,
        lifespan="off",
        log_config=None,
        loop="asyncio",
        server_header=False,
        timeout_graceful_shutdown=3,
        ws="none",
    )


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without the protocol's number asyncio leaves Nagle's algorithm on, and every answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as refused:
        listener.close()
        raise HubError(f"can't listen: {refused}", ref=f"{host}:{port}", next_step="choose another port") from refused
    return listener


def _wait_until_started(server: uvicorn.Server, thread: threading.Thread) -> None:
    pause = threading.Event()
    for _ in range(_START_SECONDS * 200):
        if server.started:
            return
        if not thread.is_alive():
            break
        pause.wait(0.005)
    raise HubError("the local Hub did not start; its log says why")


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    thread.join()


def _address(host: str, listener: socket.socket) -> str:
    port = listener.getsockname()[1]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _hosts(host: str) -> frozenset[str]:
    return frozenset({host, f"[{host}]", "127.0.0.1", "[::1]", "localhost"})


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _setter(event: threading.Event) -> Callable[[int, FrameType | None], None]:
    def handle(_number: int, _frame: FrameType | None) -> None:
        event.set()

    return handle
