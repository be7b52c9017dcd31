"""From places to the catalogue's file: once, and then only what has changed."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest
from tests.catalog.pages import FOLDER, OLDER, PAGE, PAINTER, WALKER

from gremio.catalog import Catalog, Query, readers, search
from gremio.catalog import sync as syncing
from gremio.catalog.sync import Options, sync
from gremio.code import CodeTree, Origin
from gremio.localhub import LocalHub
from gremio.machine.settings import Settings
from gremio.sources import Access
from gremio.trust.approvals import Approval, Approvals

MIRROR = "diffusers/community-pipelines-mirror"


@pytest.fixture
def synced(home):
    """``synced("mirror", …)``: sync these sources; what became of each, by source."""

    def run(*sources, folders=(), every=None, offline=False):
        settings = Settings.from_environment()
        access = Access.of(settings, local_files_only=offline)
        return {each.source: each for each in sync(settings, access, Options(sources, folders, every))}

    return run


@pytest.fixture
def reads(monkeypatch):
    """The names of what is read, in order; ``reads.stop`` is the one at which somebody interrupts."""

    class Reads(list):
        stop = ""

    found = Reads()
    original = readers.read_entry

    def read(tree, about):
        if about.name == found.stop:
            raise KeyboardInterrupt
        found.append(about.name)
        return original(tree, about)

    monkeypatch.setattr(readers, "read_entry", read)
    return found


@pytest.fixture
def mirror(put):
    """A mirror with the made-up folder, and an old version of it."""
    return put(MIRROR, FOLDER | {"v0.30.0/painter.py": OLDER, "v0.30.0/lost.py": WALKER}, repo_type="dataset")


def _downloads(hub):
    return [path for _, path in hub.requests if "/resolve/" in path]


def test_a_second_sync_asks_once_and_reads_nothing(mirror, synced, reads, hub):
    """Of the community folder there is what a name without a revision means."""
    done = synced("mirror")["mirror"]
    assert (done.entries, done.new, done.problem) == (2, 2, "")
    assert search("castle painter")[0].title == "Castle Painter"
    assert search("lost") == ()
    hub.requests.clear()
    reads.clear()
    assert synced("mirror")["mirror"].new == 0
    assert (len(hub.requests), _downloads(hub), reads) == (1, [], [])


def test_only_what_has_changed_is_read(mirror, synced, reads, put):
    """A file, or what the page says of it; what is gone is forgotten."""
    synced("mirror")
    reads.clear()
    put(MIRROR, {"main/README.md": PAGE.replace("Paints", "Draws"), "main/new.py": WALKER}, repo_type="dataset")
    done = synced("mirror")["mirror"]
    assert (done.new, done.changed, done.gone, sorted(reads)) == (1, 1, 0, ["new", "painter"])
    assert search("draws castles")[0].ref == "painter"


def test_every_version_is_found_when_it_is_asked_for(mirror, synced, put):
    """Older bytes are named by a version, a file that was lost is the newest of its name; later syncs keep to it."""
    assert synced("mirror", every=True)["mirror"].entries == 4
    assert {each.ref for each in search("force", every_revision=True)} == {"mirror:painter@v0.30.0"}
    assert search("force") == ()
    assert [each.ref for each in search("lost")] == ["mirror:lost@v0.30.0"]
    put(MIRROR, {"v0.31.0/painter.py": OLDER}, repo_type="dataset")
    synced("mirror")
    assert search("force", every_revision=True)[0].versions == ("v0.31.0", "v0.30.0")
    assert synced("mirror", every=False)["mirror"].gone == 2


def test_an_interrupted_sync_leaves_the_old_and_goes_on(mirror, synced, reads, put, monkeypatch):
    """What was read before the interruption is not read again."""
    synced("mirror")
    put(
        MIRROR,
        {f"main/{name}.py": WALKER for name in ("a", "b", "c")} | {"main/painter.py": OLDER},
        repo_type="dataset",
    )
    monkeypatch.setattr(syncing, "_AT_ONCE", 1)
    reads.clear()
    reads.stop = "c"
    with pytest.raises(KeyboardInterrupt):
        synced("mirror")
    assert reads == ["a", "b"]
    assert search("strength")[0].ref == "painter"
    reads.stop = ""
    assert synced("mirror")["mirror"].entries == 5
    assert sorted(reads) == ["a", "b", "c", "painter"]
    assert search("strength") == ()


def test_without_a_network_there_is_what_is_cached(mirror, synced, get_painter):
    """What was never loaded is not there, and it is no error."""
    get_painter()
    assert synced(offline=True)["mirror"].problem == ""
    assert [each.ref for each in search()] == ["painter"]
    assert synced("mirror")["mirror"].new == 1
    assert synced(offline=True)["mirror"].entries == 2


@pytest.fixture
def get_painter(home):
    """Load one file of the folder, as somebody did some day."""
    from gremio.sources.reading import read

    return lambda: read("painter")


class Busy:
    """ASGI middleware that refuses a page once, as to who asks too often; ``down``: repositories don't answer."""

    down = False

    def __init__(self):
        self.refused = 0

    def __call__(self, app):
        """Wrap the Hub's application."""

        async def wrapped(scope, receive, send):
            if self.down and "/api/models/" in scope["path"]:
                return await _answer(send, 503)
            if scope["path"] == "/api/models" and b"cursor" in scope["query_string"] and not self.refused:
                self.refused += 1
                return await _answer(send, 429, [(b"retry-after", b"0")])
            return await app(scope, receive, send)

        return wrapped


