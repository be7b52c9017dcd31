"""Code on this machine."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from tests import files

from gremio.errors import CodeError, EntryNotFound, OptionError, RefNotFound, UnreadableCode
from gremio.sources import model
from gremio.sources.local import around


def write(folder: Path, *paths: str, **texts: str) -> Path:
    """Empty files, and files with a text (``name=text`` for ``name.py``)."""
    return files.lay(folder, dict.fromkeys(paths, "") | {f"{name}.py": text for name, text in texts.items()})


def test_a_folder_is_all_its_python_files(get, tmp_path):
    """Hidden folders, virtual environments and caches are not part of it."""
    write(tmp_path, "pipeline.py", "a/b.py", "None.py", ".git/x.py", ".hidden.py", "__pycache__/y.py", "unused.json")
    write(tmp_path, "env/pyvenv.cfg", "env/lib/z.py", "node_modules/w.py")
    tree = get(tmp_path)
    assert set(tree.files) == {"pipeline.py", "a/b.py", "None.py"}
    assert (tree.entry, tree.origin.source, tree.origin.repo) == ("pipeline.py", "local", str(tmp_path))
    assert not tree.origin.remote


def test_a_file_is_what_it_reaches(get, tmp_path):
    """Only what the imports of a file reach comes along, not what else lies around."""
    write(tmp_path, "c/__init__.py", "c/d.py", "c/e.py", "types.py", "torch.py")
    write(
        tmp_path, entry="import torch, types\nfrom a import x", a="from . import b", b="from .c import d", other="1 +"
    )
    assert set(get(tmp_path / "entry.py").files) == {"entry.py", "a.py", "b.py", "c/__init__.py", "c/d.py"}


def test_a_file_in_a_package_brings_its_package(get, tmp_path):
    """Relative imports that climb widen the tree to the package's top."""
    write(tmp_path, "top/__init__.py", "top/in/__init__.py", "top/other.py", "beside.py")
    (tmp_path / "top/in/entry.py").write_text("from ..other import x\nfrom top import other")
    tree = get(tmp_path / "top" / "in" / "entry.py")
    assert tree.origin.repo == str(tmp_path)
    assert tree.entry == "top/in/entry.py"
    assert set(tree.files) == {"top/__init__.py", "top/in/__init__.py", "top/in/entry.py", "top/other.py"}


def test_a_link_keeps_its_neighbours(get, tmp_path):
    """A file that is a link, as in the Hub's cache, is read where it is named, not where its bytes lie."""
    (tmp_path / "blobs").mkdir()
    for name, text in (("0" * 40, "from .helper import x"), ("1" * 64, "x = 1")):
        (tmp_path / "blobs" / name).write_text(text)
    folder = tmp_path / "snapshots" / "c0"
    folder.mkdir(parents=True)
    (folder / "entry.py").symlink_to(f"../../blobs/{'0' * 40}")
    (folder / "helper.py").symlink_to(f"../../blobs/{'1' * 64}")
    assert dict(get(folder / "entry.py").files) == {"entry.py": b"from .helper import x", "helper.py": b"x = 1"}


def test_imports_that_lead_out_of_everything(get, tmp_path):
    """A relative import above the root of the disk is left to the code that has it."""
    write(tmp_path, entry=f"from {'.' * 60}x import y\nfrom . import entry")
    assert set(get(tmp_path / "entry.py").files) == {"entry.py"}


def test_one_folder_however_it_is_written(get, tmp_path, monkeypatch):
    """Relative, absolute, through a link or with dots: one origin and one digest."""
    write(tmp_path / "code", "pipeline.py")
    (tmp_path / "link").symlink_to("code")
    monkeypatch.chdir(tmp_path)
    forms = ("./code", "code/", "local:code", "./link", "./code/../code", Path("code"), tmp_path / "code")
    assert len({(get(form).origin, get(form).digest) for form in forms}) == 1


@pytest.mark.parametrize(
    ("ref", "error", "match"),
    [
        ("./nowhere", RefNotFound, "has: .*other.py"),
        ("./no/where", RefNotFound, "does not exist either"),
        ("painter.py", RefNotFound, "write painter without .py"),
        ("./readme.txt", RefNotFound, "no Python file"),
        ("./empty", EntryNotFound, "no Python file"),
        (".", EntryNotFound, "It has other.py"),
    ],
)
def test_what_is_not_there_says_what_is(get, tmp_path, monkeypatch, ref, error, match):
    """The error names the path and what lies there instead."""
    write(tmp_path, "other.py", "readme.txt")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=match):
        get(ref)


