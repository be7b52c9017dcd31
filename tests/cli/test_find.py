"""``gremio find``, ``gremio catalog sync``, what ``gremio show`` knows from them, and completions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.catalog.pages import FOLDER, PAINTER

from gremio.catalog import Entry
from gremio.catalog.store import Store, put
from gremio.cli.main import gremio as command
from gremio.machine.settings import Settings
from gremio.workspace import LockEntry
from gremio.workspace.lockfile import write_lock

MIRROR = "diffusers/community-pipelines-mirror"


@pytest.fixture
def mirror(put):
    """A mirror with the made-up folder."""
    put(MIRROR, FOLDER, repo_type="dataset")


def test_what_was_synced_is_found(mirror, gremio) -> None:
    """Words of any kind, as text and as JSON; nothing found is told by the exit code too."""
    done = gremio("catalog", "sync", "--source", "mirror")
    assert (done.code, "2 entries, 2 new" in done.out) == (0, True)
    done = gremio("find", "paints", "castles")
    assert done.code == 0
    for part in ("painter  Castle Painter", "Maria Castaño, Ana", "stable-diffusion-xl", "needs no-such-package"):
        assert part in done.out
    found = json.loads(gremio("find", "--task", "text-to-video", "--format", "json").out)
    assert [each["ref"] for each in found["entries"]] == ["walker"]
    assert "some of them" in gremio("find", "castle", "nowhere").out
    assert gremio("find", 'c++ "', "-x", "*", "NEAR(").code in (0, 1, 2)
    assert (gremio("find", "--", '"*', "++").code, gremio("find", "--", '"*', "++").err) == (1, "")


def test_show_says_what_it_is_for_and_how_it_is_used(mirror, gremio) -> None:
    """What people wrote, and an example that works as it is printed; of other bytes no example."""
    gremio("catalog", "sync", "--source", "mirror")
    shown = gremio("show", "painter").out
    assert "Paints castles over pictures." in shown
    assert "gremio run painter --model maria/castles --prompt" in shown
    assert json.loads(gremio("show", "painter", "--format", "json").out)["catalog"]["title"] == "Castle Painter"
    Path("painter.py").write_text(PAINTER + "# other\n")
    assert "gremio run" not in gremio("show", "painter.py").out


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_a_sync_there_is_what_the_caches_have(mirror, gremio) -> None:
    """Else the way to one."""
    done = gremio("find", "castle")
    assert (done.code, "gremio catalog sync" in done.err) == (1, True)
    gremio("show", "painter")
    done = gremio("find", "castle")
    assert (done.code, "painter" in done.out, "from the caches" in done.err) == (0, True, True)


def test_what_cannot_be_reached_is_told(gremio, monkeypatch, tmp_path) -> None:
    """And the rest is read all the same."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", lambda seconds: None)
    (tmp_path / "pipes").mkdir()
    (tmp_path / "pipes" / "painter.py").write_text(PAINTER)
    assert gremio("catalog", "sync", "--folder", tmp_path / "pipes").code == 0
    done = gremio("catalog", "sync", "--source", "mirror", "--source", "local")
    assert (done.code, "can't be reached" in done.out, "1 entries, nothing new" in done.out) == (1, True, True)
    assert gremio("catalog", "sync", "--folder", "./nowhere").code == 1


def test_hostile_texts_stay_texts(gremio, home) -> None:
    """Nothing that somebody wrote steers the terminal or passes for another line."""
    bad = "evil\x1b[31m\nrunner  runs here\x07"
    entry = Entry("maria/evil", "hub", "evil", title=bad, description=bad, authors=(bad,), problem=bad, licence=bad)
    with Store(Settings.from_environment()).writing() as file:
        put(file, "tests", "evil", "1", entry)
    done = gremio("find", "evil")
    assert "maria/evil" in done.out
    assert not {"\x1b[31m", "\x07"} & set(done.out)
    assert not any(line.startswith("runner") for line in done.out.splitlines())
    assert "\x1b" not in gremio("find", "evil", "--format", "json").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_refs(home, shell) -> None:
    """Through the command as it is installed, without loading what draws or asks the Hub."""
    with Store(Settings.from_environment()).writing() as file:
        for name in ("lpw_one", "lpw_two", "other"):
            put(file, "tests", name, "1", Entry(name, "mirror", name, title="A title\x1b"))
    words = {"COMP_WORDS": "gremio show lpw", "COMP_CWORD": "lpw" if shell == "fish" else "2"}
    asked = os.environ | {"_GREMIO_COMPLETE": f"{shell}_complete", "PYTHONPROFILEIMPORTTIME": "1"} | words
    code = "from gremio.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], env=asked, capture_output=True, text=True, check=True)
    assert ("lpw_one" in done.stdout, "lpw_two" in done.stdout, "other" in done.stdout) == (True, True, False)
    assert "\x1b" not in done.stdout
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "gremio.catalog.search" in loaded
    assert not loaded & {"torch", "diffusers", "transformers", "huggingface_hub", "httpx"}


def test_paths_are_completed_by_the_shell(home) -> None:
    """A ref that begins like a path is one."""
    context = command.make_context("gremio", ["show"], resilient_parsing=True)
    show = command.get_command(context, "show")
    found = show.params[0].shell_complete(context, "./pi")
    assert [(each.type, each.value) for each in found] == [("file", "./pi")]


def test_names_of_the_lock_are_completed_too(home, tmp_path) -> None:
    """Where refs are, with the project that was named before."""
    write_lock(tmp_path / "gremio.lock", [LockEntry("lpw_locked", model="a/model")])
    context = command.make_context("gremio", ["run"], resilient_parsing=True)
    for name in ("run", "verify"):
        found = command.get_command(context, name)
        inner = found.make_context(name, ["--project", str(tmp_path)], parent=context, resilient_parsing=True)
        [argument] = [each for each in found.params if each.param_type_name == "argument"]
        assert [each.value for each in argument.shell_complete(inner, "lpw")] == ["lpw_locked"]
        assert [each.value for each in argument.shell_complete(inner, "x")] == []
