"""What a ref does not lead to: no network, no such name, and something of that name in the current directory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.samples.code import PLAIN

import gremio as library
from gremio.errors import GremioError, Unavailable

NOWHERE = "http://127.0.0.1:9"
COMMIT = "0123456789" * 4
OF_A_NAME = {
    "show": ("show", "{}"),
    "check": ("check", "{}"),
    "run": ("run", "{}", "-m", "maria/model", "-p", "x"),
    "bisect": ("bisect", "{}", "--good", "v0.30.0", "--bad", "main"),
}
NEEDING_A_NETWORK = {
    **{f"{name} a name": [part.format("painter") for part in parts] for name, parts in OF_A_NAME.items()},
    **{f"{name} a repository": [part.format("maria/castle") for part in parts] for name, parts in OF_A_NAME.items()},
    "show at a commit": ["show", "painter", "--revision", COMMIT],
    "check everything": ["check", "--all"],
    "run a model": ["run", "maria/model", "-p", "x"],
    "offline": ["show", "painter", "--offline"],
    "a commit offline": ["show", "painter", "--offline", "--revision", COMMIT],
}


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nobody answers and nothing is cached; the current directory is empty."""
    for name in ("HF_ENDPOINT", "GREMIO_GITHUB"):
        monkeypatch.setenv(name, NOWHERE)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


@pytest.mark.parametrize("command", NEEDING_A_NETWORK.values(), ids=NEEDING_A_NETWORK.keys())
def test_without_a_network_what_works_is_told(gremio, nowhere: Path, command: list[str]) -> None:
    """Where nobody answers, or may be asked, every command tells three ways that work, in terms of its options."""
    told = gremio(*command)
    assert told.code == 1
    assert NOWHERE in told.err or "the network may not be used" in told.err
    for way in (
        "what was loaded here before: --offline",
        "--cache-dir",
        "./folder",
        "set HF_ENDPOINT",
        "GREMIO_GITHUB",
    ):
        other = "GREMIO_GITHUB" if COMMIT not in command else "set HF_ENDPOINT"
        assert way in told.err or way == other
    assert "local_files_only" not in told.err
    assert "Errno" not in told.err


def test_the_same_in_terms_of_arguments(nowhere: Path) -> None:
    """In Python the ways are arguments."""
    for call in (library.read, library.load_class, library.DiffusionPipeline.from_pretrained):
        with pytest.raises(Unavailable) as caught:
            call("maria/castle")
        assert caught.value.ref == "maria/castle"
        for way in ("local_files_only=True", "cache_dir=", "./folder", "HF_ENDPOINT"):
            assert way in caught.value.next_step


def test_publishing_without_a_network_tells_what_works(gremio, nowhere: Path) -> None:
    """A dry run, a folder, a Hub of one's own."""
    (nowhere / "pipeline.py").write_text(PLAIN)
    told = gremio("publish", ".", "maria/mine", "--token", "hf_x", "--no-verify")
    assert told.code == 1
    for way in (NOWHERE, "--dry-run", "save_pretrained", "HF_ENDPOINT"):
        assert way in told.err


@pytest.fixture
def mine(hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder ``my-idea`` in the current directory; on the Hub there is nothing."""
    (tmp_path / "my-idea").mkdir()
    (tmp_path / "my-idea" / "pipeline.py").write_text(PLAIN)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("there", ["nothing", "a mirror", "no network"])
@pytest.mark.parametrize("command", OF_A_NAME.values(), ids=OF_A_NAME.keys())
def test_what_lies_here_under_that_name_is_told(
    gremio, mine: Path, put: Callable[..., str], sd_folder: Path, monkeypatch, command: tuple[str, ...], there: str
) -> None:
    """A name stays a name; the error says how the folder is written, and that works."""
    put("maria/model", sd_folder)
    if there == "a mirror":
        put("diffusers/community-pipelines-mirror", {"main/my_ideal.py": PLAIN}, repo_type="dataset")
    if there == "no network":
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        command = tuple("./model" if part == "maria/model" else part for part in command)
        (mine / "model").symlink_to(sd_folder)
    told = gremio(*(part.format("my-idea") for part in command))
    assert told.code == 1
    assert told.err.startswith("error: my-idea: ")
    assert "A folder of that name lies here: write ./my-idea." in told.err
    assert ("Did you mean my_ideal?" in told.err) == (there == "a mirror")
    assert gremio("show", "./my-idea").code == 0


def test_a_name_without_a_model_tells_of_the_folder_too(gremio, mine: Path) -> None:
    """Before anything is looked for."""
    told = gremio("run", "my-idea", "-p", "x")
    assert (told.code, "write ./my-idea" in told.err) == (2, True)


@pytest.mark.parametrize(
    ("text", "written"), [("my idea", "./my idea"), ("castle", "./castle.py"), ("maria/castle", "./maria/castle")]
)
def test_any_form_of_a_ref_tells_of_what_lies_here(mine: Path, text: str, written: str) -> None:
    """Texts that can be no ref, names of files, and ids of repositories."""
    place = mine / written
    place.parent.mkdir(exist_ok=True)
    place.write_text(PLAIN) if place.suffix else place.mkdir()
    with pytest.raises(GremioError) as caught:
        library.load_class(text)
    assert f"of that name lies here: write {written}." in caught.value.next_step


LONG = "x" * 300


@pytest.mark.parametrize("text", [LONG, f"./{LONG}", f"a/{LONG}", f"{LONG}.py", "~nobody-here/x"])
@pytest.mark.parametrize(
    "command",
    [
        *OF_A_NAME.values(),
        ("run", "{}", "-p", "x"),
        ("add", "name", "-m", "{}"),
        ("publish", "{}"),
        ("batch", "{}", "--pipeline", "x", "-m", "y", "-o", "out"),
        ("check", "--all", "{}"),
    ],
)
def test_what_can_be_no_name_of_a_file_is_told_as_any_other(gremio, nowhere: Path, text: str, command) -> None:
    """Too long for one, or in the home of nobody."""
    done = gremio(*(part.format(text) for part in command))
    assert done.code in (1, 2)
    assert "bug in gremio" not in done.err
