"""``gremio new``: what it says, what it refuses, and that it is light."""

import subprocess
import sys
from pathlib import Path

import pytest

from gremio.publishing.starting import KINDS, likes


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    """An empty folder to be in."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


def test_it_says_what_to_do_next(gremio):
    """Where the code is, and the two commands that try it."""
    done = gremio("new", "pipeline", "my-idea", "--like", "sd3")
    assert (done.code, done.err) == (0, "")
    for part in ("MyIdeaPipeline is in my-idea", "Begin with pipeline.py", "cd my-idea", "pytest", "gremio check ."):
        assert part in done.out
    assert "StableDiffusion3Pipeline" in Path("my-idea/pipeline.py").read_text()


def test_another_folder(gremio):
    """With the folders above it, quoted for the shell."""
    assert "cd 'a b/c'" in gremio("new", "blocks", "grey", "-o", "a b/c").out
    assert Path("a b/c/grey_block.py").is_file()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("painter", "x"), "'painter' is not one of"),
        (("pipeline", "my idea"), "my-idea makes a class MyIdeaPipeline"),
        (("pipeline", "x", "--like", "sd"), "Did you mean"),
        (("blocks", "x", "--like", "sd15"), "leave out --like"),
        (("pipeline", "full"), "has files in it already"),
    ],
)
def test_what_cannot_be_is_wrong_usage(gremio, arguments, says):
    """With what can be, and nothing is written."""
    Path("full").mkdir()
    Path("full/file").touch()
    done = gremio("new", *arguments)
    assert done.code == 2
    assert says in done.err
    assert [path.name for path in Path().iterdir()] == ["full"]


def test_help_lists_what_there_is(gremio):
    """Kinds and families."""
    text = " ".join(gremio("new", "--help").out.split())
    assert all(f"{kind}: {', '.join(likes(kind))}" in text for kind in KINDS if likes(kind))


def test_it_is_light():
    """No torch for a few files."""
    script = (
        "import sys\nfrom gremio.cli.main import run\nassert run(['new', 'component', 'mine']) == 0\n"
        "assert not {'torch', 'diffusers', 'transformers'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_show_reads_it(gremio, kind):
    """The folder as it is: entered at the code, with the class in it."""
    gremio("new", kind, "mine")
    done = gremio("show", "./mine")
    assert done.code == 0, done.err
    assert "Mine" in done.out
