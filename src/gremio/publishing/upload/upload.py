"""One publish, one commit: everything arrives, or the branch stays as it was."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gremio.errors import BranchMoved, GremioError, PublishError
from gremio.publishing.card.recorded_files import INDEXES, recorded_files
from gremio.publishing.publication import CARD, Publication
from gremio.publishing.upload.changes import Changes, changes
from gremio.publishing.upload.errors import publishing_errors
from gremio.publishing.upload.target import MAIN, PULLS, Branch
from gremio.sources.repository import Listing
from gremio.sources.unreachable import network_errors

log = logging.getLogger("gremio")

Files = Mapping[str, bytes | Path]


@dataclass(frozen=True)
class Pushed:
    """What a publish has done.

    Attributes:
        repo_id: where, with its owner.
        commit: the commit that has all of it; the present one if nothing had changed.
        url: the page of that commit.
        tag: the tag under which these files can be had; empty for a pull request.
        pull_request: the page of the pull request, if it went into one.
        pull_number: its number.
        created: whether the repository was made.
        uploaded: the paths that were sent, the card among them.
        unchanged: those that the repository had already.
        deleted: what earlier publishes had left there.
    """

    repo_id: str
    commit: str
    url: str
    tag: str = ""
    pull_request: str = ""
    pull_number: int | None = None
    created: bool = False
    uploaded: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()


def upload(publication: Publication, card: str, branch: Branch) -> Pushed:
    """Publish in one commit, and put the publication's tag on it.

    The repository and the branch are made if they are absent. Large files are sent first, and nothing refers to them
    before the commit does, so an upload that breaks off leaves the branch as it was; what was sent is not sent again.
    What the repository has already is never sent, and where nothing has changed no commit is made. Files that an
    earlier publish recorded as its own, and shards of weights that are published anew, are deleted in the same commit.
    Whatever else lies in the repository stays.

    A tag that is there already is left where it is if it has these very files, since others may have pinned it; if it
    has others, it does not mean what its name says and is put right. A pull request gets no tag: merging makes another
    commit.

    Args:
        publication: the files.
        card: the text of the card, see `gremio.publishing.card`.
        branch: where; nobody else may have changed it since it was found.

    Raises:
        BranchMoved: somebody else committed since the branch was found. Nothing was published.
        PublishError: the repository has Python files that are no part of this, or the Hub does not take it.
        AccessDenied: the account may not write there.
        Unavailable: the Hub can't be reached.
    """
    target = branch.target
    with publishing_errors(target.repo_id, branch.settings, revision=target.branch):
        _require_readable(publication.files)
        head = _opened(branch)
        files = {**publication.files, CARD: card.encode()}
        plan = changes(
            files,
            head.files,
            recorded=_recorded(branch, head),
            hashes=publication.hashes,
            replace_code=target.replace_code,
        )
        if publication.tree is not None:
            _require_no_strangers(plan, target.repo_id)
        title = target.commit_message or f"Publish {publication.class_name}"
        pushed = replace(_committed(branch, head, files, plan, title), created=branch.head is None)
    return pushed if target.is_pull_request else _tagged(branch, publication, pushed)


def _require_readable(files: Files) -> None:
    """Find out that a file is missing before anything is made on the Hub."""
    for content in files.values():
        if isinstance(content, Path):
            content.open("rb").close()


def _require_no_strangers(plan: Changes, repo_id: str) -> None:
    """Refuse to publish beside Python files that would be loaded with it, under another digest than the card says."""
    if not plan.strangers:
        return
    some = ", ".join(plan.strangers[:8]) + (" …" if len(plan.strangers) > 8 else "")
    raise PublishError(
        f"the repository has Python files that are no part of what is published: {some}. Whoever loads it would get"
        " them too, so its digest would be another than the card says. Nothing was published",
        ref=repo_id,
        next_step="Put them into what you publish, or have them deleted with replace_code=True (--replace-code).",
    )


def _opened(branch: Branch) -> Listing:
    """The branch as it was found, made if it was absent. Whether it is that still, the Hub sees when it commits.

    Raises:
        BranchMoved: somebody else made it meanwhile.
    """
    name, before = branch.target.branch, branch.head
    if before is not None and before.revision == name:
        return before
    if before is None:
        branch.api.create_repo(branch.repo_id, private=branch.target.private, exist_ok=True)
    if name != MAIN and not name.startswith(PULLS):
        branch.api.create_branch(branch.repo_id, branch=name, exist_ok=True)
    head = Listing.asked(branch.api, branch.repo_id, name)
    # A repository that was just made has a commit of its own, with nothing in it yet.
    if head.commit != before.commit if before else head.files.keys() - {".gitattributes"}:
        raise _moved(branch, before.commit if before else "", head.commit)
    return head


def _moved(branch: Branch, before: str, now: str) -> BranchMoved:
    """The error for a branch that others have changed: who, and what they said of it."""
    name, news = branch.target.branch, list[str]()
    for commit in branch.api.list_repo_commits(branch.repo_id, revision=name):
        if commit.commit_id == before or len(news) == 5:
            break
        news.append(f"{', '.join(commit.authors) or 'somebody'}: {commit.title} ({commit.commit_id[:12]})")
    return BranchMoved(
        f"{name} was changed meanwhile, and nothing was published. {'; '.join(news) or f'it is at {now[:12]} now'}",
        commit=now,
        ref=branch.repo_id,
        next_step="Look at that, and publish again: it then builds on what is there.",
    )


def _recorded(branch: Branch, head: Listing) -> frozenset[str]:
    """What an earlier publish has noted as its own."""
    found = {path: branch.content(head, path) for path in (*INDEXES, CARD)}
    card = (found.pop(CARD) or b"").decode("utf-8", "replace")
    return recorded_files(card).union(*map(recorded_files, found.values()))


def _committed(branch: Branch, head: Listing, files: Files, plan: Changes, title: str) -> Pushed:
    """Send what is new and commit."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    commit, pull_request = head.commit, ""
    if plan.send or plan.delete:
        added = [CommitOperationAdd(path, files[path]) for path in plan.send]
        deleted = [CommitOperationDelete(path, is_folder=False) for path in plan.delete]
        where: dict[str, Any] = {"revision": branch.target.branch, "create_pr": branch.target.create_pr}
        # Asked beforehand, and without a .gitignore: the client would leave out what the repository's own one names.
        branch.api.preupload_lfs_files(branch.repo_id, added, free_memory=False, gitignore_content="", **where)
        try:
            made = branch.api.create_commit(
                branch.repo_id, [*added, *deleted], commit_message=title, parent_commit=head.commit, **where
            )
            commit, pull_request = made.oid, made.pr_url or ""
        except network_errors() as error:
            commit = _committed_after_all(branch, head, files, plan, error)
    page = f"{branch.settings.endpoint}/{branch.repo_id}"
    if branch.target.branch.startswith(PULLS):
        pull_request = f"{page}/discussions/{branch.target.branch.removeprefix(PULLS)}"
    return Pushed(
        branch.repo_id,
        commit,
        f"{page}/commit/{commit}",
        pull_request=pull_request,
        pull_number=int(pull_request.rpartition("/")[2]) if pull_request else None,
        uploaded=plan.send,
        unchanged=plan.unchanged,
        deleted=plan.delete,
    )