def test_a_path_has_no_revision(get, tmp_path):
    """``custom_revision`` with a folder is refused."""
    write(tmp_path, "pipeline.py")
    with pytest.raises(OptionError, match="no revisions"):
        get(tmp_path, "main")


def test_a_file_that_can_not_be_read_says_which(get, tmp_path):
    """A broken helper of a file ref is named with its line."""
    write(tmp_path, entry="from . import a", a="x = 1\n1 +")
    with pytest.raises(UnreadableCode, match=r"a\.py, line 2"):
        get(tmp_path / "entry.py")


def test_a_broken_file_that_nothing_needs_does_no_harm(get, tmp_path):
    """In a folder only what the entry reaches has to be Python."""
    write(tmp_path, pipeline="x = 1", broken="1 +")
    assert set(get(tmp_path).files) == {"pipeline.py", "broken.py"}


def test_too_much_code_is_refused(get, tmp_path, monkeypatch):
    """More files, or more bytes, than anybody could review are no community pipeline."""
    write(tmp_path, "pipeline.py", "a.py", big="#" * 100)
    for name in ("MOST_FILES", "MOST_BYTES"):
        with monkeypatch.context() as patch:
            patch.setattr(model, name, 2)
            with pytest.raises(CodeError, match="3 Python files with 100 bytes"):
                get(tmp_path)


def test_a_file_in_a_large_folder_does_not_walk_all_of_it(get, tmp_path, monkeypatch):
    """Data files are looked for beside the code and a little below, not through somebody's whole home."""
    write(tmp_path, "a/b/c/d/e/f.json", entry="x = __file__, 'a/b.json'")
    write(tmp_path, "a/b.json")
    walked = []
    scan = os.scandir
    monkeypatch.setattr(os, "scandir", lambda place: walked.append(Path(place)) or scan(place))
    assert set(get(tmp_path / "entry.py").files) == {"entry.py", "a/b.json"}
    assert tmp_path / "a" / "b" in walked
    assert tmp_path / "a" / "b" / "c" not in walked


def test_an_empty_folder_is_called_empty(get, tmp_path):
    """What is said of the folder around a missing file is so."""
    (tmp_path / "code").mkdir()
    with pytest.raises(RefNotFound, match="code is empty"):
        get(tmp_path / "code" / "none.py")


class TestAround:
    """A file with what it reaches, as the process that ran it reached it."""

    @pytest.fixture
    def lay(self, tmp_path):
        """``lay({"a/b.py": "..."})``: these files; the folder they lie in."""

        return partial(files.lay, tmp_path.resolve())

    def test_from_elsewhere_on_the_import_path(self, lay):
        """As if it lay at the top, with its package and its data; what nobody imports stays."""
        top = lay(
            {
                "mine/pipe.py": "from tools.words import WORDS\n",
                "lib/tools/__init__.py": "",
                "lib/tools/words.py": "from .more import M\nWORDS = open(__file__ + '/../words.txt') and 'words.txt'\n",
                "lib/tools/more.py": "M = 1\n",
                "lib/tools/words.txt": "castle",
                "lib/other.py": "",
            }
        )
        assert set(around(top / "mine" / "pipe.py").files) == {"pipe.py"}
        found = around(top / "mine" / "pipe.py", search=[top / "lib"])
        names = {"__init__.py", "words.py", "more.py", "words.txt"}
        assert set(found.files) == {"pipe.py", *(f"tools/{name}" for name in names)}
        assert found.entry == "pipe.py"

    def test_from_above_in_its_place(self, lay):
        """A folder on the import path that the file lies in."""
        top = lay({"src/pipes/pipe.py": "from common import x\n", "src/common.py": "x = 1\n"})
        found = around(top / "src" / "pipes" / "pipe.py", search=[top / "src"])
        assert set(found.files) == {"pipes/pipe.py", "common.py"}

    def test_a_text_in_place_of_the_files(self, lay):
        """Of a file that need not be there."""
        top = lay({"helper.py": "x = 1\n"})
        found = around(top / "cell.py", source=b"from helper import x\n")
        assert set(found.files) == {"cell.py", "helper.py"}

    def test_two_files_of_one_name(self, lay):
        """They can't both lie there."""
        top = lay(
            {
                "mine/pipe.py": "from . import tools\nfrom lib_only import x\n",
                "mine/tools.py": "1\n",
                "lib/lib_only.py": "from . import tools\n",
                "lib/tools.py": "2\n",
            }
        )
        with pytest.raises(CodeError, match=r"two files that would both be tools\.py"):
            around(top / "mine" / "pipe.py", search=[top / "lib"])
