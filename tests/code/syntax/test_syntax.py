from __future__ import annotations

import ast
import gc

import pytest

from gremio.code.syntax.parsing import parse, parse_source, statements
from gremio.errors import EntryNotFound, UnreadableCode


@pytest.mark.parametrize(
    ("source", "line"),
    [
        (b"a = 1\nb = (\n", 2),
        (b"a = 1\nb = '\0'\n", 2),
        (b"# -*- coding: no-such -*-\n", 1),
        (b"# -*- coding: utf-8 -*-\na = '\xff'\n", 2),
        (b"x = " + b"(" * 5000 + b")" * 5000, 1),
        (b"def f():\nreturn 1\n", 2),
    ],
)
def test_what_is_not_python_is_refused_with_its_line(source: bytes, line: int) -> None:
    """Syntax, null bytes, encodings and depth all end in one error that says where."""
    with pytest.raises(UnreadableCode) as caught:
        parse_source(source, "a/b.py")
    assert caught.value.path == "a/b.py"
    assert caught.value.line in (line, 1)
    assert "a/b.py" in str(caught.value)


def test_a_file_is_parsed_once(make_tree) -> None:
    """The same bytes give the same tree, whatever tree of code they are in."""
    assert parse(make_tree({"a.py": "x = 1"}), "a.py") is parse(make_tree({"b.py": "x = 1"}), "b.py")


def test_a_missing_file_is_named(make_tree) -> None:
    """Asking for a file that the tree lacks names those that it has."""
    with pytest.raises(EntryNotFound) as caught:
        parse(make_tree({"a.py": ""}), "b.py")
    assert caught.value.nearest == ("a.py",)


def test_warnings_of_foreign_code_stay_silent_and_collection_goes_on() -> None:
    """An invalid escape is no news, and the garbage collector is left as it was found."""
    parse_source(b'x = "\\d"\n', "a.py")
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("source", "guard"),
    [
        ("import x", ""),
        ("class A:\n    import x", ""),
        ("def f():\n    import x", "function"),
        ("if a:\n    import x", "if"),
        ("if a:\n    pass\nelse:\n    import x", "if"),
        ("if TYPE_CHECKING:\n    import x", "typing"),
        ("if typing.TYPE_CHECKING or SLOW:\n    import x", "typing"),
        ("if TYPE_CHECKING:\n    pass\nelse:\n    import x", ""),
        ("try:\n    import x\nexcept ImportError:\n    pass", "try"),
        ("try:\n    import x\nexcept (OSError, ModuleNotFoundError):\n    pass", "try"),
        ("try:\n    import x\nexcept:\n    pass", "try"),
        ("try:\n    import x\nexcept KeyError:\n    pass", ""),
        ("try:\n    import x\nexcept ImportError as e:\n    raise ImportError('get x') from e", ""),
        ("try:\n    pass\nfinally:\n    import x", ""),
        ("with contextlib.suppress(ImportError):\n    import x", "try"),
        ("with open(a):\n    import x", ""),
        ("for i in a:\n    import x", ""),
        ("while a:\n    import x", "if"),
        ("match a:\n    case 1:\n        import x", "if"),
        ("async def f():\n    if a:\n        import x", "function"),
    ],
)
def test_guards(source: str, guard: str) -> None:
    """Each statement knows why it may never run when its module does."""
    found = [guard for node, guard in statements(ast.parse(source)) if isinstance(node, ast.Import)]
    assert found == [guard]
