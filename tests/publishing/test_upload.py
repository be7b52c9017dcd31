"""Uploads to a local Hub by the real client: one commit, nothing twice, nothing half, nobody overwritten."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi, get_session
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from gremio.code import CodeTree, Origin
from gremio.errors import (
    AccessDenied,
    BranchMoved,
    OptionError,
    PublishError,
    RefError,
    RevisionNotFound,
    StoreError,
    Unavailable,
)
from gremio.localhub import LocalHub
from gremio.machine.settings import Settings
from gremio.publishing.card.card import card
from gremio.publishing.publication import Publication
from gremio.publishing.upload.target import Target
from gremio.publishing.upload.upload import Pushed, upload

# huggingface_hub 2.4 hands the bytes of a large file to its HTTP library in a way that this one is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

REPO = "maria/castle"
WEIGHTS = "unet/diffusion_pytorch_model.safetensors"
SHARDS = [f"unet/diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
SHARD_INDEX = "unet/diffusion_pytorch_model.safetensors.index.json"


def publication(files: dict[str, bytes | Path] | None = None, *, code: bool = False, **more: Any) -> Publication:
    """One of a component, or of what is passed."""
    held = files or {"pipeline.py": b"x = 1\n", "config.json": b"{}", WEIGHTS: b"w" * 3000}
    python = {path: data for path, data in held.items() if path.endswith(".py") and isinstance(data, bytes)}
    tree = CodeTree(python, next(iter(python)), Origin("local", "x")) if code else None
    return Publication("component", "Castle", held, tree, **more)


def send(thing: Publication, target: Target, settings: Settings) -> Pushed:
    """As a publish does it: resolve, extend the card, upload."""
    branch = target.found(settings)
    return upload(thing, card(thing, repo_id=branch.repo_id, existing=branch.card()), branch)


class Line:
    """A line to the Hub that breaks, stalls, or lets somebody else go first; counts what bodies weigh."""

    def __init__(self) -> None:
        self.before: Callable[[str, str], int | None] = lambda method, path: None
        self.sent: dict[str, int] = {}
        self.unanswered = ""

    def __call__(self, app: ASGIApp) -> ASGIApp:
        """Wrap the application."""

        async def through(scope: Scope, receive: Receive, send: Send) -> None:
            from starlette.concurrency import run_in_threadpool

            status = await run_in_threadpool(self.before, scope["method"], scope["path"])
            if status:
                await JSONResponse({"error": "out of order"}, status)(scope, receive, send)
                return

            async def counted() -> Any:
                message = await receive()
                self.sent[scope["method"]] = self.sent.get(scope["method"], 0) + len(message.get("body", b""))
                return message

            async def nothing(message: Any) -> None:
                pass

            cut = bool(self.unanswered) and self.unanswered in scope["path"]
            await app(scope, counted, nothing if cut else send)
            if cut:
                raise ConnectionResetError("the line was cut")

        return through


@pytest.fixture
def line() -> Line:
    """The line of this test's Hub."""
    return Line()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: Line, _pool: None) -> Iterator[LocalHub]:
    """A Hub that takes anything above a kilobyte through LFS."""
    users = {"maria": "hf_maria", "ana": "hf_ana"}
    with LocalHub(
        tmp_path / "hub", users=users, middleware=[line], inline_limit=1000, default_writes_anywhere=False
    ) as running:
        monkeypatch.setenv("HF_ENDPOINT", running.endpoint)
        yield running


@pytest.fixture
def settings(hub: LocalHub) -> Settings:
    """With this test's Hub."""
    return Settings.from_environment()


@pytest.fixture
def maria() -> Target:
    """Where most tests go."""
    return Target(REPO, "hf_maria")


def titles(api: HfApi, revision: str = "main") -> list[str]:
    """What happened, newest first."""
    return [commit.title for commit in api.list_repo_commits(REPO, revision=revision)]


