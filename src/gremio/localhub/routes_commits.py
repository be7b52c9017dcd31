"""Commits and pull requests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dulwich.ignore import IgnoreFilter
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gremio.localhub.calls import Call, repo_route
from gremio.localhub.commits import CommitRequest, make_commit
from gremio.localhub.names import RepoName, parse_count, parse_path
from gremio.localhub.refusals import Refusal
from gremio.localhub.repo_settings import PullRequest
from gremio.localhub.repositories import DEFAULT_BRANCH, Repository
from gremio.localhub.snapshots import Entry, Snapshot, snapshot


def routes() -> list[Route]:
    """The routes of this module."""
    return [
        repo_route("/preupload/{revision}", preupload, "POST"),
        repo_route("/commit/{revision}", commit, "POST"),
        repo_route("/discussions", open_pull_request, "POST"),
        repo_route("/discussions", list_pull_requests),
        repo_route("/discussions/{num}", pull_request),
    ]


def preupload(call: Call) -> Response:
    """For each file: send it inside the commit, or upload it before; and what is at its path now."""
    repo = _committable_repo(call)
    wanted = call.dicts("files")
    with snapshot(repo, call.commit) as files:
        ignored = _ignored_by(call.text("gitIgnore", files.text(".gitignore")))
        plans = [_plan(call, files, item, ignored) for item in wanted]
    return JSONResponse({"files": plans, "commitOid": files.commit})


def commit(call: Call) -> Response:
    """Make a commit, on a branch or in a new pull request."""
    repo = _committable_repo(call)
    request = CommitRequest.parse(call.body)
    author, pull = call.known_user, None
    if call.flag("create_pr"):
        pull = _open(repo, request.parent or call.commit, title=request.summary, author=author)
    made = make_commit(repo, request, ref=pull.ref if pull else call.branch_ref, author=author)
    page = f"{call.base}/{repo.name.url_path}"
    answer = {"success": True, "commitOid": made, "commitUrl": f"{page}/commit/{made}", "hookOutput": ""}
    if pull:
        answer["pullRequestUrl"] = f"{page}/discussions/{pull.num}"
    return JSONResponse(answer)


def open_pull_request(call: Call) -> Response:
    """Open a pull request that has no commits yet."""
    if call.json.get("pullRequest") is not True:
        raise Refusal("this local Hub keeps pull requests, no discussions", status=501)
    repo, author = call.readable_repo, call.known_user
    pull = _open(repo, repo.resolve(DEFAULT_BRANCH), title=call.text("title", ""), author=author)
    return JSONResponse({"num": pull.num, "pullRequest": True})


def list_pull_requests(call: Call) -> Response:
    """All pull requests, newest first."""
    pulls = [_describe(call.repo.name, pull) for pull in reversed(call.repo.settings.pulls)]
    return JSONResponse({"discussions": pulls, "count": len(pulls), "start": 0})


def pull_request(call: Call) -> Response:
    """One pull request."""
    for pull in call.repo.settings.pulls:
        if str(pull.num) == call.part("num"):
            changes = {"base": f"refs/heads/{DEFAULT_BRANCH}"}
            details: dict[str, Any] = {"events": [], "changes": changes, "filesWithConflicts": [], "diff": None}
            return JSONResponse(_describe(call.repo.name, pull) | details)
    raise Refusal("Discussion not found", status=404)


def _committable_repo(call: Call) -> Repository:
    """The repository, if this user may commit to it in the way that was asked for.

    Everybody who is logged in and may read may open a pull request, and add to one's own.
    """
    if call.flag("create_pr") or _is_own_pull_request(call):
        repo = call.readable_repo
        return repo if call.known_user else call.writable_repo
    return call.writable_repo


def _is_own_pull_request(call: Call) -> bool:
    return any(pull.ref == call.revision and pull.author == call.user for pull in call.repo.settings.pulls)


def _open(repo: Repository, commit: str, *, title: str, author: str) -> PullRequest:
    with repo.locked():
        settings = repo.settings
        pull = PullRequest(len(settings.pulls) + 1, title, author)
        repo.add_ref(pull.ref, repo.resolve(commit))
        repo.save(replace(settings, pulls=(*settings.pulls, pull)))
    return pull


def _describe(name: RepoName, pull: PullRequest) -> dict[str, Any]:
    return {
        "num": pull.num,
        "title": pull.title,
        "author": {"name": pull.author},
        "createdAt": pull.created_at,
        "status": "open",
        "isPullRequest": True,
        "repo": {"name": name.id, "type": name.kind},
    }


def _ignored_by(gitignore: str) -> IgnoreFilter:
    return IgnoreFilter(line.encode() for line in gitignore.splitlines() if line.strip() and not line.startswith("#"))


def _plan(call: Call, files: Snapshot, item: dict[str, Any], ignored: IgnoreFilter) -> dict[str, Any]:
    """Whether bytes travel inside the commit is decided by size alone, where they end up by `Snapshot.is_large` too.

    Recent huggingface_hub clients send what is announced as "lfs" to Xet without asking again, which we don't speak.
    """
    path, size = parse_path(str(item.get("path"))), parse_count(item.get("size"))
    upload = size > call.state.inline_limit and files.is_large(path, size)
    entry = files.find(path)
    plan: dict[str, Any] = {"path": path, "uploadMode": "lfs" if upload else "regular"}
    if entry and not entry.is_folder and entry.size == size:
        plan["oid"] = _present_oid(files, entry, upload=upload)
    return plan | {"shouldIgnore": bool(ignored.is_ignored(path))}


def _present_oid(files: Snapshot, entry: Entry, *, upload: bool) -> str | None:
    if entry.pointer is None:
        return None if upload else entry.oid
    return entry.pointer.oid if upload else files.repo.objects.git_oid(entry.pointer.oid)
