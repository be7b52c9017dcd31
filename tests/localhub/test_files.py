"""Files at a revision: listings, and the bytes themselves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import HfApi, HfFileSystem, get_hf_file_metadata, get_session, hf_hub_url, snapshot_download
from huggingface_hub.errors import EntryNotFoundError, RevisionNotFoundError
from huggingface_hub.hf_api import RepoFile, RepoFolder

from gremio.localhub import LocalHub


def test_tree(api: HfApi, castle: str) -> None:
    """A tree lists one folder, or all below it, with what each large file points to."""
    top = {item.path: type(item) for item in api.list_repo_tree(castle)}
    assert top == {".gitattributes": RepoFile, "pipeline.py": RepoFile, "unet": RepoFolder}
    below = {item.path: item for item in api.list_repo_tree(castle, "unet", recursive=True)}
    assert sorted(below) == ["unet/config.json", "unet/w.safetensors"]
    weights = below["unet/w.safetensors"]
    assert isinstance(weights, RepoFile)
    assert weights.lfs is not None
    assert (weights.size, weights.lfs.size, weights.xet_hash) == (3000, 3000, None)


@pytest.mark.parametrize("path", ["nothing", "pipeline.py", "unet/nothing"])
def test_tree_of_what_is_no_folder(api: HfApi, castle: str, path: str) -> None:
    """A folder that isn't there, or is a file, is an entry that isn't there."""
    with pytest.raises(EntryNotFoundError):
        list(api.list_repo_tree(castle, path))


def test_expanded_tree(api: HfApi, castle: str) -> None:
    """An expanded tree says which commit changed each file and folder last."""
    api.upload_file(path_or_fileobj=b"{ }", path_in_repo="unet/config.json", repo_id=castle, commit_message="Furnish")
    titles = {item.path: item.last_commit.title for item in api.list_repo_tree(castle, expand=True) if item.last_commit}
    assert titles == {
        ".gitattributes": "initial commit",
        "pipeline.py": "Build",
        "unet": "Furnish",
    }


def test_large_tree(start: Callable[..., LocalHub], tmp_path: Path) -> None:
    """A large tree comes in pages, and a snapshot of it is whole."""
    hub = start(page_size=4)
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    (tmp_path / "up" / "a ñ+&").mkdir(parents=True)
    for number in range(9):
        (tmp_path / "up" / "a ñ+&" / f"{number}.py").write_text(str(number))
    api.upload_folder(repo_id="maria/castle", folder_path=tmp_path / "up")
    assert len(api.list_repo_files("maria/castle")) == 10
    folder = snapshot_download("maria/castle", endpoint=hub.endpoint, cache_dir=tmp_path / "cache", token=False)
    assert sorted(path.name for path in Path(folder, "a ñ+&").iterdir()) == [f"{number}.py" for number in range(9)]


def test_paths_info(api: HfApi, castle: str) -> None:
    """Info on paths leaves out those that aren't there."""
    found = api.get_paths_info(castle, ["unet", "nothing", "pipeline.py", "pipeline.py/x"], expand=True)
    assert [item.path for item in found] == ["unet", "pipeline.py"]
    assert all(item.last_commit for item in found)


@pytest.mark.parametrize("revision", ["main", "try/this", "v1", "refs/heads/main"])
def test_download_by_any_revision(api: HfApi, hub: LocalHub, castle: str, tmp_path: Path, revision: str) -> None:
    """A file downloads by branch, tag and reference, with slashes in their names, and by short and long commit."""
    api.create_branch(castle, branch="try/this")
    api.create_tag(castle, tag="v1")
    commit = api.model_info(castle, revision=revision).sha or ""
    for wanted in (revision, commit, commit[:8]):
        path = api.hf_hub_download(castle, "unet/w.safetensors", revision=wanted, cache_dir=tmp_path / wanted[:8])
        assert Path(path).read_bytes() == b"w" * 3000


def test_download_of_a_dataset(api: HfApi, tmp_path: Path) -> None:
    """Datasets have their files at their own addresses."""
    api.create_repo("maria/prompts", repo_type="dataset")
    api.upload_file(path_or_fileobj=b"a,b\n", path_in_repo="p.csv", repo_id="maria/prompts", repo_type="dataset")
    path = api.hf_hub_download("maria/prompts", "p.csv", repo_type="dataset", cache_dir=tmp_path)
    assert Path(path).read_bytes() == b"a,b\n"


def test_second_snapshot_downloads_nothing(api: HfApi, hub: LocalHub, castle: str, tmp_path: Path) -> None:
    """A snapshot that is in the cache costs one request by branch, and none by commit."""
    api.snapshot_download(castle, cache_dir=tmp_path)
    hub.requests.clear()
    folder = api.snapshot_download(castle, cache_dir=tmp_path)
    assert hub.requests == [("GET", "/api/models/maria/castle/revision/main")]
    hub.requests.clear()
    api.snapshot_download(castle, revision=Path(folder).name, cache_dir=tmp_path)
    assert hub.requests == []


@pytest.mark.parametrize("path", ["pipeline.py", "unet/w.safetensors"])
def test_metadata(api: HfApi, hub: LocalHub, castle: str, path: str) -> None:
    """HEAD tells commit, size and ETag: git's id of a small file, the sha256 of a large one."""
    (info,) = api.get_paths_info(castle, path)
    assert isinstance(info, RepoFile)
    url = hf_hub_url(castle, path, endpoint=hub.endpoint)
    metadata = get_hf_file_metadata(url, token=False)
    assert metadata.commit_hash == api.model_info(castle).sha
    assert metadata.etag == (info.lfs.sha256 if info.lfs else info.blob_id)
    assert (metadata.size, metadata.location, metadata.xet_file_data) == (info.size, url, None)