def test_one_commit_and_its_tag(api: HfApi, settings: Settings, maria: Target) -> None:
    """A repository is made; everything comes in one commit, which the tag names."""
    thing = publication()
    pushed = send(thing, replace(maria, private=True, commit_message="Castles"), settings)
    assert titles(api) == ["Castles", "initial commit"]
    assert pushed == Pushed(
        REPO,
        api.model_info(REPO).sha or "",
        f"{settings.endpoint}/{REPO}/commit/{pushed.commit}",
        tag=thing.tag,
        created=True,
        uploaded=("README.md", "config.json", "pipeline.py", WEIGHTS),
    )
    assert api.model_info(REPO, revision=thing.tag).sha == pushed.commit
    assert api.model_info(REPO).private
    assert Path(api.hf_hub_download(REPO, WEIGHTS)).read_bytes() == b"w" * 3000


def test_the_owner_is_who_is_logged_in(settings: Settings) -> None:
    """Where none is named."""
    assert send(publication(), Target("fort", "hf_ana"), settings).repo_id == "ana/fort"


def test_nothing_changed(api: HfApi, hub: LocalHub, settings: Settings, maria: Target) -> None:
    """No commit, and nothing is sent at all; the branch is asked for once, and its tag."""
    first = send(publication(), maria, settings)
    hub.requests.clear()
    again = send(publication(), maria, settings)
    assert (again.commit, again.uploaded, again.created) == (first.commit, (), False)
    assert again.unchanged == first.uploaded
    assert len(titles(api)) == 2
    assert {method for method, _ in hub.requests} <= {"GET", "HEAD"}
    assert sum("/revision/" in path for _, path in hub.requests) == 2


def test_only_what_changed_is_sent(
    api: HfApi, hub: LocalHub, line: Line, settings: Settings, maria: Target, tmp_path: Path
) -> None:
    """Large weights stay where they are when a line of code changes."""
    weights = tmp_path / "w"
    weights.write_bytes(b"w" * 2_000_000)
    send(publication({"pipeline.py": b"x = 1\n", WEIGHTS: weights}), maria, settings)
    assert line.sent["PUT"] == 2_000_000
    line.sent.clear()
    pushed = send(publication({"pipeline.py": b"x = 2\n", WEIGHTS: weights}), maria, settings)
    assert (pushed.uploaded, pushed.unchanged) == (("README.md", "pipeline.py"), (WEIGHTS,))
    assert "PUT" not in line.sent
    assert line.sent["POST"] < 20_000


def test_what_an_earlier_publish_left_goes(api: HfApi, settings: Settings, maria: Target) -> None:
    """By the card's record where there is no index, by the index where there is one; an author's own files stay."""
    send(publication({"pipeline.py": b"1", "old.py": b"1", "words.txt": b"a"}), maria, settings)
    api.upload_file(path_or_fileobj=b"MIT", path_in_repo="LICENSE", repo_id=REPO)
    api.upload_file(path_or_fileobj=b"png", path_in_repo="castle.png", repo_id=REPO)
    index = json.dumps({"_gremio": {"files": ["model_index.json", "pipeline.py", "helpers/a.py"]}}).encode()
    second = publication({"pipeline.py": b"1", "helpers/a.py": b"2", "model_index.json": index})
    assert send(second, maria, settings).deleted == ("old.py", "words.txt")
    index = json.dumps({"_gremio": {"files": ["model_index.json", "pipeline.py"]}}).encode()
    third = send(publication({"pipeline.py": b"1", "model_index.json": index}), maria, settings)
    assert third.deleted == ("helpers/a.py",)
    kept = {".gitattributes", "LICENSE", "README.md", "castle.png", "model_index.json", "pipeline.py"}
    assert set(api.list_repo_files(REPO)) == kept