async def _answer(send, status, headers=()):
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": b""})


# The Hub makes a tag of the base model itself.
TAGS = "[custom_pipeline, 'base_model:stabilityai/sdxl-turbo', 'base_model:finetune:stabilityai/sdxl-turbo']"
CARD = f"---\nlicense: mit\npipeline_tag: text-to-image\ntags: {TAGS}\n---\n# A %s title\n"


def test_the_hub_is_asked_page_by_page_and_taken_up_where_it_stopped(tmp_path, monkeypatch, synced, reads, impatient):
    """Lists have pages, a refusal is waited for, a Hub that goes down leaves what was read; what is gated is told."""
    busy = Busy()
    with LocalHub(tmp_path / "hub", users={"maria": "hf_maria"}, page_size=2, middleware=[busy]) as hub:
        from huggingface_hub import CommitOperationAdd, HfApi

        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.setattr(syncing, "_AT_ONCE", 3)
        api = HfApi(endpoint=hub.endpoint, token=hub.token)

        def put(name, **files):
            api.create_repo(f"maria/{name}", exist_ok=True)
            contents = {"README.md": CARD % name} | files
            operations = [CommitOperationAdd(path, text.encode()) for path, text in contents.items()]
            api.create_commit(f"maria/{name}", operations, commit_message="Put")

        for name in ("one", "two", "three"):
            put(name, **{"pipeline.py": PAINTER})
        put("weights")
        put("gated", **{"pipeline.py": PAINTER})
        hub.configure("maria/gated", gated="auto")
        put("other", **{"README.md": "# Not tagged"})

        found = synced("hub")["hub"]
        assert (found.entries, found.problem, busy.refused) == (5, "", 1)
        one = Catalog(Settings.from_environment()).get("maria/one")
        assert (one.title, one.licence, one.authors, one.model) == (
            *("A one title", "mit", ("maria",), "stabilityai/sdxl-turbo"),
        )
        assert "gated" in search("gated")[0].problem
        assert "no code of its own" in search("weights")[0].problem

        hub.requests.clear()
        assert synced("hub")["hub"].new == 0
        assert _downloads(hub) == []

        put("one", **{"pipeline.py": OLDER})
        busy.down = True
        failed = synced("hub")["hub"]
        assert "can't be reached" in failed.problem
        assert failed.entries == 5
        busy.down = False
        reads.clear()
        api.delete_repo("maria/two")
        done = synced("hub")["hub"]
        assert (done.changed, done.gone, reads) == (1, 1, ["one"])


def test_folders_are_remembered_and_looked_into_when_something_changed(tmp_path, synced):
    """A folder with an entry is one thing, a file with a class another; helpers and tests are none."""
    pipes = tmp_path / "pipes"
    for path, text in {
        "mine/pipeline.py": PAINTER,
        "mine/helper.py": WALKER,
        "walker.py": WALKER,
        "test_x.py": "import walker",
        "broken.py": "def (:",
    }.items():
        (pipes / path).parent.mkdir(parents=True, exist_ok=True)
        (pipes / path).write_text(text)
    assert synced(folders=(pipes,))["local"].entries == 3
    assert {each.ref for each in search(source="local")} == {str(pipes / x) for x in ("mine", "walker.py", "broken.py")}
    assert "not Python" in search("broken")[0].problem
    assert synced("local")["local"].new == 0
    (pipes / "mine/helper.py").write_text("x = 1")
    (pipes / "broken.py").unlink()
    done = synced("local")["local"]
    assert (done.changed, done.gone) == (1, 1)
    shutil.rmtree(pipes)
    done = synced("local")["local"]
    assert (done.entries, done.gone) == (0, 2)
    assert "no such folder" in done.problem
    assert "local" not in synced("local")


def test_what_was_approved_and_lies_nowhere_else_is_found(synced):
    """By the copy that was looked at."""
    tree = CodeTree({"pipeline.py": PAINTER.encode()}, "pipeline.py", Origin("hub", "maria/gone", "1" * 40))
    approvals = Approvals(Settings.from_environment())
    approvals.add(Approval.now(tree.digest, by="maria", ref="maria/gone", place="hub maria/gone:/pipeline.py"), tree)
    assert synced("approved")["approved"].entries == 1
    found = search("CastlePainter", source="approved")[0]
    assert (found.ref, found.digest, "maria" in found.approved) == ("maria/gone", str(tree.digest), True)
    approvals.revoke(tree.digest)
    assert synced("approved")["approved"].gone == 1


def test_two_syncs_at_once_take_turns(tmp_path, home):
    """Both end well, and everything is there once."""
    pipes = tmp_path / "pipes"
    pipes.mkdir()
    for number in range(12):
        (pipes / f"walker_{number}.py").write_text(WALKER)
    command = [sys.executable, "-m", "gremio", "catalog", "sync", "--folder", str(pipes)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    ended = [each.communicate() for each in both]
    assert [each.returncode for each in both] == [0, 0], ended
    assert sorted("12 new" in out for out, _ in ended) == [False, True]
    assert len(Catalog(Settings.from_environment()).find(Query("walker")).entries) == 12
