from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.code import CodeTree, Origin
from gremio.code.review import closure, declared_data
from gremio.errors import UnreadableCode

CASES = {
    "a sibling by its absolute name": ({"a.py": "import b", "b.py": ""}, "a.py b.py"),
    "from . import": ({"a.py": "from . import b", "b.py": ""}, "a.py b.py"),
    "a name of a sibling": ({"a.py": "from .b import x", "b.py": "x = 1"}, "a.py b.py"),
    "transitive": ({"a.py": "import b", "b.py": "from .c import x", "c.py": "", "d.py": ""}, "a.py b.py c.py"),
    "a circle": ({"a.py": "import b", "b.py": "import a"}, "a.py b.py"),
    "in a function": ({"a.py": "def f():\n    import b", "b.py": ""}, "a.py b.py"),
    "in a handler": ({"a.py": "try:\n    import zzz\nexcept ImportError:\n    import b", "b.py": ""}, "a.py b.py"),
    "in a docstring": ({"a.py": '"""\nimport b\nfrom .b import x\n"""', "b.py": ""}, "a.py"),
    "packages on the way": (
        {
            "a.py": "import p.q.m",
            "p/__init__.py": "",
            "p/q/__init__.py": "from . import n",
            "p/q/m.py": "",
            "p/q/n.py": "",
        },
        "a.py p/__init__.py p/q/__init__.py p/q/m.py p/q/n.py",
    ),
    "a namespace package": ({"a.py": "from p.q import m", "p/q/m.py": ""}, "a.py p/q/m.py"),
    "the entry's own packages": (
        {"p/a.py": "", "p/__init__.py": "from .b import x", "p/b.py": ""},
        "p/__init__.py p/a.py p/b.py",
    ),
    "upwards": ({"p/q/a.py": "from ..b import x", "p/b.py": "", "b.py": ""}, "p/b.py p/q/a.py"),
    "the own folder first": ({"p/a.py": "import b", "p/b.py": "", "b.py": ""}, "p/a.py p/b.py"),
    "then those above": ({"p/q/a.py": "from p.m import x", "p/m.py": ""}, "p/m.py p/q/a.py"),
    "a package before a module": ({"a.py": "import b", "b.py": "", "b/__init__.py": ""}, "a.py b/__init__.py"),
    "all of a package": (
        {"a.py": "from p import *", "p/__init__.py": "__all__ = ['m']", "p/m.py": "", "p/n.py": ""},
        "a.py p/__init__.py p/m.py",
    ),
    "never the field's libraries": (
        {
            "a.py": "import torch, diffusers.utils\nfrom PIL import Image",
            "torch.py": "",
            "diffusers/utils.py": "",
            "PIL.py": "",
        },
        "a.py",
    ),
    "never the standard library": ({"a.py": "import json, random", "json.py": "", "random/__init__.py": ""}, "a.py"),
    "never itself": ({"compel.py": "import compel"}, "compel.py"),
    "above the root": ({"a.py": "from ...b import x\nfrom .. import b", "b.py": ""}, "a.py"),
}


@pytest.mark.parametrize("case", CASES)
def test_d26_closure(make_tree, case: str) -> None:
    """The files that importing the entry can execute, and no others."""
    files, expected = CASES[case]
    assert list(closure(make_tree(files))) == expected.split()


def test_unreadable_files_count_only_when_reached(make_tree) -> None:
    """A broken file elsewhere in the tree is nobody's business."""
    tree = make_tree({"a.py": "", "b.py": "import c", "c.py": "def"})
    assert closure(tree) == ("a.py",)
    with pytest.raises(UnreadableCode):
        closure(tree, "b.py")


def test_declared_data_of_the_closure(make_tree) -> None:
    """Data files come along when a reached module names them."""
    tree = make_tree({"a.py": "import b", "b.py": "f = __file__ + 'w.json'\nx = 'w.json'", "w.json": "", "v.json": ""})
    assert declared_data(tree) == ("w.json",)


NAMES = st.lists(st.sampled_from("abcd"), min_size=1, max_size=3)
IMPORTS = st.one_of(
    st.builds(lambda parts: f"import {'.'.join(parts)}", NAMES),
    st.builds(
        lambda dots, parts, name: f"from {'.' * dots}{'.'.join(parts)} import {name}",
        st.integers(0, 4),
        NAMES,
        st.sampled_from(["a", "b", "*", "x"]),
    ),
)
FILES = st.dictionaries(
    st.builds(lambda parts, last: "/".join([*parts, last]), NAMES, st.sampled_from(["a.py", "b.py", "__init__.py"])),
    st.lists(IMPORTS, max_size=4).map("\n".join),
    min_size=1,
    max_size=12,
)


@given(FILES)
def test_any_graph_of_imports_ends(files: dict[str, str]) -> None:
    """Whatever imports whatever, the closure ends, stays in the tree and is closed."""
    sources = {path: text.encode() for path, text in files.items()}
    entry = min(sources)
    found = closure(CodeTree(sources, entry, Origin("local", "x")))
    assert entry in found
    assert set(found) <= set(sources)
    for path in found:
        assert set(closure(CodeTree(sources, path, Origin("local", "x")))) <= set(found)


def test_reading_loads_no_heavy_library() -> None:
    """A whole review runs in a process that never imports torch, diffusers or transformers."""
    program = (
        "import sys; from gremio.code import CodeTree, Origin; from gremio.code.review import read\n"
        "source = b'from diffusers import DiffusionPipeline\\nclass A(DiffusionPipeline):\\n    pass\\n'\n"
        "assert read(CodeTree({'a.py': source}, 'a.py', Origin('local', 'x'))).class_name == 'A'\n"
        "assert not {'torch', 'diffusers', 'transformers', 'huggingface_hub', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={"PYTHONPATH": "src"})
