"""The repositories that the tutorial names, on a local Hub: real architectures at tiny size."""

from importlib.metadata import version

import pytest
from tests.samples import instruct_pix2pix_sd3, long_prompt_weighting_sd, tiny_sd3

MIRROR = "diffusers/community-pipelines-mirror"
FOLDERS = ("main", f"v{version('diffusers')}")


@pytest.fixture(scope="session")
def sd3_folder(tmp_path_factory):
    """A tiny Stable Diffusion 3 that edits; look, don't write."""
    return tiny_sd3(tmp_path_factory.mktemp("models") / "sd3", edit=True)


@pytest.fixture
def edit_code(tmp_path):
    """The file `pipeline_stable_diffusion_3_instruct_pix2pix.py`."""
    return instruct_pix2pix_sd3(tmp_path / "community")


@pytest.fixture
def mirror(put, tmp_path, edit_code):
    """Diffusers' community folder with the tutorial's two pipelines, at main and at the installed version."""
    files = [edit_code, long_prompt_weighting_sd(tmp_path / "community")]
    contents = {f"{folder}/{file.name}": file.read_bytes() for folder in FOLDERS for file in files}
    put(MIRROR, contents, repo_type="dataset")


@pytest.fixture
def sd3(put, sd3_folder):
    """`stabilityai/stable-diffusion-3-medium-diffusers`."""
    put("stabilityai/stable-diffusion-3-medium-diffusers", sd3_folder)


@pytest.fixture
def cyber_realistic(put, sd_folder):
    """`emilianJR/CyberRealistic_V3`."""
    put("emilianJR/CyberRealistic_V3", sd_folder)


@pytest.fixture
def show_1(put, show_one_folder, one_hub):
    """`showlab/show-1-base`, for transformers and diffusers too."""
    put("showlab/show-1-base", show_one_folder)
