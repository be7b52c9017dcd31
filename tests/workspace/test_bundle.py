"""One file with everything, for a place without a network."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from gremio.errors import GremioError, LockError, NotAsLocked, NotTrusted
from gremio.workspace import Workspace


@pytest.fixture
def bundle(locked, tmp_path) -> Path:
    """All of it, weights too."""
    locked.sync()
    locked.export(tmp_path / "fox.tar", weights=True)
    return tmp_path / "fox.tar"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A project on a machine that has nothing and no network."""
    monkeypatch.setenv("GREMIO_HOME", str(tmp_path / "other-home"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "other-cache"))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    (tmp_path / "closed").mkdir()
    return Workspace(tmp_path / "closed")


def test_a_closed_room_loads_from_a_bundle(bundle, elsewhere):
    """Once somebody there approved the code: the word of whoever made the bundle counts for nothing."""
    taken = elsewhere.import_bundle(bundle)
    assert (taken.entries, taken.unapproved) == (("fox",), ("fox",))
    with pytest.raises(NotTrusted, match="gremio approve"):
        elsewhere.load("fox")
    Workspace(elsewhere.folder).import_bundle(bundle)
    assert elsewhere.verify()[0].what.startswith("nobody approved")
    (elsewhere.folder / "gremio.lock").unlink()
    assert elsewhere.import_bundle(bundle, approve=True).unapproved == ()
    assert type(elsewhere.load("fox")).__name__ == "Plain"
    assert elsewhere.verify() == []


def test_the_same_contents_make_the_same_bundle(locked, bundle, tmp_path):
    """To the last bit."""
    locked.export(tmp_path / "again.tar", weights=True)
    assert (tmp_path / "again.tar").read_bytes() == bundle.read_bytes()


def test_what_is_not_here_is_not_exported(locked, tmp_path):
    """Nothing is written."""
    with pytest.raises(NotAsLocked, match="gremio sync fox"):
        locked.export(tmp_path / "fox.tar", weights=True)
    assert list(tmp_path.glob("*.tar")) == []
    assert locked.export(tmp_path / "code.tar").files == 0
    (tmp_path / "empty").mkdir()
    with pytest.raises(LockError, match="nothing locked"):
        Workspace(tmp_path / "empty").export(tmp_path / "x.tar")


def rebuilt(bundle: Path, change) -> Path:
    """The bundle with ``change(name, data)`` in place of each member; None drops it, a list is several."""
    new = bundle.with_name("changed.tar")
    with tarfile.open(bundle) as old, tarfile.open(new, "w") as tar:
        for member in old:
            made = change(member.name, old.extractfile(member).read())
            for name, data in made if isinstance(made, list) else [made] if made else []:
                info = tarfile.TarInfo(name)
                if data is None:
                    info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
                info.size = len(data or b"")
                tar.addfile(info, io.BytesIO(data) if data else None)
    return new


def _at(prefix, change):
    return lambda name, data: change(name, data) if name.startswith(prefix) else (name, data)


CHANGES = {
    "code changed": _at("code/", lambda name, data: (name, data + b"#")),
    "code missing": _at("code/", lambda name, data: None),
    "more code": _at("code/", lambda name, data: [(name, data), (name + "x.py", b"1")]),
    "code that climbs": _at("code/", lambda name, data: [(name, data), (name[:70] + "../../x.py", b"1")]),
    "code twice": _at("code/", lambda name, data: [(name, data), (name, b"1")]),
    "weights changed": _at("files/", lambda name, data: (name, data + b"#")),
    "weights that climb": _at("files/", lambda name, data: [(name, data), ("files/../../x", b"1")]),
    "a link": _at("files/", lambda name, data: (name, None)),
    "something else": _at("gremio.lock", lambda name, data: [(name, data), ("setup.py", b"1")]),
    "an absolute path": _at("gremio.lock", lambda name, data: [(name, data), ("/tmp/x", b"1")]),
    "no lock": _at("gremio.lock", lambda name, data: None),
    "a lock that is none": _at("gremio.lock", lambda name, data: (name, b"\xff")),
    "another digest": _at(
        "gremio.lock", lambda name, data: (name, data.replace(b'digest = "sha256:', b'digest = "sha256:0', 1))
    ),
}


def test_a_bundle_that_was_changed_is_refused(bundle, elsewhere):
    """However it was changed; and the lock stays as it was."""
    for what, change in CHANGES.items():
        with pytest.raises(GremioError) as refusal:
            elsewhere.import_bundle(rebuilt(bundle, change))
        assert refusal.value.next_step, what
        assert elsewhere.entries == {}, what


def test_what_is_no_bundle_is_refused(bundle, elsewhere, tmp_path):
    """A cut one, text, a folder."""
    (tmp_path / "cut.tar").write_bytes(bundle.read_bytes()[:3000])
    (tmp_path / "text.tar").write_text("hello")
    for name in ("cut.tar", "text.tar", "closed", "nothing.tar"):
        with pytest.raises(GremioError):
            elsewhere.import_bundle(tmp_path / name)
    assert elsewhere.entries == {}
