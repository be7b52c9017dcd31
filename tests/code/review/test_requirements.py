from __future__ import annotations

from pathlib import Path

import pytest

from gremio.code.libraries.packages import is_installed
from gremio.code.review import missing, require, requirements
from gremio.code.review.requirements import package_for
from gremio.errors import MissingPackages


def test_d35_all_that_is_missing_is_named_at_once(make_tree) -> None:
    """One error, every package, one command."""
    tree = make_tree(
        {"a.py": "import zz_one\nimport b\nimport cv2zz.sub", "b.py": "from zz_two import x\nimport torch"}
    )
    with pytest.raises(MissingPackages) as caught:
        require(tree)
    assert caught.value.packages == ("cv2zz", "zz-one", "zz-two")
    assert caught.value.next_step == "pip install cv2zz zz-one zz-two"
    assert "zz_two (b.py, line 1)" in str(caught.value)


@pytest.mark.parametrize(
    ("source", "optional"),
    [
        ("import zz", False),
        ("try:\n    import zz\nexcept ImportError:\n    zz = None", True),
        ("try:\n    import zz\nexcept ImportError:\n    raise ImportError('get zz')", False),
        ("from diffusers.utils import is_zz_available\nif is_zz_available():\n    import zz", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import zz", True),
        ("def f():\n    import zz", True),
        ("def f():\n    import zz\nimport zz.sub", False),
    ],
)
def test_optional_requirements(make_tree, source: str, optional: bool) -> None:
    """What the module runs without is optional; one hard import makes it hard."""
    (found,) = [item for item in requirements(make_tree({"a.py": source})) if item.name == "zz"]
    assert (found.optional, found.installed) == (optional, False)
    assert bool(missing([found])) is not optional


def test_own_files_and_python_are_no_requirements(make_tree) -> None:
    """Siblings and the standard library need no installing."""
    tree = make_tree({"a.py": "import os, b, xml.dom\nfrom . import c\nimport numpy", "b.py": "", "c.py": ""})
    assert [(item.name, item.installed) for item in requirements(tree)] == [("numpy", True)]
    assert require(tree) == requirements(tree)


def test_a_part_that_the_tree_lacks_is_not_sold_as_a_package(make_tree) -> None:
    """When the top folder is the tree's own, no package of that name is meant."""
    (found,) = requirements(make_tree({"a.py": "import mypack.gone", "mypack/here.py": ""}))
    assert found.package is None
    assert "mypack.gone" in found.note


@pytest.mark.parametrize(
    ("name", "package"),
    [
        ("cv2", "opencv-python"),
        ("PIL", "pillow"),
        ("ligo", "ligo-segments"),
        ("k_diffusion", "k-diffusion"),
        ("gmflow", None),
    ],
)
def test_names_to_install(name: str, package: str | None) -> None:
    """Import names that differ from the package, and those that no index has."""
    assert package_for(name) == package


def test_what_no_index_has_says_where_it_is(make_tree) -> None:
    """The error for such a package does not invent a pip command."""
    with pytest.raises(MissingPackages) as caught:
        require(make_tree({"a.py": "import gmflow.gmflow"}))
    assert "pip install" not in caught.value.next_step
    assert "github.com" in caught.value.next_step


def test_a_stray_folder_is_no_installed_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the current directory nor an empty folder on the path makes a package installed."""
    (tmp_path / "zz_stray").mkdir()
    (tmp_path / "zz_real").mkdir()
    (tmp_path / "zz_real" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert is_installed("zz_real")
    assert not is_installed("zz_stray")
    monkeypatch.chdir(tmp_path)
    assert not is_installed("zz_real")


def test_parts_of_a_namespace_are_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_tree) -> None:
    """Of a namespace that distributions share, the part that is imported must be there."""
    (tmp_path / "zz_space" / "one").mkdir(parents=True)
    (tmp_path / "zz_space" / "one" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    there = requirements(make_tree({"a.py": "from zz_space.one import x"}))
    lacking = requirements(make_tree({"a.py": "from zz_space.one import x\nfrom zz_space import two"}))
    assert [item.installed for item in there + lacking] == [True, False]
