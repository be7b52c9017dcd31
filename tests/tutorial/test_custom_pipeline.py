"""The tutorial's sections on `custom_pipeline`: by name, at a revision, from a folder."""

import shutil

import pytest
import torch
from PIL import Image
from tests.tutorial.snippets import run

pytestmark = pytest.mark.usefixtures("mirror", "sd3")


def _edits(pipeline):
    picture = Image.new("RGB", (32, 32), "red")
    edited = pipeline("make it snow", picture, num_inference_steps=2, generator=torch.manual_seed(0)).images[0]
    return edited.size == (32, 32) and edited.tobytes() != picture.tobytes()


@pytest.mark.parametrize("snippet", ["custom_pipeline", "custom_revision"])
def test_a_pipeline_of_the_community_folder_loads_by_name_and_edits(snippet):
    """The first examples give the community class in half precision, and it edits a picture."""
    pipeline = run(snippet)["pipeline"]
    assert type(pipeline).__name__ == "StableDiffusion3InstructPix2PixPipeline"
    assert pipeline.transformer.dtype == pipeline.vae.dtype == torch.float16
    assert pipeline.gremio.pipeline.source == "mirror"
    assert _edits(pipeline)


def test_the_revision_is_the_folder_of_the_mirror():
    """`custom_revision="main"` takes main, not the installed version's folder."""
    assert run("custom_revision")["pipeline"].gremio.pipeline.revision == "main"
    assert run("custom_pipeline")["pipeline"].gremio.pipeline.revision.startswith("v")


def test_a_local_folder_loads_by_its_relative_path_and_edits(tmp_path, edit_code, monkeypatch):
    """`ruta/a/tu/carpeta`, relative to the current directory, is a folder with `pipeline.py`."""
    folder = tmp_path / "here" / "ruta" / "a" / "tu" / "carpeta"
    folder.mkdir(parents=True)
    shutil.copy(edit_code, folder / "pipeline.py")
    monkeypatch.chdir(tmp_path / "here")
    pipeline = run("local folder")["pipeline"]
    assert pipeline.gremio.pipeline.repo == str(folder)
    assert _edits(pipeline)
