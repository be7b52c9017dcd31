"""Branches, tags and commits."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gremio.localhub.calls import Call, repo_route
from gremio.localhub.history import describe, history
from gremio.localhub.paging import page
from gremio.localhub.repositories import DEFAULT_BRANCH, GitRef


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        repo_route("/refs", list_refs),
        repo_route("/branch/{revision}", create_branch, "POST"),
        repo_route("/branch/{revision}", delete_branch, "DELETE"),
        repo_route("/tag/{revision}", create_tag, "POST"),
        repo_route("/tag/{revision}", delete_tag, "DELETE"),
        repo_route("/commits/{revision}", list_commits),
    ]


def list_refs(call: Call) -> Response:
    """All references, by their sort."""
    refs = call.repo.refs()
    answer = {
        "branches": _under("refs/heads/", refs),
        "tags": _under("refs/tags/", refs),
        "converts": _under("refs/convert/", refs),
    }
    if call.flag("include_prs"):
        answer["pullRequests"] = _under("refs/pr/", refs)
    return JSONResponse(answer)


def create_branch(call: Call) -> Response:
    """Make a branch, of the default one unless told otherwise."""
    repo = call.writable_repo
    commit = repo.resolve(call.text("startingPoint", DEFAULT_BRANCH))
    repo.create_ref(f"refs/heads/{call.revision}", commit)
    return JSONResponse({})


def delete_branch(call: Call) -> Response:
    """Delete a branch."""
    call.writable_repo.delete_ref(f"refs/heads/{call.revision}")
    return JSONResponse({})


def create_tag(call: Call) -> Response:
    """Make a tag of the revision in the address; with a message, an annotated one."""
    tag, message = call.text("tag"), call.text("message", "")
    repo = call.writable_repo
    repo.create_ref(f"refs/tags/{tag}", call.commit, message=message, author=call.known_user)
    return JSONResponse({})


def delete_tag(call: Call) -> Response:
    """Delete a tag."""
    call.writable_repo.delete_ref(f"refs/tags/{call.revision}")
    return JSONResponse({})


def list_commits(call: Call) -> Response:
    """The history of a revision, newest first."""
    with call.repo.git() as git:
        return page(call, map(describe, history(git, call.commit)))


def _under(prefix: str, refs: list[GitRef]) -> list[dict[str, str]]:
    return [
        {"name": ref.short_name, "ref": ref.name, "targetCommit": ref.commit}
        for ref in refs
        if ref.name.startswith(prefix)
    ]
