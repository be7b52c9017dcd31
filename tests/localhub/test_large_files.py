"""Uploads of large files, with and without the client's Xet."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from pathlib import Path

import pytest
from huggingface_hub import CommitOperationAdd, HfApi, constants, get_session
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.lfs import post_lfs_batch_info

from gremio.localhub import LocalHub

# huggingface_hub 2.4.0 uploads with an argument that httpx2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=<...>':DeprecationWarning")

CONTENT = bytes(range(256)) * 40
SHA256 = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def lfs_hub(start: Callable[..., LocalHub], monkeypatch: pytest.MonkeyPatch) -> LocalHub:
    """A Hub that has every large file uploaded through git-lfs, for a client with HF_HUB_DISABLE_XET=1."""
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    return start(inline_limit=100, part_size=4096)


@pytest.fixture
def lfs_api(lfs_hub: LocalHub) -> HfApi:
    """Maria's client, and a repository to upload to."""
    api = HfApi(endpoint=lfs_hub.endpoint, token=lfs_hub.token)
    api.create_repo("maria/castle")
    return api


@pytest.fixture
def xet_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that has hf_xet and was not told to leave it alone."""
    pytest.importorskip("hf_xet")
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", False)


def put(hub: LocalHub, size: int = len(CONTENT)) -> str:
    """An address that `CONTENT` may be uploaded to at once."""
    infos = [CommitOperationAdd("w.bin", CONTENT[:size]).upload_info]
    arguments = {"token": hub.token, "repo_type": "model", "repo_id": "maria/castle", "endpoint": hub.endpoint}
    (action,), _, _ = post_lfs_batch_info(infos, transfers=["basic"], **arguments)  # type: ignore[arg-type]
    return str(action["actions"]["upload"]["href"])


@pytest.mark.usefixtures("xet_client")
def test_stock_client_with_xet(start: Callable[..., LocalHub], tmp_path: Path) -> None:
    """A client that has hf_xet uploads and downloads with no setting at all, and the file is a large one here."""
    hub = start()
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    api.upload_file(path_or_fileobj=CONTENT, path_in_repo="w.safetensors", repo_id="maria/castle")
    info = api.model_info("maria/castle", files_metadata=True)
    assert [file.lfs.sha256 for file in info.siblings or [] if file.lfs] == [SHA256]
    assert Path(api.hf_hub_download("maria/castle", "w.safetensors", cache_dir=tmp_path)).read_bytes() == CONTENT


@pytest.mark.usefixtures("xet_client")
def test_xet_client_above_the_limit(start: Callable[..., LocalHub], caplog: pytest.LogCaptureFixture) -> None:
    """What is too big to travel inside a commit fails for a client that insists on Xet, and the log says what to do."""
    hub = start(inline_limit=100)
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    with pytest.raises(ConnectionError, match="xet-write-token"):
        api.upload_file(path_or_fileobj=CONTENT, path_in_repo="w.safetensors", repo_id="maria/castle")
    assert "HF_HUB_DISABLE_XET=1" in caplog.text
    assert api.list_repo_files("maria/castle") == [".gitattributes"]


@pytest.mark.parametrize("size", [4096, 4097, len(CONTENT)])
def test_upload(lfs_hub: LocalHub, lfs_api: HfApi, tmp_path: Path, size: int) -> None:
    """A file is uploaded whole or in parts, by its size, and downloads with the same bytes."""
    (tmp_path / "w.safetensors").write_bytes(CONTENT[:size])
    lfs_api.upload_file(
        path_or_fileobj=tmp_path / "w.safetensors", path_in_repo="w.safetensors", repo_id="maria/castle"
    )
    parts = [path for method, path in lfs_hub.requests if method == "PUT" and "/parts/" in path]
    assert len(parts) == (0 if size == 4096 else -(-size // 4096))
    path = lfs_api.hf_hub_download("maria/castle", "w.safetensors", cache_dir=tmp_path / "cache")
    assert Path(path).read_bytes() == CONTENT[:size]


def test_upload_of_a_stream(lfs_api: HfApi) -> None:
    """A file object can be uploaded as well."""
    lfs_api.upload_file(path_or_fileobj=io.BytesIO(CONTENT), path_in_repo="w.bin", repo_id="maria/castle")
    assert lfs_api.file_exists("maria/castle", "w.bin")


def test_upload_of_a_folder(lfs_api: HfApi, tmp_path: Path) -> None:
    """A folder with many large files is uploaded, in several threads."""
    (tmp_path / "up").mkdir()
    for number in range(6):
        (tmp_path / "up" / f"{number}.safetensors").write_bytes(CONTENT + bytes([number]))
    lfs_api.upload_folder(repo_id="maria/castle", folder_path=tmp_path / "up")
    assert len(lfs_api.list_repo_files("maria/castle")) == 7


def test_bytes_that_are_here_are_not_sent_again(lfs_hub: LocalHub, lfs_api: HfApi) -> None:
    """Bytes that the repository has are not uploaded again, for another path or the same one."""
    for path in ("a.bin", "b.bin", "b.bin"):
        lfs_api.upload_file(path_or_fileobj=CONTENT[:4000], path_in_repo=path, repo_id="maria/castle")
    assert len([method for method, _ in lfs_hub.requests if method == "PUT"]) == 1
    assert len(lfs_api.list_repo_commits("maria/castle")) == 3


def test_other_bytes_than_announced(lfs_hub: LocalHub, lfs_api: HfApi, tmp_path: Path) -> None:
    """Bytes that are not those that were announced are refused, and nothing of them stays."""
    url = put(lfs_hub)
    for wrong, status in ((CONTENT[::-1], 400), (CONTENT[:-1], 400), (CONTENT + b"x", 413)):
        assert get_session().put(url, content=wrong).status_code == status
    assert not [path for path in (tmp_path / "hub").rglob("lfs/*/**") if path.is_file()]
    assert get_session().put(url, content=CONTENT).status_code == 200


def test_forged_addresses(lfs_hub: LocalHub, lfs_api: HfApi) -> None:
    """An upload address works for what it was made for, and nothing else."""
    url = put(lfs_hub)
    forged = [
        url.replace(f"size={len(CONTENT)}", "size=999999"),
        url.replace(SHA256, "0" * 64),
        url.replace("maria/castle", "ana/castle"),
        url.partition("?")[0],
    ]
    assert [get_session().put(address, content=CONTENT).status_code for address in forged] == [403] * 4


def test_pointer_to_nothing(lfs_api: HfApi) -> None:
    """A commit of a large file that was never uploaded is refused."""
    operation = CommitOperationAdd("w.bin", CONTENT)
    operation._upload_mode, operation._should_ignore, operation._is_uploaded = "lfs", False, True
    with pytest.raises(HfHubHTTPError, match="was not uploaded"):
        lfs_api.create_commit("maria/castle", [operation], commit_message="No")


def test_strangers_upload_nothing(lfs_hub: LocalHub, lfs_api: HfApi) -> None:
    """Upload addresses are for users."""
    info = CommitOperationAdd("w.bin", CONTENT).upload_info
    with pytest.raises(HfHubHTTPError, match="401"):
        post_lfs_batch_info([info], token=None, repo_type="model", repo_id="maria/castle", endpoint=lfs_hub.endpoint)