@pytest.mark.parametrize("sharded_first", [True, False])
def test_shards_that_would_be_loaded_instead(
    api: HfApi, settings: Settings, maria: Target, sharded_first: bool
) -> None:
    """They go even if nobody recorded them; other variants, formats and names stay."""
    sharded: dict[str, bytes] = dict.fromkeys((*SHARDS, SHARD_INDEX), b"s")
    single = {WEIGHTS: b"w"}
    old, new = (sharded, single) if sharded_first else (single, sharded)
    others = [
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "unet/diffusion_pytorch_model.bin",
        "unet/lora.safetensors",
    ]
    api.create_repo(REPO)
    for path in (*old, *others, "vae/diffusion_pytorch_model.safetensors"):
        api.upload_file(path_or_fileobj=b"x", path_in_repo=path, repo_id=REPO)
    pushed = send(publication({**new}), maria, settings)
    assert set(pushed.deleted) == set(old)
    assert {*others, *new, "vae/diffusion_pytorch_model.safetensors"} < set(api.list_repo_files(REPO))


def test_python_files_of_somebody_else(api: HfApi, settings: Settings, maria: Target) -> None:
    """They would be loaded too, under another digest: a refusal, or they go if that is said."""
    api.create_repo(REPO)
    api.upload_file(path_or_fileobj=b"1", path_in_repo="mine.py", repo_id=REPO)
    thing = publication(code=True)
    with pytest.raises(PublishError, match=r"mine\.py[\s\S]*replace_code"):
        send(thing, maria, settings)
    assert len(titles(api)) == 2
    assert send(thing, replace(maria, replace_code=True), settings).deleted == ("mine.py",)


def test_the_second_of_two_publishers(api: HfApi, line: Line, settings: Settings, maria: Target) -> None:
    """Whether the other came before the upload or in the middle of it: nothing is overwritten, and it says who."""
    send(publication(), maria, settings)
    branch = maria.found(settings)
    api.upload_file(path_or_fileobj=b"2", path_in_repo="config.json", repo_id=REPO, commit_message="Mine")
    with pytest.raises(BranchMoved, match=r"nothing was published\. maria: Mine \([0-9a-f]{12}\)") as caught:
        upload(publication(), "x", branch)
    assert caught.value.commit == api.model_info(REPO).sha

    def first(method: str, path: str) -> None:
        if "/commit/" in path:
            line.before = lambda method, path: None
            api.upload_file(path_or_fileobj=b"3", path_in_repo="config.json", repo_id=REPO, commit_message="Faster")

    line.before = first
    with pytest.raises(BranchMoved, match="maria: Faster"):
        send(publication({"config.json": b"4"}), maria, settings)
    assert titles(api)[:2] == ["Faster", "Mine"]
    assert send(publication({"config.json": b"4"}), maria, settings).uploaded[-1] == "config.json"


def test_publishers_at_once(api: HfApi, settings: Settings, maria: Target) -> None:
    """However they meet, on a repository that is not there yet: who is told of a commit has it, alone."""
    things = [publication({"config.json": b"%d" % number}) for number in range(4)]
    branches = [maria.found(settings) for _ in things]
    gate = threading.Barrier(len(things))

    def go(number: int) -> Pushed | None:
        gate.wait()
        try:
            return upload(things[number], f"card {number}", branches[number])
        except BranchMoved:
            return None

    with ThreadPoolExecutor(len(things)) as pool:
        done = list(pool.map(go, range(len(things))))
    made = [pushed for pushed in done if pushed]
    assert len(made) == 1
    assert titles(api) == ["Publish Castle", "initial commit"]
    assert api.model_info(REPO).sha == made[0].commit
    content = Path(api.hf_hub_download(REPO, "config.json")).read_bytes()
    assert content == b"%d" % done.index(made[0])


