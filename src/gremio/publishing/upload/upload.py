"""One publish, one commit: everything arrives, or the branch stays as it was."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.errors import BranchMoved, GremioError, PublishError
from gremio.machine.settings import Settings
from gremio.publishing.card.record import INDEXES, recorded_files
from gremio.publishing.publication import CARD, Publication
from gremio.publishing.upload.changes import Changes, changes, is_same
from gremio.publishing.upload.errors import publishing_errors
from gremio.publishing.upload.target import MAIN, PULLS, Head, Target, content_of, head_of, listed
from gremio.sources.unreachable import network_errors

if TYPE_CHECKING:
    from huggingface_hub import HfApi

__all__ = ["Pushed", "Target", "upload"]

log = logging.getLogger("gremio")


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

    @property
    def revision(self) -> str:
        """What to load it by until somebody merges or moves anything: the tag, else the commit."""
        return self.tag or self.commit


def upload(publication: Publication, card_text: str, target: Target, *, settings: Settings) -> Pushed:
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
        card_text: the card, see `gremio.publishing.card`.
        target: where, and how; `Target.resolved` makes sure that nobody else changes the branch from then on.
        settings: has the Hub's address.

    Raises:
        BranchMoved: somebody else committed since the target was resolved, or meanwhile. Nothing was published.
        PublishError: the repository has Python files that are no part of this, or the Hub does not take it.
        AccessDenied: nobody is logged in, or the account may not write there.
        RefError: ``repo_id`` can be no repository's name.
        Unavailable: the Hub can't be reached, or the network may not be used.
    """
    target = target.named(settings)
    way = _Way(target, settings, target.api(settings))
    with publishing_errors(target.repo_id, settings, revision=target.branch):
        _require_readable(publication)
        head, created = way.opened()
        files = {**publication.files, CARD: card_text.encode()}
        plan = changes(
            files,
            head.files,
            recorded=way.recorded(head),
            hashes=publication.hashes,
            replace_code=target.replace_code,
        )
        if publication.tree is not None:
            _require_no_strangers(plan, target.repo_id)
        title = target.commit_message or f"Publish {publication.class_name}"
        pushed = replace(way.committed(head, files, plan, title), created=created)
    return pushed if target.is_pull_request else way.tagged(publication, pushed)


