"""Branches, tags and commits."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RevisionNotFoundError

from gremio.localhub import LocalHub


def test_branches(api: HfApi, castle: str) -> None:
    """A branch can be made of any revision, listed and deleted."""
    first = api.list_repo_commits(castle)[-1].commit_id
    api.create_branch(castle, branch="release/1.0", revision=first)
    branches = {branch.name: branch.target_commit for branch in api.list_repo_refs(castle).branches}
    assert branches["release/1.0"] == first
    assert api.model_info(castle, revision="release/1.0").sha == first
    api.delete_branch(castle, branch="release/1.0")
    assert not api.revision_exists(castle, "release/1.0")


@pytest.mark.parametrize("message", ["", "The first one"])
def test_tags(api: HfApi, castle: str, message: str) -> None:
    """A tag stands for its commit, be it annotated or not, and can be deleted."""
    head = api.model_info(castle).sha
    api.create_tag(castle, tag="v1.0", tag_message=message, revision="main")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle)
    assert api.model_info(castle, revision="v1.0").sha == head
    assert [(tag.name, tag.ref, tag.target_commit) for tag in api.list_repo_refs(castle).tags] == [
        ("v1.0", "refs/tags/v1.0", head)
    ]
    api.delete_tag(castle, tag="v1.0")
    assert not api.revision_exists(castle, "v1.0")


def test_names_that_are_taken(api: HfApi, castle: str) -> None:
    """A second branch or tag of a name is a conflict, or fine with exist_ok."""
    api.create_branch(castle, branch="a/b")
    api.create_branch(castle, branch="a/b", exist_ok=True)
    api.create_tag(castle, tag="v1")
    api.create_tag(castle, tag="v1", exist_ok=True)
    for taken in ("a/b", "a", "a/b/c"):
        with pytest.raises(HfHubHTTPError) as caught:
            api.create_branch(castle, branch=taken)
        assert caught.value.response.status_code == 409


@pytest.mark.parametrize(
    "name", ["a..b", "-a", "a b", "a/", ".a", "a.lock", "a^", "0" * 40, "refs/heads/x", "ñ", "a\\b"]
)
def test_names_that_git_refuses(api: HfApi, castle: str, name: str) -> None:
    """What git would not take, or what could be taken for a commit, is no name for a branch or tag."""
    with pytest.raises(BadRequestError):
        api.create_branch(castle, branch=name)
    with pytest.raises(BadRequestError):
        api.create_tag(castle, tag=name)


def test_deletions_that_are_refused(api: HfApi, castle: str) -> None:
    """The default branch stays, and what isn't there can't be deleted."""
    with pytest.raises(BadRequestError):
        api.delete_branch(castle, branch="main")
    with pytest.raises(RevisionNotFoundError):
        api.delete_branch(castle, branch="nothing")
    with pytest.raises(RevisionNotFoundError):
        api.delete_tag(castle, tag="nothing")


def test_a_commit_is_a_revision(api: HfApi, castle: str) -> None:
    """A commit's id is a revision, whole or shortened; one that isn't there is not found."""
    old = api.list_repo_commits(castle)[1].commit_id
    for revision in (old, old[:7]):
        assert api.model_info(castle, revision=revision).sha == old
    for revision in ("0" * 40, old[:6], "nothing", "refs/pr/7", "../main", "refs/../HEAD"):
        assert not api.revision_exists(castle, revision)


def test_history(api: HfApi, castle: str) -> None:
    """The history has titles, descriptions and authors, newest first, and starts at any revision."""
    api.upload_file(
        path_or_fileobj=b"1",
        path_in_repo="a.py",
        repo_id=castle,
        commit_message="Año nuevo",
        commit_description="Two\nlines",
    )
    commits = api.list_repo_commits(castle)
    assert (commits[0].title, commits[0].message, commits[0].authors) == ("Año nuevo", "Two\nlines", ["maria"])
    assert commits[-1].title == "initial commit"
    assert [commit.commit_id for commit in api.list_repo_commits(castle, revision=commits[2].commit_id)] == [
        commit.commit_id for commit in commits[2:]
    ]


def test_long_history(start: Callable[..., LocalHub]) -> None:
    """A long history comes in pages."""
    hub = start(page_size=2)
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    for number in range(4):
        api.upload_file(path_or_fileobj=b"%d" % number, path_in_repo="a.py", repo_id="maria/castle")
    hub.requests.clear()
    assert len(api.list_repo_commits("maria/castle")) == 5
    assert len(hub.requests) == 3