@pytest.mark.parametrize("where", ["/preupload/", "/lfs/", "/commit/"])
def test_a_request_that_fails(
    api: HfApi, line: Line, settings: Settings, maria: Target, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The branch stays as it was, wherever it breaks."""
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    before = send(publication(), maria, settings).commit
    line.before = lambda method, path: 507 if where in path else None
    with pytest.raises(Unavailable, match="Nothing was published"):
        send(publication({WEIGHTS: b"v" * 4000}), maria, settings)
    assert api.model_info(REPO).sha == before
    line.before = lambda method, path: None
    assert WEIGHTS in send(publication({WEIGHTS: b"v" * 4000}), maria, settings).uploaded


def test_an_answer_that_is_lost(api: HfApi, line: Line, settings: Settings, maria: Target) -> None:
    """The commit was made and the line broke: that is seen, and it is not made again."""
    line.unanswered = "/commit/"
    pushed = send(publication(), maria, settings)
    assert api.model_info(REPO).sha == pushed.commit
    assert titles(api) == ["Publish Castle", "initial commit"]
    assert api.model_info(REPO, revision=pushed.tag).sha == pushed.commit


SENDER = """
import sys
from gremio.publishing.publication import Publication
from gremio.publishing.upload.target import Target
from gremio.publishing.upload.upload import upload
from gremio.machine.settings import Settings
thing = Publication("component", "Castle", {sys.argv[1]: b"v" * 5000, "config.json": b"[]"})
upload(thing, "card", Target("maria/castle", "hf_maria").found(Settings.from_environment()))
"""


def test_a_publisher_that_is_killed(api: HfApi, line: Line, settings: Settings, maria: Target) -> None:
    """In the middle of its weights: nothing is half there, and the next one goes through."""
    before = send(publication(), maria, settings).commit
    arrived, over = threading.Event(), threading.Event()

    def stall(method: str, path: str) -> None:
        if method == "PUT":
            arrived.set()
            over.wait(20)

    line.before = stall
    sender = subprocess.Popen([sys.executable, "-c", SENDER, WEIGHTS], env=dict(os.environ))
    assert arrived.wait(20)
    os.kill(sender.pid, signal.SIGKILL)
    assert sender.wait(20) == -signal.SIGKILL
    over.set()
    assert api.model_info(REPO).sha == before
    line.before = lambda method, path: None
    done = subprocess.run([sys.executable, "-c", SENDER, WEIGHTS], env=dict(os.environ))
    assert done.returncode == 0
    assert len(titles(api)) == 3


def test_a_tag_that_could_not_be_put(api: HfApi, line: Line, settings: Settings, maria: Target) -> None:
    """The error says that the commit is there; the next publish adds the tag and nothing else."""
    line.before = lambda method, path: 403 if "/tag/" in path else None
    with pytest.raises(AccessDenied, match=r"is published, but its tag gremio-[0-9a-f]{12} is not") as caught:
        send(publication(), maria, settings)
    assert "Nothing was published" not in str(caught.value)
    line.before = lambda method, path: None
    pushed = send(publication(), maria, settings)
    assert (pushed.uploaded, api.model_info(REPO, revision=pushed.tag).sha) == ((), pushed.commit)


def test_a_tag_stays_where_it_was_pinned(api: HfApi, settings: Settings, maria: Target) -> None:
    """The same files come again later: their tag is where others know it. One with other files is put right."""
    one, two = publication({"config.json": b"1"}), publication({"config.json": b"2"})
    first = send(one, maria, settings)
    send(two, maria, settings)
    again = send(one, maria, settings)
    assert again.commit != first.commit
    assert api.model_info(REPO, revision=one.tag).sha == first.commit
    api.delete_tag(REPO, tag=one.tag)
    api.create_tag(REPO, tag=one.tag, revision=two.tag)
    send(one, maria, settings)
    assert api.model_info(REPO, revision=one.tag).sha == again.commit


def test_a_pull_request(api: HfApi, settings: Settings, maria: Target) -> None:
    """From whoever may read: no tag, and the branch stays; more can be added to it."""
    before = send(publication(), maria, settings).commit
    thing = publication({"config.json": b"7"})
    pushed = send(thing, replace(maria, token="hf_ana", create_pr=True), settings)
    assert (pushed.pull_number, pushed.tag) == (1, "")
    assert pushed.pull_request == f"{settings.endpoint}/{REPO}/discussions/1"
    assert api.model_info(REPO).sha == before
    assert api.model_info(REPO, revision="refs/pr/1").sha == pushed.commit
    more = send(publication({"config.json": b"8"}), replace(maria, token="hf_ana", revision="refs/pr/1"), settings)
    assert (more.pull_number, more.tag) == (1, "")
    assert api.model_info(REPO, revision="refs/pr/1").sha == more.commit
    assert [ref.name for ref in api.list_repo_refs(REPO).tags] == [publication().tag]


def test_a_branch(api: HfApi, settings: Settings, maria: Target) -> None:
    """It is made of main if it is absent, and its card is read."""
    send(publication(), maria, settings)
    api.upload_file(path_or_fileobj=b"# By hand\n", path_in_repo="README.md", repo_id=REPO)
    pushed = send(publication({"config.json": b"9"}), replace(maria, revision="next"), settings)
    assert titles(api, "next")[0] == "Publish Castle"
    assert len(titles(api)) == 3
    assert "# By hand" in (replace(maria, revision="next").found(settings).card() or "")
    assert api.model_info(REPO, revision="next").sha == pushed.commit


def test_a_card_that_is_no_text(api: HfApi, settings: Settings, maria: Target) -> None:
    """It would not survive being read and written, so it is left alone."""
    api.create_repo(REPO)
    content = base64.b64encode(b"# \xff").decode()
    lines = [
        {"key": "header", "value": {"summary": "By git"}},
        {"key": "file", "value": {"path": "README.md", "content": content, "encoding": "base64"}},
    ]
    get_session().post(
        f"{settings.endpoint}/api/models/{REPO}/commit/main",
        content="\n".join(map(json.dumps, lines)).encode(),
        headers={"authorization": "Bearer hf_maria"},
    ).raise_for_status()
    with pytest.raises(PublishError, match="not UTF-8"):
        send(publication(), maria, settings)


def test_a_gitignore_keeps_nothing_back(api: HfApi, settings: Settings, maria: Target) -> None:
    """The client would leave out what the repository's own one names."""
    api.create_repo(REPO)
    api.upload_file(path_or_fileobj=b"*.safetensors\nconfig.json\n", path_in_repo=".gitignore", repo_id=REPO)
    send(publication(), maria, settings)
    assert {"config.json", WEIGHTS} < set(api.list_repo_files(REPO))


@pytest.mark.parametrize(
    ("target", "error", "says"),
    [
        (Target(REPO), AccessDenied, "hf auth login"),
        (Target(REPO, False), AccessDenied, "hf auth login"),
        (Target(REPO, "hf_nobody"), AccessDenied, "does not know the token"),
        (Target(REPO, "hf_ana"), AccessDenied, "create_pr=True"),
        (Target("maria/my castle", "hf_maria"), RefError, "Write owner/name"),
        (Target("a/b/c", "hf_maria"), RefError, "Write owner/name"),
        (Target(REPO, "hf_maria", revision="a" * 40), OptionError, "name of a branch"),
        (Target(REPO, "hf_maria", revision="refs/pr/7"), RevisionNotFound, "refs/pr/7"),
    ],
)
def test_refusals(
    settings: Settings, maria: Target, monkeypatch: pytest.MonkeyPatch, target: Target, error: Any, says: str
) -> None:
    """Each says what to do next."""
    monkeypatch.setenv("HF_TOKEN", "")
    send(publication(), maria, settings)
    with pytest.raises(error, match=says) as caught:
        send(publication({"config.json": b"7"}), target, settings)
    assert caught.value.ref == target.repo_id
    assert caught.value.next_step


def test_no_network(settings: Settings, maria: Target, hub: LocalHub) -> None:
    """Refused at once where it may not be used; said where there is none."""
    hub.requests.clear()
    with pytest.raises(Unavailable, match="HF_HUB_OFFLINE"):
        maria.found(replace(settings, offline=True))
    assert hub.requests == []
    with pytest.raises(Unavailable, match="Check the network and HF_ENDPOINT"):
        maria.found(replace(settings, endpoint="http://127.0.0.1:9"))


def test_a_file_that_is_gone(api: HfApi, settings: Settings, maria: Target, tmp_path: Path) -> None:
    """Said by its name alone, before anything is made."""
    with pytest.raises(StoreError, match=r"w\.safetensors can't be read") as caught:
        upload(publication({WEIGHTS: tmp_path / "w.safetensors"}), "x", maria.found(settings))
    assert str(tmp_path) not in str(caught.value)
    assert not api.repo_exists(REPO)
