"""Locking, syncing and loading, with the real client against the local Hub."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from tests.samples.code import PLAIN
from tests.workspace.conftest import given

from gremio.errors import GremioError, LockError, NotAsLocked, NotTrusted, OptionError
from gremio.sandbox.confinement.tiers import layers
from gremio.trust.approvals import Approvals
from gremio.workspace import LockEntry, Workspace
from gremio.workspace.loading import resolve_locked

UNET = "unet/diffusion_pytorch_model.safetensors"


def cached(path: str) -> Path:
    """A file of the model in the Hub's cache."""
    return next(Path(os.environ["HF_HUB_CACHE"]).glob(f"models--maria--sd/snapshots/*/{path}"))


def test_only_what_the_lock_says_is_loaded_without_a_request(locked, hub, api, put):
    """Code and weights of the locked commits, after the branches moved and the repositories went; the lock is told."""
    locked.sync()
    put("maria/code", {"pipeline.py": PLAIN.replace("Plain", "Other")})
    api.delete_repo("maria/sd")
    before = len(hub.requests)
    pipe = locked.load("fox")
    assert type(pipe).__name__ == "Plain"
    assert len(hub.requests) == before
    assert pipe.gremio.lock == str(locked.entry("fox").digest)
    assert pipe.gremio.pipeline.reason.startswith("locked as fox, approved by maria")
    assert pipe("a fox", num_inference_steps=1, output_type="np").images.shape[0] == 1


def test_a_second_load_hashes_nothing_again(locked, monkeypatch):
    """Files are known by device, inode, size and times."""
    locked.sync()
    locked.load("fox")
    monkeypatch.setattr("gremio.workspace.hashing.hashlib.file_digest", lambda *_: pytest.fail("hashed again"))
    locked.load("fox")


def test_code_that_nobody_approved_is_not_locked(work, asked):
    """The refusal says how to read it and how to approve it; a user's approval from before counts."""
    entry, trees = work.resolve(asked)
    with pytest.raises(NotTrusted, match="gremio approve hub:maria/code@") as refusal:
        work.put(entry, trees)
    assert "gremio review hub:maria/code@" in str(refusal.value)
    assert work.entries == {}
    Approvals(work.project.settings).add(given(entry)[0], trees[0])
    assert work.resolve(asked)[0].code.approval.by == "maria"


@pytest.mark.parametrize("how", ["other bytes", "other bytes of the same size", "gone", "a link to something else"])
def test_a_changed_file_is_refused_named_and_mended(locked, how, tmp_path):
    """By load and by verify; a sync puts the locked bytes back."""
    locked.sync()
    file = cached(UNET).resolve()
    data = file.read_bytes()
    times = file.stat()
    file.unlink()
    if how == "other bytes":
        file.write_bytes(b"x")
    elif how == "other bytes of the same size":
        file.write_bytes(data[:-1] + b"x")
        os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    elif how == "a link to something else":
        (tmp_path / "elsewhere").write_bytes(b"secret")
        file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NotAsLocked, match="gremio sync fox") as refusal:
        locked.load("fox")
    assert refusal.value.paths == (UNET,)
    assert [str(each) for each in locked.verify()] == [
        f"fox: {UNET} of maria/sd {'is missing' if how == 'gone' else 'has other bytes than the lock says'}"
    ]
    assert UNET in locked.sync()[0].fetched
    assert locked.verify() == []
    locked.load("fox")


def test_a_file_beside_the_locked_ones_is_not_loaded(locked):
    """Weights that diffusers would prefer, put into the cache, are not seen."""
    locked.sync()
    shutil.copy(cached(UNET).resolve(), cached(UNET).with_name("diffusion_pytorch_model.fp16.safetensors"))
    cached("model_index.json").with_name("pipeline.py").write_text("raise SystemExit")
    assert type(locked.load("fox")).__name__ == "Plain"


