"""Repositories as a whole, and who is asking: create, delete, settings, info, lists, whoami."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Any, cast

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gremio.localhub.calls import Call, repo_route, route
from gremio.localhub.names import KINDS, RepoName, parse_count
from gremio.localhub.paging import page
from gremio.localhub.refusals import Refusal, bad_request, conflict
from gremio.localhub.repo_info import describe_repo, parse_card
from gremio.localhub.repo_settings import Gate, RepoSettings
from gremio.localhub.repositories import DEFAULT_BRANCH, Repository


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        route("/api/whoami-v2", whoami),
        route("/api/validate-yaml", validate_card, "POST"),
        route("/api/repos/create", create, "POST"),
        route("/api/repos/delete", delete, "DELETE"),
        route("/api/{kind}", list_repos),
        repo_route("", info),
        repo_route("/revision/{revision}", info_at_revision),
        repo_route("/settings", change_settings, "PUT"),
        repo_route("/user-access-request/grant", grant, "POST"),
        repo_route("/auth-check", check_read),
        repo_route("/auth-check/write", check_write),
    ]


def whoami(call: Call) -> Response:
    """The user of the token, with the organisations."""
    user = call.known_user
    orgs = [{"type": "org", "name": org, "fullname": org} for org in call.state.access.orgs_of(user)]
    token = {"displayName": "local", "role": "write"}
    auth = {"type": "access_token", "accessToken": token}
    return JSONResponse({"type": "user", "id": user, "name": user, "fullname": user, "orgs": orgs, "auth": auth})


def validate_card(call: Call) -> Response:
    """Whether the metadata of a README can be read."""
    try:
        parse_card(call.text("content"))
    except ValueError as broken:
        return JSONResponse({"errors": [{"message": str(broken)}], "warnings": []}, 400)
    return JSONResponse({"errors": [], "warnings": []})


def create(call: Call) -> Response:
    """Make a repository; the answer to an existing one has its address, which ``exist_ok`` needs."""
    name, author = _named_in_body(call), call.known_user
    made = {"id": name.id, "name": name.id, "url": f"{call.base}/{name.url_path}"}
    try:
        # Before the check of rights: huggingface_hub answers a 403 with exist_ok=True by an address of huggingface.co.
        if call.sees(name):
            raise conflict(f"You already created this {name.kind} repo")
        call.check_write(name)
        call.state.storage.create(name, _changed(RepoSettings(), call.json), author=author)
    except Refusal as refusal:
        if refusal.status != 409:
            raise
        return JSONResponse({"error": refusal.message, **made}, 409)
    return JSONResponse(made)


def delete(call: Call) -> Response:
    """Delete a repository."""
    name = call.repo_named(_named_in_body(call)).name
    call.check_write(name)
    call.state.storage.delete(name)
    return JSONResponse({})


def list_repos(call: Call) -> Response:
    """The repositories that this user may know of, by author, search and tags."""
    kind = call.part("kind").removesuffix("s")
    if kind not in KINDS:
        raise bad_request(f"this local Hub keeps models and datasets, no {kind}s")
    found = (_listed(call, repo) for repo in call.state.storage.all(kind))
    wanted = [described for described in found if described]
    if call.query("sort") in ("lastModified", "createdAt"):
        wanted.sort(key=lambda described: str(described[call.query("sort") or ""]), reverse=True)
    limit = parse_count(call.query("limit") or "0")
    return page(call, islice(wanted, limit or None))


def info(call: Call) -> Response:
    """A repository at its default branch."""
    return _info(call, DEFAULT_BRANCH)


def info_at_revision(call: Call) -> Response:
    """A repository at some revision."""
    return _info(call, call.revision)


def change_settings(call: Call) -> Response:
    """Change visibility and gate."""
    repo = call.writable_repo
    with repo.locked():
        settings = _changed(repo.settings, call.json)
        repo.save(settings)
    return JSONResponse({"private": settings.private, "gated": settings.gated})


def grant(call: Call) -> Response:
    """Let a user have the files of a gated repository."""
    grant_access(call.writable_repo, call.text("user"))
    return JSONResponse({})


def check_read(call: Call) -> Response:
    """Whether this user may have the files."""
    return JSONResponse({"id": call.readable_repo.name.id})


def check_write(call: Call) -> Response:
    """Whether this user may change the repository."""
    return JSONResponse({"id": call.writable_repo.name.id})


def grant_access(repo: Repository, user: str) -> None:
    """Add ``user`` to those who may have the files of a gated repository."""
    with repo.locked():
        settings = repo.settings
        if user not in settings.granted:
            repo.save(replace(settings, granted=(*settings.granted, user)))


def _named_in_body(call: Call) -> RepoName:
    namespace = call.text("organization", "") or call.known_user
    return RepoName.parse(call.text("type", "model"), f"{namespace}/{call.text('name')}")


def _changed(settings: RepoSettings, wish: dict[str, Any]) -> RepoSettings:
    if wish.get("visibility") is not None:
        wish = {**wish, "private": {"private": True, "public": False}.get(str(wish["visibility"]))}
    if "private" in wish:
        if not isinstance(wish["private"], bool):
            raise bad_request("a repository is either public or private")
        settings = replace(settings, private=wish["private"])
    if "gated" in wish:
        if wish["gated"] not in (False, "auto", "manual"):
            raise bad_request("gated has to be 'auto', 'manual' or false")
        settings = replace(settings, gated=cast(Gate, wish["gated"]))
    return settings


def _info(call: Call, revision: str) -> Response:
    repo = call.repo
    return JSONResponse(describe_repo(repo, repo.resolve(revision), blobs=call.flag("blobs")))


def _listed(call: Call, repo: Repository) -> dict[str, Any] | None:
    author, terms = call.query("author"), call.request.query_params.getlist("search")
    if author and author != repo.name.namespace:
        return None
    if not all(term.lower() in repo.name.id.lower() for term in terms):
        return None
    if not call.sees(repo.name):
        return None
    described = describe_repo(repo, repo.resolve(DEFAULT_BRANCH), siblings=call.flag("full"))
    wanted = [*call.request.query_params.getlist("filter"), *call.request.query_params.getlist("pipeline_tag")]
    return described if set(wanted) <= {*described["tags"]} else None