@dataclass(frozen=True)
class _Way:
    """To one branch of one repository."""

    target: Target
    settings: Settings
    api: HfApi

    @property
    def repo_id(self) -> str:
        return self.target.repo_id

    @property
    def branch(self) -> str:
        return self.target.branch

    def opened(self) -> tuple[Head, bool]:
        """The branch as it is, and whether the repository was made for it."""
        head, created = head_of(self.api, self.repo_id, self.branch), False
        if head is None:
            created = self.branch == MAIN or head_of(self.api, self.repo_id, MAIN) is None
            if created:
                self.api.create_repo(self.repo_id, private=self.target.private, exist_ok=True)
            if self.branch != MAIN and not self.branch.startswith(PULLS):
                self.api.create_branch(self.repo_id, branch=self.branch, exist_ok=True)
            head = listed(self.api, self.repo_id, self.branch)
        expected = self.target.expected_parent
        # A repository that was just made has a commit of its own, with nothing in it yet.
        taken = expected == "" and head.files.keys() - {".gitattributes"}
        if taken or (expected and head.commit != expected):
            raise self.moved(expected or "", head.commit)
        return head, created

    def recorded(self, head: Head) -> frozenset[str]:
        """What an earlier publish has noted as its own."""
        found: set[str] = set()
        for path in (*INDEXES, CARD):
            content = content_of(self.api, self.repo_id, head, path, self.settings)
            found |= recorded_files(content.decode("utf-8", "replace") if content and path == CARD else content)
        return frozenset(found)

    def committed(self, head: Head, files: Mapping[str, bytes | Path], plan: Changes, title: str) -> Pushed:
        """Send what is new and commit."""
        from huggingface_hub import CommitOperationAdd, CommitOperationDelete

        pushed = Pushed(self.repo_id, head.commit, self._page(head.commit), unchanged=plan.unchanged)
        pushed = replace(pushed, **self._pull_request(""))
        if not plan.send and not plan.delete:
            return pushed
        added = [CommitOperationAdd(path, _source(files[path])) for path in plan.send]
        deleted = [CommitOperationDelete(path, is_folder=False) for path in plan.delete]
        # Asked beforehand, and without a .gitignore: the client would leave out what the repository's own one names.
        self.api.preupload_lfs_files(
            self.repo_id,
            added,
            revision=self.branch,
            create_pr=self.target.create_pr,
            free_memory=False,
            gitignore_content="",
        )
        try:
            made = self.api.create_commit(
                self.repo_id,
                [*added, *deleted],
                commit_message=title,
                revision=self.branch,
                parent_commit=head.commit,
                create_pr=self.target.create_pr,
            )
            commit, url = made.oid, made.pr_url or ""
        except network_errors() as error:
            commit, url = self._committed_after_all(head, files, plan, error), ""
        return replace(
            pushed,
            commit=commit,
            url=self._page(commit),
            uploaded=plan.send,
            deleted=plan.delete,
            **self._pull_request(url),
        )

    def tagged(self, publication: Publication, pushed: Pushed) -> Pushed:
        """Have the tag, so that what the card says is true."""
        try:
            with publishing_errors(self.repo_id, self.settings, revision=publication.tag):
                self._tag(publication, pushed.commit)
        except GremioError as error:
            why = error.message.removesuffix(". Nothing was published")
            error.message = f"{pushed.commit} is published, but its tag {publication.tag} is not: {why}"
            error.next_step = "Publish again: no file is sent twice, and only the tag is added."
            raise
        return replace(pushed, tag=publication.tag)

    def _tag(self, publication: Publication, commit: str) -> None:
        from huggingface_hub.errors import RevisionNotFoundError

        tag = publication.tag
        try:
            present = listed(self.api, self.repo_id, tag)
        except RevisionNotFoundError:
            self.api.create_tag(self.repo_id, tag=tag, revision=commit, exist_ok=True)
            return
        if present.commit == commit or _has(present, publication):
            return
        log.warning("the tag %s of %s was at %s, which has other files; it is moved", tag, self.repo_id, present.commit)
        self.api.delete_tag(self.repo_id, tag=tag)
        self.api.create_tag(self.repo_id, tag=tag, revision=commit)

    def moved(self, before: str, now: str) -> BranchMoved:
        """The error for a branch that others have changed: who, and what they said of it."""
        news: list[str] = []
        for commit in self.api.list_repo_commits(self.repo_id, revision=self.branch):
            if commit.commit_id == before or len(news) == 5:
                break
            news.append(f"{', '.join(commit.authors) or 'somebody'}: {commit.title} ({commit.commit_id[:12]})")
        what = "; ".join(news) or f"it is at {now[:12]} now"
        return BranchMoved(
            f"{self.branch} was changed meanwhile, and nothing was published. {what}",
            commit=now,
            ref=self.repo_id,
            next_step="Look at that, and publish again: it then builds on what is there.",
        )

    def _committed_after_all(
        self, before: Head, files: Mapping[str, bytes | Path], plan: Changes, error: Exception
    ) -> str:
        """The commit, if only its answer was lost; else what went wrong."""
        status = getattr(getattr(error, "response", None), "status_code", 0)
        if self.target.create_pr or status in (400, 401, 403):
            raise error
        now = head_of(self.api, self.repo_id, self.branch)
        if now is None or now.commit == before.commit:
            raise error
        arrived = all(path in now.files and is_same(files[path], now.files[path]) for path in plan.send)
        if status == 412 or not arrived or now.files.keys() & set(plan.delete):
            raise self.moved(before.commit, now.commit) from error
        return now.commit

    def _page(self, commit: str) -> str:
        return f"{self.settings.endpoint}/{self.repo_id}/commit/{commit}"

    def _pull_request(self, url: str) -> dict[str, Any]:
        if self.branch.startswith(PULLS):
            number = self.branch.removeprefix(PULLS)
            url = url or f"{self.settings.endpoint}/{self.repo_id}/discussions/{number}"
        number = url.rpartition("/")[2]
        return {"pull_request": url, "pull_number": int(number)} if number.isdigit() else {}


def _has(head: Head, publication: Publication) -> bool:
    """Whether a commit has these very files."""
    return all(
        path in head.files and is_same(content, head.files[path], publication.hashes[path])
        for path, content in publication.files.items()
    )


def _source(content: bytes | Path) -> bytes | str:
    return content if isinstance(content, bytes) else str(content)


def _require_readable(publication: Publication) -> None:
    """Find out that a file is missing before anything is made on the Hub."""
    for content in publication.files.values():
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