def test_a_stored_tree_that_was_changed_does_not_run(locked):
    """The store's own check of its digest holds for locked code too."""
    locked.sync()
    code = locked.entry("fox").code
    stored = locked.project.settings.home / "trees" / code.digest.hex / "pipeline.py"
    stored.chmod(0o644)
    stored.write_text(PLAIN + "\nraise SystemExit\n")
    with pytest.raises(GremioError, match="was changed since"):
        locked.load("fox")


def test_a_rewritten_tag_is_not_followed(work, put, api, sd_folder):
    """The lock has its commit; an update shows what changed and approves nothing."""
    put("maria/sd", sd_folder)
    put("maria/code", {"pipeline.py": PLAIN})
    api.create_tag("maria/code", tag="v1")
    entry, trees = work.resolve(LockEntry("fox", ref="maria/code", revision="v1", model="maria/sd"))
    entry = work.approved(entry, *given(entry))
    work.put(entry, trees)
    put("maria/code", {"pipeline.py": "import socket\nsocket.socket()\n" + PLAIN})
    api.delete_tag("maria/code", tag="v1")
    api.create_tag("maria/code", tag="v1")
    work.sync()
    assert work.load("fox").gremio.digest == entry.code.digest
    new, now = work.resolve(entry)
    changes = work.changes(entry, new, now)
    assert changes.commits == (f"maria/code: {entry.code.origin.commit} → {new.code.origin.commit}",)
    assert "+socket.socket()" in changes.code.diff
    assert any(each.capability == "network" for each in changes.came)
    assert not changes.files
    with pytest.raises(NotTrusted):
        work.put(new, now)


def test_an_interrupted_sync_is_finished_by_the_next(locked, monkeypatch):
    """What came is kept; nothing half-written is taken for whole."""
    from gremio.sources.model import HubModel

    whole = HubModel.fetch

    def first_only(self, paths):
        whole(self, sorted(paths)[:1])
        raise KeyboardInterrupt

    monkeypatch.setattr(HubModel, "fetch", first_only)
    with pytest.raises(KeyboardInterrupt):
        locked.sync()
    monkeypatch.setattr(HubModel, "fetch", whole)
    with pytest.raises(NotAsLocked, match="missing"):
        locked.load("fox")
    assert len(locked.sync()[0].fetched) == 2
    assert locked.sync()[0].fetched == ()


