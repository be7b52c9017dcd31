"""The folder that diffusers loads from: links, an index, no code."""

import json
import shutil

import pytest
from tests.files import lay

from gremio.loading.components import stage

FILES = {"unet/config.json": "{}", "unet/model.safetensors": "w" * 1000, "unet/code.py": "x", "pipeline.py": "x"}
INDEX = {"_class_name": "P"}


@pytest.fixture
def folder(tmp_path):
    """A model folder with code in it."""
    return lay(tmp_path / "model", {**FILES, "model_index.json": "{}"})


def test_files_are_links_and_code_stays_out(home, folder):
    """Weights are linked, not copied; the index is the given one; no Python file comes along."""
    place = stage(home, folder, INDEX, [*FILES, "model_index.json"])
    assert json.loads((place / "model_index.json").read_text()) == INDEX
    assert (place / "unet/model.safetensors").samefile(folder / "unet/model.safetensors")
    assert (place / "unet/model.safetensors").is_symlink()
    assert list(place.rglob("*.py")) == []


def test_the_place_depends_on_what_is_staged_alone(home, folder):
    """The same again is the same place; another index or other files are another."""
    place = stage(home, folder, INDEX, FILES)
    assert stage(home, folder, INDEX, reversed(list(FILES))) == place
    assert stage(home, folder, {"_class_name": "Q"}, FILES) != place
    assert stage(home, folder, INDEX, ["unet/config.json"]) != place


@pytest.mark.parametrize("broken", ["link", "index", "file"])
def test_a_broken_stage_is_built_again(home, folder, broken):
    """A link that leads nowhere, a missing link, a missing index: the next call makes it whole."""
    place = stage(home, folder, INDEX, FILES)
    if broken == "link":
        (place / "unet/config.json").unlink()
        (place / "unet/config.json").symlink_to(folder / "gone")
    else:
        (place / {"index": "model_index.json", "file": "unet/model.safetensors"}[broken]).unlink()
    assert stage(home, folder, INDEX, FILES) == place
    assert (place / "unet/config.json").read_text() == "{}"
    assert (place / "model_index.json").is_file()
    assert (place / "unet/model.safetensors").is_file()


def test_a_model_that_was_replaced_is_seen_through_the_links(home, folder):
    """The stage holds no bytes of its own, so a retrained model is what loads."""
    place = stage(home, folder, INDEX, FILES)
    shutil.move(folder, folder.with_name("old"))
    (folder / "unet").mkdir(parents=True)
    (folder / "unet/config.json").write_text('{"new": 1}')
    (folder / "unet/model.safetensors").write_text("new")
    assert (stage(home, folder, INDEX, FILES) / "unet/model.safetensors").read_text() == "new"
    assert (place / "unet/config.json").read_text() == '{"new": 1}'