def _committed_after_all(branch: Branch, before: Listing, files: Files, plan: Changes, error: Exception) -> str:
    """The commit, if only its answer was lost; else what went wrong."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    if branch.target.create_pr or status in (400, 401, 403):
        raise error
    now = branch.listing(branch.target.branch)
    if now is None or now.commit == before.commit:
        raise error
    arrived = all(path in now.files and now.files[path].matches(files[path]) for path in plan.send)
    if status == 412 or not arrived or now.files.keys() & set(plan.delete):
        raise _moved(branch, before.commit, now.commit) from error
    return now.commit


def _tagged(branch: Branch, publication: Publication, pushed: Pushed) -> Pushed:
    """Have the tag, so that what the card says is true."""
    tag = publication.tag
    try:
        with publishing_errors(branch.repo_id, branch.settings, revision=tag):
            _tag(branch, publication, pushed)
    except GremioError as error:
        why = error.message.removesuffix(". Nothing was published")
        error.message = f"{pushed.commit} is published, but its tag {tag} is not: {why}"
        error.next_step = "Publish again: no file is sent twice, and only the tag is added."
        raise
    return replace(pushed, tag=tag)


def _tag(branch: Branch, publication: Publication, pushed: Pushed) -> None:
    api, repo_id, tag, commit = branch.api, branch.repo_id, publication.tag, pushed.commit
    present = None if pushed.created else branch.listing(tag)
    if present is not None:
        files = publication.files.items()
        has = (path in present.files and present.files[path].matches(c, publication.hashes[path]) for path, c in files)
        if present.commit == commit or all(has):
            return
        log.warning("the tag %s of %s was at %s, which has other files; it is moved", tag, repo_id, present.commit)
        api.delete_tag(repo_id, tag=tag)
    api.create_tag(repo_id, tag=tag, revision=commit, exist_ok=present is None)
