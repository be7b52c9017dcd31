"""What survives: restarts, many writers at once, crashes, and lines that are cut."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from huggingface_hub import HfApi, constants
from huggingface_hub.errors import HfHubHTTPError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gremio.errors import HubError
from gremio.localhub import LocalHub

CONTENT = bytes(range(256)) * 12_000


class Cut:
    """A line that breaks: the first downloads end after some bytes."""

    def __init__(self, times: int, after: int) -> None:
        self.times = times
        self.after = after
        self.ranges: list[str | None] = []

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """Wrap the application."""

        async def cut(scope: Scope, receive: Receive, send: Send) -> None:
            left = self.after

            async def send_some(message: Message) -> None:
                nonlocal left
                left -= len(message.get("body", b""))
                if left < 0:
                    raise ConnectionResetError("the line was cut")
                await send(message)

            downloads = scope["method"] == "GET" and "/resolve/" in scope["path"]
            if downloads:
                self.ranges.append(dict(scope["headers"]).get(b"range", b"").decode() or None)
            cut_now = downloads and self.times > 0
            self.times -= cut_now
            await app(scope, receive, send_some if cut_now else send)

        return cut


def test_restart(start: Callable[..., LocalHub], tmp_path: Path) -> None:
    """Everything is as it was when the Hub starts again in the same folder."""
    with LocalHub(tmp_path / "hub") as first:
        api = HfApi(endpoint=first.endpoint, token=first.token)
        api.create_repo("maria/castle", private=True)
        api.upload_file(path_or_fileobj=CONTENT, path_in_repo="w.bin", repo_id="maria/castle", create_pr=True)
        api.create_tag("maria/castle", tag="v1")
        before = api.model_info("maria/castle", revision="refs/pr/1", files_metadata=True)
    with LocalHub(tmp_path / "hub") as second:
        assert second.token == first.token
        api = HfApi(endpoint=second.endpoint, token=second.token)
        assert api.model_info("maria/castle", revision="refs/pr/1", files_metadata=True) == before
        assert [tag.name for tag in api.list_repo_refs("maria/castle").tags] == ["v1"]
    assert (tmp_path / "hub" / "users.json").stat().st_mode & 0o077 == 0


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    """A folder that holds other things is left alone."""
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(HubError, match="holds something else"):
        LocalHub(tmp_path)


def test_writers_at_once(start: Callable[..., LocalHub], tmp_path: Path) -> None:
    """No commit is lost when many threads commit through two Hubs over one folder."""
    hubs = [start(), start()]
    apis = [HfApi(endpoint=hub.endpoint, token=hub.token) for hub in hubs]
    apis[0].create_repo("maria/castle")

    def commit(number: int) -> str:
        api = apis[number % 2]
        return api.upload_file(path_or_fileobj=b"1", path_in_repo=f"{number}.py", repo_id="maria/castle").oid

    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(commit, range(18)))
    history = [commit.commit_id for commit in apis[1].list_repo_commits("maria/castle")]
    assert sorted(history[:-1]) == sorted(made)
    assert len(apis[0].list_repo_files("maria/castle")) == 19


COMMITTER = """
import sys
from huggingface_hub import HfApi, constants
from gremio.localhub import LocalHub
folder, name = sys.argv[1:]
with LocalHub(folder, users={"maria": "hf_maria"}) as hub:
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    for number in range(5):
        api.upload_file(path_or_fileobj=b"1", path_in_repo=f"{name}{number}.py", repo_id="maria/castle")
"""


def test_processes_at_once(start: Callable[..., LocalHub], tmp_path: Path) -> None:
    """No commit is lost when several processes serve one folder."""
    hub = start()
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    command = [sys.executable, "-c", COMMITTER, str(tmp_path / "hub")]
    processes = [subprocess.Popen([*command, name]) for name in "ab"]
    assert [process.wait() for process in processes] == [0, 0]
    assert len(api.list_repo_files("maria/castle")) == 11
    assert len(api.list_repo_commits("maria/castle")) == 11


def test_one_create_wins(api: HfApi) -> None:
    """Of many creations of one repository at once, one makes it."""

    def create(_: int) -> int:
        try:
            api.create_repo("maria/castle")
        except HfHubHTTPError as error:
            return error.response.status_code
        return 200

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(create, range(4))) == [200, 409, 409, 409]


def test_after_a_kill(start: Callable[..., LocalHub], tmp_path: Path) -> None:
    """Locks and halves of files that a killed server left are in nobody's way."""
    hub = start()
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    folder = tmp_path / "hub" / "repos" / "models" / "maria" / "castle.git"
    head = (folder / "refs" / "heads" / "main").read_text()
    (folder / "refs" / "heads" / "main.lock").write_text("half")
    blob = "56a6051ca2b02b04ef92d5150c9ef600403cb1de"  # git's id of b"1"
    (folder / "objects" / blob[:2]).mkdir(exist_ok=True)
    (folder / "objects" / blob[:2] / f"{blob[2:]}.lock").write_text("half")
    assert api.model_info("maria/castle").sha == head.strip()
    api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id="maria/castle")
    api.create_branch("maria/castle", branch="next")
    assert api.file_exists("maria/castle", "a.py", revision="next")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_understands_it(api: HfApi, castle: str, shared_hub: tuple[LocalHub, Path]) -> None:
    """What lies on disk is a sound git repository."""
    folder = shared_hub[1] / "repos" / "models" / f"{castle}.git"
    subprocess.run(["git", "-C", folder, "fsck", "--strict", "--full"], check=True, capture_output=True)
    shown = subprocess.run(["git", "-C", folder, "show", "main:pipeline.py"], check=True, capture_output=True)
    assert shown.stdout == b"x = 1\n"


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("path", ["w.bin", "w.txt"])
def test_download_over_a_bad_line(
    start: Callable[..., LocalHub], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A download that is cut goes on where it was."""
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 1 << 16)
    line = Cut(times=1, after=1_500_000)
    hub = start(middleware=[line])
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    api.upload_file(path_or_fileobj=CONTENT, path_in_repo=path, repo_id="maria/castle")
    downloaded = Path(api.hf_hub_download("maria/castle", path, cache_dir=tmp_path / "cache"))
    assert downloaded.read_bytes() == CONTENT
    assert line.ranges == [None, f"bytes={1 << 20}-"]


@pytest.mark.usefixtures("impatient")
def test_upload_over_a_bad_line(start: Callable[..., LocalHub]) -> None:
    """A commit that breaks off half way leaves the repository as it was."""

    def break_commits(app: ASGIApp) -> ASGIApp:
        async def broken(scope: Scope, receive: Receive, send: Send) -> None:
            async def receive_half() -> Message:
                message = await receive()
                return {"type": "http.disconnect"} if "/commit/" in scope["path"] else message

            await app(scope, receive_half, send)

        return broken

    hub = start(middleware=[break_commits])
    api = HfApi(endpoint=hub.endpoint, token=hub.token)
    api.create_repo("maria/castle")
    with pytest.raises(Exception, match=r"disconnected|500"):
        api.upload_file(path_or_fileobj=b"1", path_in_repo="a.py", repo_id="maria/castle")
    assert api.list_repo_files("maria/castle") == [".gitattributes"]
    assert len(api.list_repo_commits("maria/castle")) == 1
