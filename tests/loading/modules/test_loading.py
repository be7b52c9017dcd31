"""Executing approved code: under which name, from which bytes, how often."""

from __future__ import annotations

import codecs
import importlib
import inspect
import linecache
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from tests.files import lay

from gremio.code import PipelineRef
from gremio.errors import CodeFailed, NoClass, StoreError, UnreadableCode
from gremio.loading.modules import load
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.trust import CodeRequest, Grant, authorize

BRUSH = "class Brush:\n    mark = NAME\n"


@pytest.fixture
def take(tmp_path):
    """``take(files, entry)`` puts files into a folder and loads ``Brush`` from one of them."""

    def taken(files, entry="brush.py", class_name="Brush"):
        lay(tmp_path / "code", files)
        settings = Settings.from_environment()
        ref = PipelineRef.parse(tmp_path / "code" / entry)
        tree = fetch(ref, revision=None, access=Access.of(settings), settings=settings)
        code = authorize(CodeRequest(ref.text, tree, Grant()), settings)
        return load(code, class_name, ref=ref.text)

    return taken


@pytest.mark.parametrize(
    "name",
    [
        "my-brush.py",
        "my.brush.py",
        "my brush.py",
        "class.py",
        "types.py",
        "torch.py",
        "1.py",
        "__init__.py",
        "ñandú.py",
        "a-b/my-brush.py",
        "v1.0/brush.py",
        "None.py",
        "brush.v2.py.py",
    ],
)
def test_any_filename_loads(take, name):
    """A file need not be called like a Python name, and its siblings are still found."""
    files = {
        name: f"from .helper import NAME\n{BRUSH}",
        f"{name.rpartition('/')[0]}/helper.py".lstrip("/"): "NAME = 'red'",
    }
    loaded = take(files, name)
    assert loaded.cls.mark == "red"
    assert pickle.loads(pickle.dumps(loaded.cls)) is loaded.cls


def test_a_file_with_a_dot_is_not_the_one_without(take):
    """``my.brush.py``, ``my-brush.py``, ``my_brush.py`` and ``my/brush.py`` of one tree are four modules."""
    names = ("my.brush.py", "my-brush.py", "my_brush.py", "my/brush.py")
    files = {name: f"NAME = {name!r}\n{BRUSH}" for name in names} | {"data.py": ""}
    assert [take(files, name).cls.mark for name in names] == list(names)


def test_a_sibling_comes_before_an_installed_package(take, tmp_path, monkeypatch):
    """``import helper`` beside a ``helper.py`` means that file, though a package of the name is installed."""
    (tmp_path / "site" / "helper_of_brush").mkdir(parents=True)
    (tmp_path / "site" / "helper_of_brush" / "__init__.py").write_text("NAME = 'installed'")
    monkeypatch.syspath_prepend(tmp_path / "site")
    text = f"import helper_of_brush\nNAME = helper_of_brush.NAME\n{BRUSH}"
    assert take({"brush.py": text, "helper_of_brush.py": "NAME = 'sibling'"}).cls.mark == "sibling"
    assert "helper_of_brush" not in sys.modules


def test_an_installed_package_is_used_where_there_is_no_sibling(take, tmp_path, monkeypatch):
    """Without such a file the name means what is installed."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "only_installed.py").write_text("NAME = 'installed'")
    monkeypatch.syspath_prepend(tmp_path / "site")
    assert take({"brush.py": f"from only_installed import NAME\n{BRUSH}"}).cls.mark == "installed"
    sys.modules.pop("only_installed")


@pytest.mark.parametrize("module", ["types", "json", "random"])
def test_the_standard_library_is_not_shadowed(take, module):
    """A file called like a module of Python is reached by a relative import only."""
    text = f"import {module}\nfrom . import {module} as own\nNAME = ({module}.__name__, own.NAME)\n{BRUSH}"
    assert take({"brush.py": text, f"{module}.py": "NAME = 'own'"}).cls.mark == (module, "own")


def test_the_entry_and_its_class_are_of_the_digest(take, home):
    """The module's name holds the digest; the file that it shows lies in the store."""
    loaded = take({"brush.py": f"NAME = 1\n{BRUSH}"})
    digits = loaded.code.digest.hex
    assert loaded.cls.__module__ == f"gremio_code.{digits}.brush"
    module = sys.modules[loaded.cls.__module__]
    assert module.__file__ == str(home / "trees" / digits / "brush.py")


def test_two_entries_of_one_tree_share_a_digest(take):
    """Helpers that two entries use are one module, executed once."""
    files = {
        "__init__.py": "",
        "one.py": f"from .two import Brush as Other\nfrom .paint import NAME\n{BRUSH}",
        "two.py": f"from .paint import NAME\n{BRUSH}",
        "paint.py": "NAME = object()",
    }
    one = take(files, "one.py")
    two = load(one.code, "Brush", path="code/two.py")
    assert one.code.digest == two.code.digest
    assert one.cls.mark is two.cls.mark
    assert sys.modules[one.cls.__module__].Other is two.cls


def test_source_and_tracebacks_show_the_authors_lines(take):
    """``inspect.getsource`` and a traceback show the file as written, also where an import was re-pointed."""
    text = "import helper\n\n\nclass Brush:\n    def paint(self):\n        return helper.fail()  # here\n"
    cls = take({"brush.py": text, "helper.py": "def fail():\n\n    raise ValueError('dry')\n"}).cls
    assert inspect.getsource(cls) == text.partition("\n\n\n")[2]
    with pytest.raises(ValueError, match="dry") as caught:
        cls().paint()
    frames = traceback.extract_tb(caught.value.__traceback__)[-2:]
    assert [(frame.filename.rpartition("/")[2], frame.lineno) for frame in frames] == [
        ("brush.py", 6),
        ("helper.py", 3),
    ]
    assert [frame.line for frame in frames] == ["return helper.fail()  # here", "raise ValueError('dry')"]
    linecache.clearcache()
    assert inspect.getsourcelines(cls)[1] == 4


