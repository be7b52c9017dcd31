"""Where something is to be published, and what lies there now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gremio.errors import OptionError, PublishError
from gremio.machine.settings import Settings
from gremio.publishing.publication import CARD
from gremio.publishing.upload.errors import publishing_errors, require_network, require_repo_id, require_token
from gremio.sources.repository import Listing, is_commit
from gremio.version import __version__

if TYPE_CHECKING:
    from huggingface_hub import HfApi

MAIN = "main"
PULLS = "refs/pr/"


@dataclass(frozen=True)
class Target:
    """A repository on the Hub as its author names it, and how to publish there; ``gremio.publish`` explains each.

    ``repo_id`` is ``owner/name``, or a name alone for whoever is logged in; ``revision`` is the branch, else ``main``,
    or ``refs/pr/<number>`` for a pull request that is open.
    """

    repo_id: str
    token: str | bool | None = field(default=None, repr=False)
    private: bool | None = None
    commit_message: str | None = None
    create_pr: bool = False
    revision: str | None = None
    replace_code: bool = False
    base_model: str | None = None
    license: str | None = None
    pipeline_tag: str | None = None
    tags: Sequence[str] = ()
    verify: bool | None = None

    @property
    def for_card(self) -> dict[str, Any]:
        """What the author says for the card; what is None is told from the code or kept from the card that is there."""
        return {name: getattr(self, name) for name in ("base_model", "license", "pipeline_tag", "tags")}

    @property
    def branch(self) -> str:
        """The branch or pull request to commit to."""
        return self.revision or MAIN

    @property
    def is_pull_request(self) -> bool:
        """Whether it goes into one; merging that makes another commit, so it gets no tag."""
        return self.create_pr or self.branch.startswith(PULLS)

    def found(self, settings: Settings) -> Branch:
        """The branch with its owner, and with the commit that it is at now.

        Raises:
            Unavailable: the Hub can't be reached, or the network may not be used.
            RefError: it is no name for a repository.
            AccessDenied: nobody is logged in.
        """
        from huggingface_hub import HfApi

        require_network(settings, self.repo_id)
        require_repo_id(self.repo_id)
        if is_commit(self.revision):
            step = "Pass the name of a branch."
            raise OptionError(f"revision is the commit {self.revision}", ref=self.repo_id, next_step=step)
        token = require_token(self.token, settings, self.repo_id)
        api = HfApi(endpoint=settings.endpoint, token=token, library_name="gremio", library_version=__version__)
        with publishing_errors(self.repo_id, settings, revision=self.branch):
            owned = self.repo_id if "/" in self.repo_id else f"{api.whoami()['name']}/{self.repo_id}"
            branch = Branch(replace(self, repo_id=owned), settings, api, token)
            head = branch.listing(self.branch) or (branch.listing(MAIN) if self.branch != MAIN else None)
        return replace(branch, head=head)


@dataclass(frozen=True)
class Branch:
    """A branch as it was found, which is what a commit builds on.

    ``head`` has its files; those of ``main`` where the branch is absent, and None where that is too.
    """

    target: Target
    settings: Settings
    api: HfApi = field(repr=False)
    token: str = field(repr=False)
    head: Listing | None = None

    @property
    def repo_id(self) -> str:
        """``owner/name``."""
        return self.target.repo_id

    def listing(self, revision: str) -> Listing | None:
        """A revision's files; None where there is no such repository or revision."""
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

        try:
            return Listing.asked(self.api, self.repo_id, revision)
        except GatedRepoError:
            raise
        except (RepositoryNotFoundError, RevisionNotFoundError):
            return None

    def content(self, head: Listing, path: str) -> bytes | None:
        """A small file, through the Hub's cache; None where there is none."""
        if path not in head.files:
            return None
        cache = self.settings.cache_dir
        return Path(self.api.hf_hub_download(self.repo_id, path, revision=head.commit, cache_dir=cache)).read_bytes()

    def card(self) -> str | None:
        """The card that is there; None where there is none."""
        with publishing_errors(self.repo_id, self.settings, revision=self.target.branch):
            content = self.content(self.head, CARD) if self.head else None
        try:
            return content.decode() if content is not None else None
        except UnicodeDecodeError as error:
            step = "Save it as UTF-8 and publish again; nothing was changed."
            raise PublishError(f"the {CARD} that is there is not UTF-8", ref=self.repo_id, next_step=step) from error
