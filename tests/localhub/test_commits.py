"""Commits, as the real client makes them."""

from __future__ import annotations

from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationCopy, CommitOperationDelete, HfApi, hf_hub_download
from huggingface_hub._commit_api import CommitOperation
from huggingface_hub.errors import BadRequestError, EntryNotFoundError, HfHubHTTPError, RevisionNotFoundError

from gremio.localhub import LocalHub


def test_upload_file(api: HfApi, hub: LocalHub, castle: str, tmp_path: Path) -> None:
    """A file that was uploaded downloads with the same bytes."""
    made = api.upload_file(path_or_fileobj=b"y = 2\n", path_in_repo="a/b.py", repo_id=castle, commit_message="More")
    assert made.commit_url == f"{hub.endpoint}/maria/castle/commit/{made.oid}"
    path = hf_hub_download(castle, "a/b.py", endpoint=hub.endpoint, cache_dir=tmp_path, token=False)
    assert Path(path).read_bytes() == b"y = 2\n"
    assert Path(path).parts[-3] == made.oid


def test_upload_folder(api: HfApi, castle: str, tmp_path: Path) -> None:
    """A folder is uploaded with what lies below it, and old files go when that is asked for."""
    (tmp_path / "vae").mkdir()
    (tmp_path / "vae" / "w.safetensors").write_bytes(b"\0" * 5000)
    (tmp_path / "empty.txt").touch()
    api.upload_folder(repo_id=castle, folder_path=tmp_path, delete_patterns="unet/*")
    found = api.list_repo_files(castle)
    assert found == [".gitattributes", "empty.txt", "pipeline.py", "vae/w.safetensors"]


def test_upload_of_what_is_there(api: HfApi, hub: LocalHub, castle: str, tmp_path: Path) -> None:
    """Uploading the same files again sends none of them and makes no commit."""
    (tmp_path / "w.safetensors").write_bytes(b"w" * 3000)
    head = api.model_info(castle).sha
    hub.requests.clear()
    assert api.upload_folder(repo_id=castle, folder_path=tmp_path, path_in_repo="unet").oid == head
    assert not [path for _, path in hub.requests if "/commit/" in path]


def test_commit_that_changes_nothing(api: HfApi, castle: str) -> None:
    """A commit whose operations cancel each other out leaves the branch where it is."""
    head = api.model_info(castle).sha
    operations: list[CommitOperation] = [
        CommitOperationDelete("pipeline.py"),
        CommitOperationAdd("pipeline.py", b"x = 1\n"),
    ]
    assert api.create_commit(castle, operations, commit_message="Nothing").oid == head


def test_delete(api: HfApi, castle: str) -> None:
    """Files, patterns of files and folders can be deleted."""
    api.delete_folder("unet", repo_id=castle)
    api.delete_file("pipeline.py", repo_id=castle)
    assert api.list_repo_files(castle) == [".gitattributes"]


@pytest.mark.parametrize("path", ["nothing.py", "nothing/"])
def test_delete_what_is_missing(api: HfApi, castle: str, path: str) -> None:
    """Deleting what isn't there fails, and changes nothing."""
    head = api.model_info(castle).sha
    operations: list[CommitOperation] = [CommitOperationAdd("new.py", b"1"), CommitOperationDelete(path)]
    with pytest.raises(EntryNotFoundError, match="with this name doesn't exist"):
        api.create_commit(castle, operations, commit_message="No")
    assert api.model_info(castle).sha == head


def test_copy(api: HfApi, castle: str) -> None:
    """Small and large files can be copied inside a repository; a large one costs no upload."""
    operations = [
        CommitOperationCopy("unet/w.safetensors", "copy/w.safetensors"),
        CommitOperationCopy("pipeline.py", "copy/pipeline.py"),
    ]
    api.create_commit(castle, operations, commit_message="Copy")
    infos = api.get_paths_info(castle, ["unet/w.safetensors", "copy/w.safetensors", "copy/pipeline.py"])
    assert {info.path: info.size for info in infos if hasattr(info, "size")} == {
        "unet/w.safetensors": 3000,
        "copy/w.safetensors": 3000,
        "copy/pipeline.py": 6,
    }


def test_copy_a_small_file_from_another_repository(api: HfApi, castle: str) -> None:
    """Small files can be copied from one repository to another."""
    api.create_repo("maria/tower")
    copy = CommitOperationCopy("pipeline.py", "pipeline.py", src_repo_id=castle, src_repo_type="model")
    api.create_commit("maria/tower", [copy], commit_message="Copy")
    assert "pipeline.py" in api.list_repo_files("maria/tower")


