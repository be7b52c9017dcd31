"""What there is to check."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest

from gremio.checking.planning import plan, require_leave
from gremio.checking.request import TrialRequest
from gremio.checking.targets import of_folder, of_mirror
from gremio.errors import NotTrusted, OptionError, RefNotFound, RevisionNotFound
from gremio.machine.processes import Limits
from gremio.machine.settings import Settings
from gremio.sources import Access


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    """Those of the environment, with the Hub of the test if it has one."""
    if "mirror" in request.fixturenames:
        request.getfixturevalue("hub")
    return Settings.from_environment()


def test_the_community_folder_is_listed_in_few_requests(mirror, hub, settings) -> None:
    """Every file of a version, with the digest that loading it gives; nothing below it, and nothing else."""
    mirror({"main/castle": "runs", "main/tower": "runs", "main/deep/inside": "no", "v0.9.0/moat": "old"})
    access = Access.of(settings)
    found = of_mirror(None, access=access, settings=settings)
    assert [(each.name, each.version, each.revision) for each in found] == [
        ("castle", "main", "main"), ("tower", "main", "main"),
    ]  # fmt: skip
    assert [each.name for each in of_mirror("0.9.0", access=access, settings=settings)] == ["moat"]
    assert Path(found[0].path).read_text() == "# runs\n"
    mirror({f"v{version('diffusers')}/ours": "runs"})
    assert [each.name for each in of_mirror(None, access=access, settings=settings)] == ["ours"]


def test_a_version_stays_what_it_was_first(mirror, settings, hub) -> None:
    """What is listed is what loading gives, also where the mirror has changed a version since."""
    from gremio.code import PipelineRef
    from gremio.sources import fetch

    mirror({"v0.9.0/castle": "runs", "v0.9.0/tower": "runs"})
    access = Access.of(settings)
    tree = fetch(PipelineRef.parse("castle"), revision="v0.9.0", access=access, settings=settings)
    mirror({"v0.9.0/castle": "fails", "v0.9.0/tower": "fails"})
    castle, tower = of_mirror("v0.9.0", access=access, settings=settings)
    assert castle.digest == str(tree.digest)
    assert Path(tower.path).read_text() == "# fails\n"


@pytest.mark.parametrize(("revision", "says"), [("v9.9.9", "no revision"), ("a" * 40, "can't be listed at a commit")])
def test_an_unknown_version_is_said(mirror, settings, revision: str, says: str) -> None:
    """With what there is instead."""
    mirror({"main/castle": "runs"})
    with pytest.raises(RevisionNotFound, match=says):
        of_mirror(revision, access=Access.of(settings), settings=settings)


def test_a_folder_is_walked(code, settings) -> None:
    """Every Python file with its digest, also one that does not parse; the folder's name is the version."""
    folder = code({"castle": "runs", "inner/keep": "runs", "__init__": "no", ".hidden/x": "no"})
    (folder / "broken.py").write_text("def")
    found = of_folder(folder, access=Access.of(settings), settings=settings)
    assert [(each.name, bool(each.digest)) for each in found] == [
        ("broken", False), ("castle", True), ("inner/keep", True),
    ]  # fmt: skip
    assert {each.version for each in found} == {"community"}
    assert of_folder(folder, version="main", access=Access.of(settings), settings=settings)[0].version == "main"


def test_nothing_to_check_is_said(code, settings, tmp_path: Path) -> None:
    """A folder that isn't there, a file, and a folder without Python."""
    file = code({"castle": "runs"}) / "castle.py"
    (tmp_path / "empty").mkdir()
    access = Access.of(settings)
    for place, error, says in (
        (tmp_path / "nowhere", RefNotFound, "does not exist"),
        (file, RefNotFound, "is a file"),
        (tmp_path / "empty", OptionError, "no Python files"),
    ):
        with pytest.raises(error, match=says):
            of_folder(place, access=access, settings=settings)


def test_plain_diffusers_gets_the_same_bytes(mirror, settings) -> None:
    """A name is given to it as a path, since it would look elsewhere; mends are none of its columns."""
    mirror({"main/castle": "runs"})
    (subject,) = of_mirror("main", access=Access.of(settings), settings=settings)
    ours, theirs = plan([subject], TrialRequest("", mend=False), ["gremio", "diffusers"], Limits())
    assert (ours.request.ref, ours.request.revision, ours.planned.column.mend) == ("mirror:castle", "main", False)
    assert Path(theirs.request.ref.removeprefix("local:")).read_text() == "# runs\n"
    assert (theirs.request.revision, theirs.planned.column.mend) == (None, True)


@pytest.mark.parametrize(
    ("variable", "value", "remote", "refused"),
    [
        ("GREMIO_POLICY", "approved", False, True),
        ("GREMIO_POLICY", "never", True, True),
        ("DIFFUSERS_DISABLE_REMOTE_CODE", "1", True, True),
        ("DIFFUSERS_DISABLE_REMOTE_CODE", "1", False, False),
        ("GREMIO_POLICY", "default", True, False),
    ],
)
def test_plain_diffusers_is_no_way_around_the_policy(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, remote: bool, refused: bool
) -> None:
    """It asks nobody, so where somebody has to be asked it is not used."""
    monkeypatch.setenv(variable, value)
    settings = Settings.from_environment()
    require_leave(["gremio"], remote=remote, settings=settings)
    if refused:
        with pytest.raises(NotTrusted):
            require_leave(["gremio", "diffusers"], remote=remote, settings=settings)
    else:
        require_leave(["diffusers"], remote=remote, settings=settings)