ENCODED = {
    "CRLF": "NAME = 'ñ'\r\nclass Brush:\r\n    mark = NAME\r\n".encode(),
    "BOM": codecs.BOM_UTF8 + f"NAME = 'ñ'\n{BRUSH}".encode(),
    "latin-1": f"# -*- coding: latin-1 -*-\nNAME = 'ñ'\n{BRUSH}".encode("latin-1"),
    "no newline at the end": f"NAME = 'ñ'\n{BRUSH}".rstrip().encode(),
    "form feed": f"\fNAME = 'ñ'\n{BRUSH}".encode(),
}


@pytest.mark.parametrize("encoding", ENCODED)
def test_files_of_other_systems(take, encoding):
    """Line ends and encodings are read as Python reads them, and the source can be shown."""
    cls = take({"brush.py": ENCODED[encoding]}).cls
    assert cls.mark == "ñ"
    assert "mark = NAME" in inspect.getsource(cls)


@pytest.mark.parametrize("text", [b"NAME = 1 +", b"NAME = '\xf1'", b"x = 1\0", b"  x = 1", b"# coding: nonsense\n"])
def test_what_is_not_python_says_where(take, text):
    """A file that does not parse is an UnreadableCode with path and line."""
    with pytest.raises(UnreadableCode) as caught:
        take({"brush.py": text})
    assert "brush.py" in caught.value.path
    assert caught.value.line >= 1


def test_code_that_raises_is_a_code_failed(take):
    """The cause is chained, the place is of the tree; a second try runs it again."""
    files = {"brush.py": "from . import paint\n", "paint.py": "\n\n1 / 0\n"}
    for _ in range(2):
        with pytest.raises(CodeFailed, match=r"ZeroDivisionError.*\(paint\.py, line 3\)") as caught:
            take(files)
        assert isinstance(caught.value.__cause__, ZeroDivisionError)
        assert isinstance(caught.value, ImportError)


@pytest.mark.parametrize("text", ["", "Brush = 3", "def Brush(): ..."])
def test_a_class_that_is_not_there(take, text):
    """What is no class of that name is a NoClass."""
    with pytest.raises(NoClass, match="Brush"):
        take({"brush.py": text})


def test_bytes_are_executed_not_files(take, home):
    """What lies in the store when a module is imported later is not what runs."""
    text = "class Brush:\n    @staticmethod\n    def late():\n        from .paint import NAME\n\n        return NAME\n"
    loaded = take({"brush.py": text, "paint.py": "NAME = 'approved'"})
    stored = home / "trees" / loaded.code.digest.hex / "paint.py"
    stored.chmod(0o644)
    stored.write_text("NAME = 'altered'")
    assert loaded.cls.late() == "approved"


def test_unapproved_code_can_not_be_imported(tmp_path):
    """A digest that nobody approved is a ModuleNotFoundError, and so is a name that is no digest."""
    for name in (f"gremio_code.{'0' * 64}.brush", "gremio_code.brush"):
        with pytest.raises(ModuleNotFoundError, match="not approved on this machine"):
            importlib.import_module(name)


def test_a_module_that_is_not_in_the_tree_is_not_looked_for_elsewhere(take, tmp_path, monkeypatch):
    """A relative import never finds a file that was put beside the stored copy or on ``sys.path``."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "absent.py").write_text("NAME = 'elsewhere'")
    monkeypatch.syspath_prepend(tmp_path / "site")
    loaded = take({"brush.py": f"NAME = 1\n{BRUSH}"})
    folder = loaded.cls.__module__.rpartition(".")[0]
    (Path(sys.modules[loaded.cls.__module__].__file__).parent / "absent.py").write_text("NAME = 'planted'")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{folder}.absent")


ELSEWHERE = """
import pickle, sys
print(pickle.loads(bytes.fromhex(sys.argv[1])).mark)
"""


@pytest.mark.parametrize("spoilt", [False, True])
def test_another_process_imports_from_the_store(take, home, spoilt):
    """A process that only unpickles finds the class; where the store was altered it refuses and says where."""
    loaded = take({"brush.py": f"from sub.paint import NAME\n{BRUSH}", "sub/paint.py": "NAME = 'red'"})
    stored = home / "trees" / loaded.code.digest.hex / "sub" / "paint.py"
    if spoilt:
        stored.chmod(0o644)
        stored.write_text("NAME = 'altered'")
    command = [sys.executable, "-c", ELSEWHERE, pickle.dumps(loaded.cls).hex()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if spoilt:
        assert StoreError.__name__ in done.stderr
        assert str(stored.parents[1]) in done.stderr
    else:
        assert done.stdout.split() == ["red"], done.stderr


def test_resources_of_every_folder_can_be_read(take):
    """Data files lie beside the code, in packages with ``__init__`` and without."""
    text = f"""
from importlib.resources import files
from pathlib import Path
HERE = Path(__file__).parent
NAME = (HERE / "a.txt").read_text() + files(__package__).joinpath("a.txt").read_text()
NAME += files(__package__ + ".sub").joinpath("b.txt").read_text() + (HERE / "sub" / "b.txt").read_text()
{BRUSH}"""
    files = {
        "brush.py": text + "from . import sub\nfrom .sub import c\n",
        "a.txt": "a",
        "sub/b.txt": "b",
        "sub/c.py": "",
    }
    assert take(files).cls.mark == "aabb"
