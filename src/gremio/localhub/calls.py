"""One request to the Hub: who asks, for which repository, at which revision."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gremio.localhub.access import Access
from gremio.localhub.names import RepoName, parse_path
from gremio.localhub.refusals import (
    Refusal,
    bad_request,
    forbidden,
    gated,
    repo_not_found,
    revision_not_found,
    token_needed,
)
from gremio.localhub.repositories import Repository
from gremio.localhub.signatures import Signer
from gremio.localhub.storage import Storage

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class HubState:
    """What every request is answered from."""

    storage: Storage
    access: Access
    signer: Signer
    page_size: int
    inline_limit: int
    part_size: int


class Call:
    """A request whose parts are parsed when they are asked for; path parameters arrive percent-encoded."""

    def __init__(self, request: Request, body: bytes = b"") -> None:
        self.request = request
        self.body = body
        self.state: HubState = request.app.state.hub

    @property
    def base(self) -> str:
        """The Hub's address as this client knows it."""
        return str(self.request.base_url).rstrip("/")

    @cached_property
    def user(self) -> str | None:
        """Who asks; None for a stranger."""
        return self.state.access.identify(self.request.headers.get("authorization"))

    def identify(self) -> None:
        """Refuse a token that nobody has, whatever is asked for."""
        self.state.access.identify(self.request.headers.get("authorization"))

    @property
    def known_user(self) -> str:
        """Who asks, or a refusal of strangers."""
        if self.user is None:
            raise token_needed()
        return self.user

    @cached_property
    def name(self) -> RepoName:
        """The repository that the URL names."""
        page = "datasets" if self.request.url.path.startswith("/datasets/") else "models"
        kind: str = self.request.path_params.get("kind", page)
        return RepoName.parse(kind.removesuffix("s"), f"{self.part('namespace')}/{self.part('name')}")

    @cached_property
    def repo(self) -> Repository:
        """That repository, if this user may know of it."""
        return self.repo_named(self.name)

    def repo_named(self, name: RepoName) -> Repository:
        """A repository that this user may know of."""
        if not self.sees(name):
            raise repo_not_found(name.id, anonymous=self.user is None)
        return self.state.storage.get(name)

    def sees(self, name: RepoName) -> bool:
        """Whether a repository is there, for this user."""
        try:
            return self.state.access.may_see(self.user, name, self.state.storage.get(name).settings)
        except Refusal as refusal:
            if refusal.code != "RepoNotFound":
                raise
            return False

    @property
    def readable_repo(self) -> Repository:
        """The repository, if this user may have its files."""
        if not self.state.access.may_read(self.user, self.name, self.repo.settings):
            raise gated(self.name.id, anonymous=self.user is None)
        return self.repo

    @property
    def writable_repo(self) -> Repository:
        """The repository, if this user may change it."""
        repo = self.repo
        self.check_write(repo.name)
        return repo

    def check_write(self, name: RepoName) -> None:
        """Refuse those who may not write to ``name``."""
        if not self.state.access.may_write(self.known_user, name):
            raise forbidden(f"You don't have the rights to write to the namespace {name.namespace!r}")

    @property
    def revision(self) -> str:
        """The revision that the URL names."""
        return self.part("revision")

    @property
    def commit(self) -> str:
        """The commit that the revision stands for."""
        return self.repo.resolve(self.revision)

    @property
    def path(self) -> str:
        """The path inside the repository that the URL names."""
        return parse_path(self.part("path"))

    def part(self, name: str) -> str:
        """A path parameter, decoded."""
        try:
            return unquote(self.request.path_params[name], errors="strict")
        except UnicodeDecodeError:
            raise bad_request("the address is not valid UTF-8") from None

    def query(self, name: str) -> str | None:
        """A parameter of the query, decoded."""
        return self.request.query_params.get(name)

    def flag(self, name: str) -> bool:
        """A parameter of the query that is on or off."""
        return (self.query(name) or "").lower() in ("1", "true")

    @cached_property
    def json(self) -> dict[str, Any]:
        """The body, which has to be a JSON object."""
        try:
            value = json.loads(self.body or b"{}")
        except ValueError:
            raise bad_request("the body is no JSON") from None
        if not isinstance(value, dict):
            raise bad_request("the body is no JSON object")
        return value

    def text(self, name: str, default: str | None = None) -> str:
        """A string in the body; without a default it has to be there."""
        value = self.json.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str):
            raise bad_request(f"the body needs {name!r}, a string")
        return value

    def dicts(self, name: str) -> list[dict[str, Any]]:
        """A list of objects in the body."""
        items = self.json.get(name)
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise bad_request(f"the body needs {name!r}, a list of objects")
        return items

    @cached_property
    def form(self) -> dict[str, list[str]]:
        """The body, as a form."""
        return parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True)

    @property
    def branch_ref(self) -> str:
        """The reference that the URL's revision names for writing: a branch or a pull request."""
        ref = self.revision if self.revision.startswith("refs/") else f"refs/heads/{self.revision}"
        if not ref.startswith(("refs/heads/", "refs/pr/")):
            raise revision_not_found(self.revision)
        return ref


def route(path: str, handler: Callable[[Call], Response], *methods: str) -> Route:
    """A route whose handler is an ordinary function; it runs in a thread, after the body has come."""

    async def answer(request: Request) -> Response:
        call = Call(request, await request.body())
        call.identify()
        return await run_in_threadpool(handler, call)

    return Route(path, answer, methods=list(methods or ("GET",)), name=handler.__name__)


def repo_route(path: str, handler: Callable[[Call], Response], *methods: str) -> Route:
    """A route below ``/api/models/<namespace>/<name>`` and its sisters."""
    return route(f"/api/{{kind}}/{{namespace}}/{{name}}{path}", handler, *methods)


def page_routes(path: str, handler: Callable[[Call], Response], *methods: str) -> list[Route]:
    """The routes below a repository's own page, which for a model is ``/<namespace>/<name>``."""
    prefixes = ("/datasets/{namespace}/{name}", "/{namespace}/{name}")
    return [route(prefix + path, handler, *methods) for prefix in prefixes]


def refuse(_: Request, error: Exception) -> Response:
    """Answer a `Refusal` the way huggingface_hub understands."""
    assert isinstance(error, Refusal)
    message = error.message.encode("ascii", "replace").decode().replace("\n", " ")
    headers = {**error.headers, "X-Error-Message": message}
    if error.code:
        headers["X-Error-Code"] = error.code
    return JSONResponse({"error": error.message}, error.status, headers)


def fail(_: Request, error: Exception) -> Response:
    """Answer our own fault; the server's log has the traceback."""
    _log.debug("unanswered: %r", error)
    return JSONResponse({"error": "Internal error of the local Hub"}, 500)