def test_parent_commit(api: HfApi, castle: str) -> None:
    """A commit with a parent that is not the head any more is refused with 412."""
    old = api.model_info(castle).sha
    new = api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle, parent_commit=old).oid
    with pytest.raises(HfHubHTTPError, match="A commit has happened since") as caught:
        api.upload_file(path_or_fileobj=b"2", path_in_repo="a.py", repo_id=castle, parent_commit=old)
    assert caught.value.response.status_code == 412
    assert api.model_info(castle).sha == new


def test_commit_to_a_branch(api: HfApi, castle: str) -> None:
    """A commit to a branch leaves the others alone; a branch that isn't there is an error."""
    api.create_branch(castle, branch="try/this")
    api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle, revision="try/this")
    assert api.file_exists(castle, "a.py", revision="try/this")
    assert not api.file_exists(castle, "a.py")
    with pytest.raises(RevisionNotFoundError):
        api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle, revision="nothing")


def test_pull_request_of_a_file(api: HfApi, castle: str) -> None:
    """A commit can open a pull request, whose files are at its reference and not on the branch."""
    made = api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id=castle, create_pr=True)
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    assert api.file_exists(castle, "a.py", revision="refs/pr/1")
    assert not api.file_exists(castle, "a.py")
    again = api.upload_file(path_or_fileobj=b"2", path_in_repo="b.py", repo_id=castle, revision="refs/pr/1")
    refs = api.list_repo_refs(castle, include_pull_requests=True).pull_requests
    assert [(ref.ref, ref.target_commit) for ref in refs or []] == [("refs/pr/1", again.oid)]


def test_pull_request_of_a_stranger(ana: HfApi, api: HfApi, castle: str, tmp_path: Path) -> None:
    """Whoever may read may propose a folder in a pull request, and not push to the branch."""
    (tmp_path / "a.py").write_text("1")
    made = ana.upload_folder(repo_id=castle, folder_path=tmp_path, create_pr=True)
    assert made.pr_revision == "refs/pr/1"
    ana.upload_file(path_or_fileobj=b"2", path_in_repo="b.py", repo_id=castle, revision="refs/pr/1")
    with pytest.raises(HfHubHTTPError, match="403"):
        ana.upload_file(path_or_fileobj=b"2", path_in_repo="b.py", repo_id=castle)
    listed = list(api.get_repo_discussions(castle))
    assert [(pull.num, pull.author, pull.is_pull_request) for pull in listed] == [(1, "ana", True)]
    assert api.get_discussion_details(castle, 1).git_reference == "refs/pr/1"


def test_discussions_are_refused(api: HfApi, castle: str) -> None:
    """A discussion that is no pull request is refused with a sentence."""
    with pytest.raises(HfHubHTTPError, match="keeps pull requests, no discussions"):
        api.create_discussion(castle, "Hello")


def test_gitignore(api: HfApi, castle: str) -> None:
    """Files that the repository ignores are not committed."""
    api.upload_file(path_or_fileobj=b"*.log\n", path_in_repo=".gitignore", repo_id=castle)
    operations = [CommitOperationAdd("a.log", b"1"), CommitOperationAdd("a.txt", b"1")]
    api.create_commit(castle, operations, commit_message="Both")
    assert not api.file_exists(castle, "a.log")
    assert api.file_exists(castle, "a.txt")


def test_gitattributes(api: HfApi, castle: str) -> None:
    """What counts as a large file is what .gitattributes says."""
    api.upload_file(path_or_fileobj=b"*.dat filter=lfs\n", path_in_repo=".gitattributes", repo_id=castle)
    operations = [CommitOperationAdd("a.dat", b"1" * 300), CommitOperationAdd("a.safetensors", b"1" * 300)]
    api.create_commit(castle, operations, commit_message="Both")
    infos = api.get_paths_info(castle, ["a.dat", "a.safetensors"])
    assert [bool(getattr(info, "lfs", None)) for info in infos] == [True, False]


def test_a_file_is_no_folder(api: HfApi, castle: str) -> None:
    """A path can't be a file and a folder at once."""
    with pytest.raises(BadRequestError, match="can't be a file and the folder"):
        api.upload_file(path_or_fileobj=b"1", path_in_repo="pipeline.py/a.py", repo_id=castle)


def test_a_broken_card_is_refused(api: HfApi, castle: str) -> None:
    """A README whose metadata is no YAML is refused before it is committed."""
    with pytest.raises(ValueError, match=r"Invalid metadata in README\.md"):
        api.upload_file(path_or_fileobj=b"---\na: [\n---\n", path_in_repo="README.md", repo_id=castle)
