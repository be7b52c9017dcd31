"""Where something is to be published, and what lies there now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.errors import OptionError, PublishError
from gremio.machine.settings import Settings
from gremio.publishing.publication import CARD
from gremio.publishing.upload.errors import publishing_errors, require_network, require_repo_id, require_token
from gremio.sources.repository import File, is_commit
from gremio.version import __version__

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MAIN = "main"
PULLS = "refs/pr/"
_TIMEOUT = 30.0  # seconds for one answer about a repository, not for its files


@dataclass(frozen=True)
class Target:
    """A branch of a repository on the Hub, and how to go there.

    Attributes:
        repo_id: ``owner/name``, or a name alone for whoever is logged in.
        token: instead of the one of whoever is logged in.
        private: whether a repository that is made here is private; one that is there stays as it is.
        commit_message: the title of the commit.
        create_pr: open a pull request instead of committing to the branch.
        revision: the branch, else ``main``; or ``refs/pr/<number>`` for a pull request that is open.
        replace_code: delete Python files of the repository that are no part of what is published.
        expected_parent: the commit that the branch must still be at; empty where it must still be absent; None where
            that does not matter. `resolved` tells it.
    """

    repo_id: str
    token: str | bool | None = field(default=None, repr=False)
    private: bool | None = None
    commit_message: str | None = None
    create_pr: bool = False
    revision: str | None = None
    replace_code: bool = False
    expected_parent: str | None = None

    @property
    def branch(self) -> str:
        """The branch or pull request to commit to."""
        return self.revision or MAIN

    @property
    def is_pull_request(self) -> bool:
        """Whether it goes into one; merging that makes another commit, so it gets no tag."""
        return self.create_pr or self.branch.startswith(PULLS)

    def resolved(self, settings: Settings) -> Target:
        """The same with its owner, and with the commit that it is at now.

        Raises:
            Unavailable: the Hub can't be reached, or the network may not be used.
            RefError: it is no name for a repository.
            AccessDenied: nobody is logged in.
        """
        named = self.named(settings)
        api = named.api(settings)
        with publishing_errors(named.repo_id, settings, revision=self.branch):
            head = head_of(api, named.repo_id, self.branch)
            if head is None and self.branch != MAIN:
                head = head_of(api, named.repo_id, MAIN)
        return replace(named, expected_parent=head.commit if head else "")

    def named(self, settings: Settings) -> Target:
        """The same with its owner, who is whoever is logged in unless it says.

        Raises:
            Unavailable, RefError, AccessDenied: as `resolved`.
        """
        require_network(settings, self.repo_id)
        require_repo_id(self.repo_id)
        if is_commit(self.revision):
            step = "Pass the name of a branch."
            raise OptionError(f"revision is the commit {self.revision}", ref=self.repo_id, next_step=step)
        api = self.api(settings)
        if "/" in self.repo_id:
            return self
        with publishing_errors(self.repo_id, settings):
            return replace(self, repo_id=f"{api.whoami()['name']}/{self.repo_id}")

    def existing_card(self, settings: Settings) -> str | None:
        """The card that is there; None where there is none.

        It is read at the commit that `upload` will insist on if this target is `resolved`.
        """
        here = self if self.expected_parent is not None else self.resolved(settings)
        if not here.expected_parent:
            return None
        api = here.api(settings)
        with publishing_errors(here.repo_id, settings, revision=here.branch):
            head = listed(api, here.repo_id, here.expected_parent)
            content = content_of(api, here.repo_id, head, CARD, settings)
        try:
            return content.decode() if content is not None else None
        except UnicodeDecodeError as error:
            step = "Save it as UTF-8 and publish again; nothing was changed."
            raise PublishError(f"the {CARD} that is there is not UTF-8", ref=here.repo_id, next_step=step) from error

    def api(self, settings: Settings) -> HfApi:
        """The Hub's client, with a token."""
        from huggingface_hub import HfApi

        token = require_token(self.token, settings, self.repo_id)
        return HfApi(endpoint=settings.endpoint, token=token, library_name="gremio", library_version=__version__)


@dataclass(frozen=True)
class Head:
    """A commit and its files."""

    commit: str
    files: Mapping[str, File]


def head_of(api: HfApi, repo_id: str, revision: str) -> Head | None:
    """Where a branch is; None where there is no such repository or branch."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    try:
        return listed(api, repo_id, revision)
    except GatedRepoError:
        raise
    except (RepositoryNotFoundError, RevisionNotFoundError):
        return None


def listed(api: HfApi, repo_id: str, revision: str) -> Head:
    """The commit of a revision that exists, with its files, in one request."""
    info: Any = api.repo_info(repo_id, revision=revision, files_metadata=True, timeout=_TIMEOUT)
    return Head(str(info.sha), {sibling.rfilename: _file(sibling) for sibling in info.siblings or ()})


def content_of(api: HfApi, repo_id: str, head: Head, path: str, settings: Settings) -> bytes | None:
    """A small file, through the Hub's cache; None where there is none."""
    if path not in head.files:
        return None
    return Path(api.hf_hub_download(repo_id, path, revision=head.commit, cache_dir=settings.cache_dir)).read_bytes()


def _file(sibling: Any) -> File:
    return File(sibling.size, sibling.blob_id, sibling.lfs["sha256"] if sibling.lfs else None)
