"""Who may see, have and change what."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, RepositoryNotFoundError

from gremio.localhub import LocalHub


def status_of(error: pytest.ExceptionInfo[HfHubHTTPError]) -> int:
    """The HTTP status that the client was answered."""
    return error.value.response.status_code


def test_private(hub: LocalHub, ana: HfApi, stranger: HfApi, castle: str, tmp_path: Path) -> None:
    """To others, a private repository looks like one that isn't there: 401 for strangers, 404 for users."""
    hub.configure(castle, private=True)
    for client, status in ((stranger, 401), (ana, 404)):
        for repo_id in (castle, "maria/nothing"):
            with pytest.raises(RepositoryNotFoundError) as caught:
                client.hf_hub_download(repo_id, "pipeline.py", cache_dir=tmp_path)
            assert status_of(caught) == status
            with pytest.raises(RepositoryNotFoundError) as caught:
                client.model_info(repo_id)
            assert status_of(caught) == status
            with pytest.raises(RepositoryNotFoundError):
                client.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=repo_id, create_pr=True)


def test_private_to_its_owner(hub: LocalHub, api: HfApi, castle: str, tmp_path: Path) -> None:
    """The owner's token opens a private repository."""
    hub.configure(castle, private=True)
    assert Path(api.hf_hub_download(castle, "pipeline.py", cache_dir=tmp_path)).read_bytes() == b"x = 1\n"


def test_gated(hub: LocalHub, ana: HfApi, stranger: HfApi, castle: str, tmp_path: Path) -> None:
    """A gated repository can be seen by all, and its files be had by those with a grant."""
    hub.configure(castle, gated="manual")
    assert stranger.model_info(castle).gated == "manual"
    for client, status in ((stranger, 401), (ana, 403)):
        assert "pipeline.py" in client.list_repo_files(castle)
        with pytest.raises(GatedRepoError) as caught:
            client.hf_hub_download(castle, "pipeline.py", cache_dir=tmp_path)
        assert status_of(caught) == status
        with pytest.raises(GatedRepoError):
            client.auth_check(castle)
    hub.configure(castle, granted=["ana"])
    assert ana.hf_hub_download(castle, "pipeline.py", cache_dir=tmp_path)


def test_gate_by_the_owner(api: HfApi, ana: HfApi, castle: str) -> None:
    """An owner can gate a repository and let users in with the client alone."""
    api.update_repo_settings(castle, gated="auto")
    with pytest.raises(GatedRepoError):
        ana.auth_check(castle)
    api.grant_access(castle, "ana")
    ana.auth_check(castle)


def test_strangers_write_nothing(stranger: HfApi, castle: str) -> None:
    """Without a token nothing can be made or changed."""
    for write in (
        lambda: stranger.create_repo("maria/tower"),
        lambda: stranger.create_branch(castle, branch="x"),
        lambda: stranger.delete_repo(castle),
        lambda: stranger.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle),
        lambda: stranger.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle, create_pr=True),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            write()
        assert status_of(caught) == 401


def test_namespaces(api: HfApi, ana: HfApi, castle: str) -> None:
    """Users write to their own namespace and their organisations', to no other."""
    ana.create_repo("guild/hall")
    ana.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id="guild/hall")
    for write in (
        lambda: api.create_repo("guild/tower"),
        lambda: api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id="guild/hall"),
        lambda: ana.create_tag(castle, tag="v1"),
        lambda: ana.update_repo_settings(castle, private=True),
        lambda: ana.grant_access(castle, "ana"),
        lambda: ana.delete_repo(castle),
        lambda: ana.auth_check(castle, write=True),
    ):
        with pytest.raises(HfHubHTTPError) as caught:
            write()
        assert status_of(caught) == 403


def test_exist_ok_in_a_foreign_namespace(ana: HfApi, castle: str) -> None:
    """Asking for a repository that others have is fine if it is there."""
    assert ana.create_repo(castle, exist_ok=True).repo_id == castle
