from __future__ import annotations

import pytest

from gremio.code.syntax.imports import ImportedName, data_files, imports_of
from gremio.code.syntax.parsing import parse_source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b as c, d", [(0, "a.b", ()), (0, "d", ())]),
        ("from ..a import b as x, c", [(2, "a", ("b", "c"))]),
        ("from . import x", [(1, "", ("x",))]),
        ("from a import *", [(0, "a", ("*",))]),
        ('"""\nimport a\nfrom b import c\n"""', []),
        ("# import a\nx = 'import b'", []),
    ],
)
def test_imports_as_written(source: str, expected: list[tuple[int, str, tuple[str, ...]]]) -> None:
    """Every form of import is read, and nothing that only looks like one."""
    found = imports_of(source.encode(), "a.py")
    assert [(each.level, each.module, each.names) for each in found] == expected


def test_guarded_imports_say_so() -> None:
    """Line and guard come along."""
    assert imports_of(b"try:\n    import a\nexcept ImportError:\n    a = None\n", "a.py") == (
        ImportedName(0, "a", (), 2, "try"),
    )
    assert imports_of(b"def f():\n    import a\n", "a.py")[0].guarded


HERE = "from pathlib import Path\nhere = Path(__file__).parent\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (HERE + "x = here / 'words.json'", ["pkg/words.json"]),
        (HERE + "x = here / 'data' / 'more.txt'", ["pkg/data/more.txt"]),
        ("import os\nx = os.path.join(os.path.dirname(__file__), 'data', 'more.txt')", ["pkg/data/more.txt"]),
        ("import pkgutil\nx = pkgutil.get_data(__name__, 'words.json')", ["pkg/words.json"]),
        ("from importlib import resources\nx = 'data/more.txt'", ["pkg/data/more.txt"]),
        ("__data_files__ = ['./words.json', 'top.bin']", ["pkg/words.json", "top.bin"]),
        ("__data_files__ = ['pkg/words.json']", ["pkg/words.json"]),
        ('"""words.json"""\n' + HERE, []),
        (HERE + "def f():\n    'words.json'", []),
        (HERE + "x = 'more.txt'", []),
        ("x = 'words.json'", []),
    ],
)
def test_declared_data_files(source: str, expected: list[str]) -> None:
    """A module that reads files declares those that its strings, not its docstrings, name."""
    candidates = ["pkg/words.json", "pkg/data/more.txt", "top.bin", "other/words.json"]
    assert list(data_files(parse_source(source.encode(), "a"), "pkg/mod.py", candidates)) == expected