@pytest.mark.parametrize("path", ["unet/w.safetensors", "alphabet.txt"])
@pytest.mark.parametrize(
    ("asked", "status", "span"),
    [
        ("bytes=0-", 206, (0, 3000)),
        ("bytes=10-19", 206, (10, 20)),
        ("bytes=2990-9999", 206, (2990, 3000)),
        ("bytes=-5", 206, (2995, 3000)),
        ("bytes=3000-", 416, None),
        ("bytes=20-10", 416, None),
        ("bytes=-", 200, (0, 3000)),
        ("lines=1-2", 200, (0, 3000)),
    ],
)
def test_ranges(
    api: HfApi, hub: LocalHub, castle: str, path: str, asked: str, status: int, span: tuple[int, int] | None
) -> None:
    """A range of a file comes as 206 with its place, an impossible one is refused, and nonsense gets the whole."""
    content = b"w" * 3000
    if path == "alphabet.txt":
        content = bytes(range(97, 122)) * 120
        api.upload_file(path_or_fileobj=content, path_in_repo=path, repo_id=castle)
    answer = get_session().get(hf_hub_url(castle, path, endpoint=hub.endpoint), headers={"Range": asked})
    assert answer.status_code == status
    if span:
        assert answer.content == content[slice(*span)]
        assert answer.headers["content-length"] == str(span[1] - span[0])
    if status == 206 and span:
        assert answer.headers["content-range"] == f"bytes {span[0]}-{span[1] - 1}/3000"


def test_missing_files_are_remembered(api: HfApi, castle: str, tmp_path: Path) -> None:
    """A missing file is told with the commit, so that the client's cache remembers."""
    with pytest.raises(EntryNotFoundError):
        api.hf_hub_download(castle, "nothing.py", cache_dir=tmp_path)
    assert list(tmp_path.glob("models--maria--castle/.no_exist/*/nothing.py"))
    with pytest.raises(RevisionNotFoundError):
        api.hf_hub_download(castle, "pipeline.py", revision="nothing", cache_dir=tmp_path)


UNSAFE = [
    "%2e%2e/hub.json",
    "unet/%2e%2e/pipeline.py",
    "unet%2f..%2fpipeline.py",
    "%2fetc/passwd",
    "a%5cb",
    "a%00b",
    ".git/config",
]


@pytest.mark.parametrize("path", UNSAFE)
@pytest.mark.parametrize("at", ["{repo}/resolve/main/{path}", "api/models/{repo}/tree/main/{path}"])
def test_paths_that_leave_are_refused(hub: LocalHub, castle: str, path: str, at: str) -> None:
    """Paths that could lead out of a repository are refused as they come in."""
    answer = get_session().get(f"{hub.endpoint}/{at.format(repo=castle, path=path)}")
    assert (answer.status_code, answer.json()["error"][:1]) == (400, "'")


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", "a\\b", "a\0b", ".git/hooks/x", "a//b", "."])
def test_paths_that_leave_are_not_committed(hub: LocalHub, api: HfApi, castle: str, path: str) -> None:
    """Such paths are refused in commits too, whoever writes them."""
    lines = [{"key": "header", "value": {"summary": "x"}}, {"key": "file", "value": {"path": path, "content": ""}}]
    url = f"{hub.endpoint}/api/models/{castle}/commit/main"
    body = "\n".join(json.dumps(line) for line in lines)
    answer = get_session().post(url, content=body, headers={"authorization": f"Bearer {hub.token}"})
    assert answer.status_code == 400


def test_raw(api: HfApi, hub: LocalHub, castle: str) -> None:
    """Raw shows what git holds: a small file itself, the pointer to a large one."""
    small = get_session().get(f"{hub.endpoint}/{castle}/raw/main/pipeline.py")
    assert (small.text, small.headers["content-type"]) == ("x = 1\n", "text/plain; charset=utf-8")
    assert get_session().get(f"{hub.endpoint}/{castle}/raw/main/unet/w.safetensors").text.endswith("\nsize 3000\n")


def test_raw_github(api: HfApi, hub: LocalHub, castle: str) -> None:
    """A model repository's files can be had at addresses shaped like raw.githubusercontent.com's."""
    commit = api.model_info(castle).sha
    base = f"{hub.endpoint}/raw-github"
    assert get_session().get(f"{base}/maria/castle/{commit}/pipeline.py").text == "x = 1\n"
    assert get_session().get(f"{base}/maria/castle/{commit}/nothing.py").status_code == 404
    assert get_session().get(f"{base}/maria/castle/{'0' * 40}/pipeline.py").status_code == 404


def test_file_system(hub: LocalHub, castle: str) -> None:
    """HfFileSystem lists, reads and writes."""
    files = HfFileSystem(endpoint=hub.endpoint, token=hub.token, skip_instance_cache=True, use_listings_cache=False)
    assert files.ls(f"{castle}/unet", detail=False) == [f"{castle}/unet/config.json", f"{castle}/unet/w.safetensors"]
    assert files.cat(f"{castle}/pipeline.py") == b"x = 1\n"
    with files.open(f"{castle}/unet/w.safetensors", "rb") as file:
        file.seek(2998)
        assert file.read() == b"ww"
    with files.open(f"{castle}/new.py", "w") as file:
        file.write("z = 3\n")
    assert files.cat(f"{castle}@main/new.py") == b"z = 3\n"
