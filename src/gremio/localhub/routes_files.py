"""Files at a revision: listings, and the bytes themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gremio.localhub.calls import Call, page_routes, repo_route, route
from gremio.localhub.file_responses import serve
from gremio.localhub.history import describe, last_changes
from gremio.localhub.names import parse_path
from gremio.localhub.paging import cursor, next_page
from gremio.localhub.repo_info import describe_entry
from gremio.localhub.snapshots import Entry, Snapshot, snapshot

_PLAIN = "text/plain; charset=utf-8"


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        repo_route("/tree/{revision}", list_root),
        repo_route("/tree/{revision}/{path:path}", list_folder),
        repo_route("/paths-info/{revision}", paths_info, "POST"),
        route("/raw-github/{namespace}/{name}/{revision}/{path:path}", github_raw),
        *page_routes("/resolve/{revision}/{path:path}", resolve),
        *page_routes("/raw/{revision}/{path:path}", raw),
    ]


def list_root(call: Call) -> Response:
    """What lies at the top of a repository."""
    return _list(call, "")


def list_folder(call: Call) -> Response:
    """What lies in a folder."""
    return _list(call, call.path)


def paths_info(call: Call) -> Response:
    """The named files and folders; those that don't exist are left out."""
    paths = [parse_path(path.rstrip("/")) for path in call.form.get("paths", [])]
    expand = call.form.get("expand", [""])[-1].lower() == "true"
    with snapshot(call.repo, call.commit) as files:
        found = [entry for path in paths if (entry := files.find(path))]
        return JSONResponse(_described(files, found, expand=expand))


def resolve(call: Call) -> Response:
    """A file's bytes, for a client."""
    repo = call.readable_repo
    with snapshot(repo, call.commit) as files:
        return serve(call, files, files.file(call.path))


def raw(call: Call) -> Response:
    """A file's bytes as git holds them, for people: of a large file this is the pointer."""
    repo = call.readable_repo
    with snapshot(repo, call.commit) as files:
        entry = files.file(call.path)
        headers = {"X-Repo-Commit": files.commit, "ETag": f'"{entry.oid}"', "X-Content-Type-Options": "nosniff"}
        return Response(files.blob(entry), 200, headers, _PLAIN)


def github_raw(call: Call) -> Response:
    """A file of a model repository, at an address shaped like raw.githubusercontent.com's."""
    repo = call.readable_repo
    with snapshot(repo, call.commit) as files:
        return serve(call, files, files.file(call.path), media_type=_PLAIN)


def _list(call: Call, folder: str) -> Response:
    start = cursor(call)
    stop = start + call.state.page_size
    with snapshot(call.repo, call.commit) as files:
        found = list(files.entries(folder, recursive=call.flag("recursive"), start=start, stop=stop + 1))
        page = found[: stop - start]
        described = _described(files, page, expand=call.flag("expand"))
    headers = {"X-Repo-Commit": files.commit} | (next_page(call, stop) if len(found) > len(page) else {})
    return JSONResponse(described, headers=headers)


def _described(files: Snapshot, entries: Sequence[Entry], *, expand: bool) -> list[dict[str, Any]]:
    described = [describe_entry(entry) for entry in entries]
    if expand:
        changes = last_changes(files.git, files.commit, [entry.path for entry in entries])
        for item in described:
            item["lastCommit"] = describe(changes[item["path"]])
    return described
