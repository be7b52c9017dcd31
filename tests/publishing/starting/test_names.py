"""Names, folders, and what is refused."""

from pathlib import Path

import pytest

from gremio.errors import OptionError, StoreError
from gremio.publishing.starting import likes, start


@pytest.mark.parametrize(
    ("kind", "name", "class_name", "code", "test"),
    [
        ("pipeline", "my-idea", "MyIdeaPipeline", "pipeline.py", "test_my_idea.py"),
        ("pipeline", "MyIdea", "MyIdeaPipeline", "pipeline.py", "test_my_idea.py"),
        ("pipeline", "my_idea_pipeline", "MyIdeaPipeline", "pipeline.py", "test_my_idea_pipeline.py"),
        ("component", "wide-unet", "WideUnetModel", "wide_unet_model.py", "test_wide_unet.py"),
        ("component", "WideUNet2D", "WideUNet2DModel", "wide_unet2d_model.py", "test_wide_unet2d.py"),
        ("component", "a-unet", "AUnetModel", "a_unet_model.py", "test_a_unet.py"),
        ("component", "MyIDEAModel", "MyIDEAModel", "my_idea_model.py", "test_my_idea_model.py"),
        ("scheduler", "ember", "EmberScheduler", "ember_scheduler.py", "test_ember.py"),
        ("blocks", "x2", "X2Block", "x2_block.py", "test_x2.py"),
    ],
)
def test_names_are_made_from_one(tmp_path, monkeypatch, kind, name, class_name, code, test):
    """The folder has the name as it is given; the class ends as its kind does, once."""
    monkeypatch.chdir(tmp_path)
    made = start(kind, name)
    assert (made.class_name, made.code, made.folder) == (class_name, code, Path(name))
    assert {code, test, "README.md"} <= {path.name for path in (tmp_path / name).iterdir()} == set(made.files)
    assert f"class {class_name}(" in (tmp_path / name / code).read_text()


@pytest.mark.parametrize("name", ["", "1st", "my idea", "a/b", "../x", "-x", "x-", "a--b", "año", ".hidden", "x" * 41])
def test_a_name_that_cannot_be(tmp_path, name):
    """With an example of one that can, and nothing is written."""
    with pytest.raises(OptionError, match="my-idea makes a class MyIdeaPipeline"):
        start("pipeline", name, folder=tmp_path / "made")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("kind", "name", "library"),
    [("pipeline", "flux", "diffusers"), ("scheduler", "DDIM", "diffusers"), ("component", "bert", "transformers")],
)
def test_a_name_that_a_library_has(tmp_path, kind, name, library):
    """Its loaders would take one class for the other."""
    with pytest.raises(OptionError, match=f"{library} has one of that name"):
        start(kind, name, folder=tmp_path / "made")


@pytest.mark.parametrize(
    ("kind", "like", "says"),
    [
        ("pipeline", "SDXLL", "Did you mean sdxl"),
        ("pipeline", "nothing", "sd15, sd21, sdxl, sd3, flux"),
        ("component", "flux", "unet, vae, transformer"),
        ("scheduler", "dpm", "ddim, euler"),
        ("blocks", "sd15", "leave out --like"),
    ],
)
def test_nothing_is_like_that(tmp_path, kind, like, says):
    """The values are listed."""
    with pytest.raises(OptionError, match=says):
        start(kind, "mine", like=like, folder=tmp_path / "made")


def test_the_first_is_the_default():
    """And there is nothing to choose for blocks."""
    assert [likes(kind)[:1] for kind in ("pipeline", "component", "scheduler", "blocks")] == [
        ("sd15",),
        ("unet",),
        ("ddim",),
        (),
    ]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path):
    """An empty one is used."""
    folder = tmp_path / "mine"
    folder.mkdir()
    start("blocks", "mine", folder=folder)
    (folder / "README.md").write_text("changed")
    with pytest.raises(OptionError, match="has files in it already"):
        start("blocks", "mine", folder=folder)
    assert (folder / "README.md").read_text() == "changed"
    with pytest.raises(OptionError, match="is a file"):
        start("blocks", "mine", folder=folder / "README.md")
    with pytest.raises(StoreError):
        start("blocks", "mine", folder=folder / "README.md" / "below")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_fails_half_way_leaves_nothing(tmp_path, monkeypatch):
    """As when the disk is full."""

    def full(self, *args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(StoreError, match="the disk is full"):
        start("pipeline", "mine", folder=tmp_path / "mine")
    assert not list(tmp_path.iterdir())
