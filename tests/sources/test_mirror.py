"""Diffusers' community folder: names, and what is suggested where one is not there."""

from __future__ import annotations

from importlib.metadata import version

import pytest

from gremio.errors import RefNotFound, Unavailable

MIRROR = "diffusers/community-pipelines-mirror"


@pytest.fixture
def mirror(put):
    """A mirror with main, two versions, and a file that only the old one has."""
    files = {
        f"{at}/{name}.py": f"# {at}" for at in ("main", "v0.9.0", "v0.30.0") for name in ("painter", "long_prompt")
    }
    return put(MIRROR, files | {"v0.9.0/lost.py": "# old", "README.md": ""}, repo_type="dataset")


def test_a_name_is_one_file(mirror, get):
    """The tree is the file alone; the origin has the mirror's commit and the folder."""
    tree = get("painter", "v0.9.0")
    assert dict(tree.files) == {"painter.py": b"# v0.9.0"}
    assert (tree.origin.repo, tree.origin.commit, tree.origin.path) == (MIRROR, mirror, "v0.9.0")


def test_the_installed_version_comes_first(mirror, get, put):
    """Without a revision, the folder of the installed diffusers is taken where the mirror has it, else main."""
    assert get("painter").files["painter.py"] == b"# main"
    put(MIRROR, {f"v{version('diffusers')}/painter.py": "# installed"}, repo_type="dataset")
    assert get("painter").files["painter.py"] == b"# installed"


@pytest.mark.parametrize(
    ("name", "match"),
    [
        ("paintre", "Did you mean painter"),
        ("prompt", "long_prompt"),
        ("lost", "custom_revision='v0.9.0'"),
        ("nothing_alike", r"no nothing_alike.py at main\n  Write a .*name, owner/repo, or a path"),
    ],
)
def test_an_unknown_name_is_answered_with_what_may_be_meant(mirror, get, name, match):
    """Near names, the version that had it, or the other ways to write a ref."""
    with pytest.raises(RefNotFound, match=match):
        get(name)


def test_another_mirror_may_be_named(put, get, monkeypatch):
    """``GREMIO_MIRROR`` names a dataset of the same layout."""
    monkeypatch.setenv("GREMIO_MIRROR", "guild/mirror")
    put("guild/mirror", {"main/painter.py": "# ours"}, repo_type="dataset")
    assert get("painter").files["painter.py"] == b"# ours"


def test_a_commit_that_is_too_large_is_refused(put, get, hub, monkeypatch):
    """What GitHub sends is cut off at a size that no pipeline has."""
    monkeypatch.setenv("GREMIO_GITHUB", f"{hub.endpoint}/raw-github/huggingface/diffusers")
    commit = put("huggingface/diffusers", {"examples/community/painter.py": "#" * (2 * 1024 * 1024 + 1)})
    with pytest.raises(Unavailable, match="larger than"):
        get("painter", commit)


def test_a_commit_that_was_never_loaded_needs_the_network(get):
    """Offline, an unknown commit says so."""
    with pytest.raises(Unavailable, match=r"painter.py at commit 0* is not in the cache"):
        get("painter", "0" * 40, local_files_only=True)