def test_several_at_once_lose_nothing(work, asked):
    """Four threads that add and sync: every entry is there, and each is whole."""
    entry, trees = work.resolve(asked)
    entry = work.approved(entry, *given(entry))
    failures: list[BaseException] = []

    def one(name: str) -> None:
        try:
            mine = Workspace(work.folder)
            mine.put(replace(entry, name=name), trees, new=True)
            mine.sync([name])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one, args=(f"fox{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(work.entries) == ["fox0", "fox1", "fox2", "fox3"]
    assert work.verify() == []


def test_local_code_and_a_local_model_are_locked_by_their_bytes(work, sd_folder):
    """Paths are kept relative to the project; a change is refused until the lock is completed."""
    shutil.copytree(sd_folder, work.folder / "model")
    (work.folder / "mine").mkdir()
    (work.folder / "mine" / "pipeline.py").write_text(PLAIN)
    entry, trees = work.resolve(LockEntry("fox", ref="./mine", model="./model"))
    assert (entry.code.origin.repo, entry.weights.repo) == ("mine", "model")
    assert entry.code.approval.by == "the policy (a path that the caller named)"
    work.put(entry, trees)
    moved = work.folder.rename(work.folder.with_name("moved"))
    work = Workspace(moved)
    assert work.sync()[0].fetched == ()
    (moved / "mine" / "pipeline.py").write_text("raise SystemExit")
    assert type(work.load("fox")).__name__ == "Plain"
    assert work.is_stale(work.entry("fox"))
    (moved / "model" / "unet" / "config.json").write_text("{}")
    with pytest.raises(NotAsLocked, match=r"unet/config\.json with other bytes"):
        work.load("fox")


def test_a_model_with_code_of_its_own(work, put, show_one_folder):
    """Its pipeline and its UNet are one tree of code, which needs an approval, and loads without a request."""
    put("maria/film", show_one_folder)
    entry, trees = work.resolve(LockEntry("film", model="maria/film"))
    assert entry.code is None
    assert entry.weights.code.approval is None
    with pytest.raises(NotTrusted):
        work.put(entry, trees)
    work.put(work.approved(entry, *given(entry)), trees)
    work.sync()
    pipe = work.load("film")
    assert {pipe.gremio.digest, pipe.gremio.components["unet"].digest} == {entry.weights.code.digest}


def test_code_alone_is_for_from_pipe(work, put, locked):
    """Over a pipeline's components; loading it says so."""
    put("maria/more", {"pipeline.py": PLAIN.replace("Plain", "More")})
    entry, trees = work.resolve(LockEntry("more", ref="maria/more"))
    work.put(work.approved(entry, *given(entry)), trees)
    locked.sync()
    pipe = locked.load("fox")
    shared = work.from_pipe("more", pipe)
    assert type(shared).__name__ == "More"
    assert shared.unet is pipe.unet
    with pytest.raises(LockError, match="no model"):
        work.load("more")


def test_what_the_lock_decides_can_not_be_given(locked):
    """And an entry that isn't there names those that are."""
    with pytest.raises(OptionError, match="the lock decides"):
        locked.load("fox", revision="main")
    with pytest.raises(LockError, match="It has fox"):
        locked.load("dog")
    with pytest.raises(LockError, match="gremio update fox"):
        locked.put(locked.entry("fox"), new=True)
    with pytest.raises(LockError, match="no such folder"):
        Workspace(locked.folder / "nowhere")


def test_other_versions_are_told(locked, caplog):
    """A package that is installed in another version is warned about, at the load and by verify."""
    locked.sync()
    entry = locked.entry("fox")
    locked.put(replace(entry, code=replace(entry.code, packages={"torch": "1.0"})))
    with caplog.at_level(logging.WARNING, "gremio"):
        locked.load("fox")
    assert "locked with 1.0" in caplog.text
    assert [each.what for each in locked.verify()] == [f"installed is torch {_torch()} (locked with 1.0)"]


def _torch() -> str:
    from importlib.metadata import version

    return version("torch")


def test_policies_hold_for_what_is_locked(locked, monkeypatch):
    """``never`` refuses it; ``approved`` takes the lock's word."""
    locked.sync()
    monkeypatch.setenv("GREMIO_POLICY", "approved")
    assert type(Workspace(locked.folder).load("fox")).__name__ == "Plain"
    monkeypatch.setenv("GREMIO_POLICY", "never")
    with pytest.raises(NotTrusted, match="no community code"):
        Workspace(locked.folder).load("fox")


@pytest.mark.skipif(not all(layers().values()), reason="this machine lacks layers of the sandbox")
def test_an_entry_for_the_sandbox_needs_no_approval_and_runs_nowhere_else(
    work, asked, hub, put, sd_folder, tmp_path, zygote
):
    """With code of its own and of the model's, from the cache alone; the links of its folder are no obstacle."""
    entry, trees = work.resolve(replace(asked, sandbox=True))
    work.put(entry, trees)
    work.sync()
    before = len(hub.requests)
    with work.load("fox", timeout=120) as pipe:
        assert pipe.info()["class"] == "Plain"
        assert pipe.gremio.lock == str(work.entry("fox").digest)
        assert pipe(prompt="a fox", num_inference_steps=1, output_type="np").images.shape[0] == 1
    assert len(hub.requests) == before
    for unconfined in (lambda: work.from_pipe("fox", None), lambda: resolve_locked(work.project, entry, {})):
        with pytest.raises(LockError, match="in a sandbox only"):
            unconfined()
    work.file.write_text(work.file.read_text().replace("sandbox = true\n", ""))
    with pytest.raises(NotTrusted):
        work.load("fox")
    with pytest.raises(NotTrusted):
        work.confine("fox")
