from __future__ import annotations

import time
from pathlib import Path

import pytest

from gremio.code.libraries.exports import Outline
from gremio.code.libraries.library import library, listed_at_the_end

LAZY = """
    from typing import TYPE_CHECKING
    from .utils import _LazyModule, helper
    _import_structure = {"things": ["Alpha"], "sub.deep": ["Beta"], "empty": []}
    try:
        if not is_torch_available():
            raise OptionalDependencyNotAvailable()
    except OptionalDependencyNotAvailable:
        pass
    else:
        _import_structure["more"] = ["Gamma"]
        _import_structure["more"].extend(["Delta"])
        _import_structure["more"].append("Epsilon")
        _import_structure["more"] += ["Zeta"]
        _import_structure.update({"last": ["Eta"]})
    if TYPE_CHECKING:
        from .things import Alpha, OnlyForCheckers
    else:
        import sys
        sys.modules[__name__] = _LazyModule(__name__, globals()["__file__"], _import_structure)
"""
FILES = {
    "__init__.py": LAZY,
    "things.py": "class Alpha: pass\nVALUE: int = 1\nUNSET: int\nif True:\n    class Sometimes: pass\n",
    "stars.py": "from .things import *\nfrom .hidden import *\n",
    "hidden.py": "__all__ = ['shown']\nshown = 1\nunshown = 2\n_private = 3\n",
    "circle.py": "from .circle import *\n",
    "dynamic.py": "_OLD = {'was': 'is'}\ndef __getattr__(name): ...\n",
    "sub/__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .deep import Beta\n",
    "sub/deep.py": "class Beta: pass\n",
    "utils/__init__.py": "from .inner import helper as helper, thing\n",
    "utils/inner.py": "def helper(): ...\nfor i in range(2): pass\n",
    "utils/dummy_objects.py": "class Beta: pass\n",
}


@pytest.mark.parametrize(
    ("module", "name", "there"),
    [
        ("diffusers", "Alpha", True),
        ("diffusers", "Beta", True),
        ("diffusers", "Zeta", True),
        ("diffusers", "Delta", True),
        ("diffusers", "Epsilon", True),
        ("diffusers", "Eta", True),
        ("diffusers", "empty", True),
        ("diffusers", "stars", True),
        ("diffusers", "helper", False),
        ("diffusers", "OnlyForCheckers", False),
        ("diffusers.things", "Alpha", True),
        ("diffusers.things", "VALUE", True),
        ("diffusers.things", "UNSET", False),
        ("diffusers.things", "Sometimes", True),
        ("diffusers.stars", "Alpha", True),
        ("diffusers.stars", "shown", True),
        ("diffusers.stars", "unshown", False),
        ("diffusers.stars", "_private", False),
        ("diffusers.circle", "x", False),
        ("diffusers.dynamic", "was", True),
        ("diffusers.dynamic", "never", False),
        ("diffusers.sub", "deep", True),
        ("diffusers.sub", "Beta", False),
        ("diffusers.utils", "helper", True),
        ("diffusers.utils.inner", "i", True),
        ("diffusers.nowhere", "x", False),
        ("diffusers.things", "__name__", True),
    ],
)
def test_what_a_module_exports(make_library, module: str, name: str, there: bool) -> None:
    """The probe answers as `from module import name` would, without importing."""
    assert make_library("diffusers", FILES).has(module, name) is there


def test_homes_and_definitions(make_library) -> None:
    """A name is followed to the module that defines it; stand-ins don't count."""
    source = make_library("diffusers", FILES)
    assert source.home("diffusers", "Beta") == ("diffusers.sub.deep", "Beta")
    assert source.home("diffusers.utils", "helper") == ("diffusers.utils.inner", "helper")
    assert source.home("diffusers.circle", "x") is None
    assert source.defining(["Beta", "zzz"]) == {"Beta": ("diffusers.sub.deep",), "zzz": ()}


def kept(home: Path) -> dict[str, Path]:
    """What is remembered on disk, by name."""
    return {path.name: path for path in (home / "index").rglob("*.json")}


def test_the_index_is_kept_on_disk_and_never_stale(make_library, home: Path) -> None:
    """A second process reads the answer; a change of the package throws it away."""
    make_library("diffusers", FILES)
    assert library("diffusers").defining(["Beta"]) == {"Beta": ("diffusers.sub.deep",)}
    assert "diffusers.names.json" in kept(home)
    make_library("diffusers", {"moved.py": "class Beta: pass\n", "sub/deep.py": ""})
    assert library("diffusers").defining(["Beta"]) == {"Beta": ("diffusers.moved",)}


def test_a_module_is_read_once_for_all_processes(make_library, home: Path, forget, monkeypatch) -> None:
    """What a module exports is remembered until its file changes, and the same then as when it was read."""
    monkeypatch.setattr("gremio.code.libraries.library._SOON_READ", 0)
    source = make_library("diffusers", FILES)
    first = {module: source.exports(module) for module in source.files}
    assert "diffusers.sub.deep.json" in kept(home)
    forget()
    monkeypatch.setattr("gremio.code.libraries.library._parse_file", lambda path: pytest.fail(f"parsed {path}"))
    again = library("diffusers")
    assert {module: again.exports(module) for module in again.files} == first
    monkeypatch.undo()
    changed = make_library("diffusers", {"sub/deep.py": "class Delta(Base): pass\n"})
    assert changed.exports("diffusers.sub.deep").classes == {"Delta": Outline(("Base",))}


@pytest.mark.parametrize("damage", ["", "[]", '{"stamp": 1}', "\0"])
def test_a_damaged_index_is_made_again(make_library, home: Path, forget, damage: str) -> None:
    """What is on disk is believed only when it is whole."""
    make_library("diffusers", FILES)
    assert library("diffusers").defining(["Beta"])
    for path in kept(home).values():
        path.write_text(damage)
    forget()
    assert library("diffusers").defining(["Beta"]) == {"Beta": ("diffusers.sub.deep",)}


def test_where_nothing_can_be_written_it_is_read_each_time(make_library, home: Path) -> None:
    """A home that can't be written costs time and nothing else."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "index").write_text("a file where the folder would be")
    make_library("diffusers", FILES)
    assert library("diffusers").defining(["Beta"]) == {"Beta": ("diffusers.sub.deep",)}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"x = 1\n__all__ = ['a', 'b']\n", {"a", "b"}),
        (b"x = 1\n__all__ = [\n  'a',\n]\n", {"a"}),
        (b"x = 1\n", None),
        (b"\n__all__ = ['a']\nx = 1\n", None),
        (b"\n__all__ = ['a'\n", None),
    ],
)
def test_the_list_that_closes_a_module(source: bytes, expected: set[str] | None) -> None:
    """`__all__` at the end of a file is read without parsing what is above it."""
    assert listed_at_the_end(source) == expected


def test_the_installed_diffusers_is_searched_in_time() -> None:
    """Names that moved are found among all sources of diffusers in under two seconds of one core."""
    source = library("diffusers")
    assert source is not None
    start = time.process_time()
    found = source.defining(["MultiControlNetModel", "randn_tensor", "NeverWasThere"])
    assert time.process_time() - start < 2
    assert found["randn_tensor"] == ("diffusers.utils.torch_utils",)
    assert found["NeverWasThere"] == ()
