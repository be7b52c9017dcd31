"""The tutorial's section on community components: `showlab/show-1-base`, step by step."""

import shutil

import pytest
import torch
from tests.tutorial.snippets import SNIPPETS, run

import gremio

# diffusers passes the Hub's client an argument that it no longer takes, and numpy tensors of torch.
pytestmark = [
    pytest.mark.usefixtures("show_1"),
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks` argument:UserWarning"),
]


@pytest.fixture
def beside_the_code(tmp_path, show_one_folder, monkeypatch):
    """The current directory holds the repository's Python files, as somebody who follows the tutorial has them."""
    here = tmp_path / "here"
    here.mkdir()
    for file in show_one_folder.rglob("*.py"):
        shutil.copy(file, here)
    monkeypatch.chdir(here)
    return here


def _films(pipeline):
    frames = pipeline("a red cat", num_inference_steps=2, generator=torch.manual_seed(0)).frames[0]
    return [frame.size for frame in frames] == [(16, 16)] * 4


def _is_half(pipeline):
    return pipeline.unet.dtype == pipeline.text_encoder.dtype == torch.float16


def test_the_three_steps_run_with_plain_imports(beside_the_code, monkeypatch, forget_imports):
    """With `gremio.install()`, the constructor of an imported class takes `device_map` and `torch_dtype`."""
    monkeypatch.syspath_prepend(beside_the_code)
    gremio.install()
    try:
        names = run("components 3", run("components 2", run("components 1")))
    finally:
        gremio.uninstall()
    assert _is_half(names["pipeline"])
    assert _films(names["pipeline"])


def test_the_three_steps_run_with_load_class(beside_the_code):
    """`load_class` gives the classes that the tutorial imports, and nothing else changes."""
    names = run("components 1")
    names["ShowOneUNet3DConditionModel"] = gremio.load_class("./showone_unet_3d_condition.py")
    names["TextToVideoIFPipeline"] = gremio.load_class("./pipeline_t2v_base_pixel.py")
    for step in ("components 2", "components 3"):
        _, _, code = SNIPPETS[step].strip().partition("\n")
        exec(code.replace("cuda", "cpu"), names)
    assert _is_half(names["pipeline"])
    assert _films(names["pipeline"])


def test_the_whole_model_loads_by_its_name():
    """What the three steps build by hand is one line."""
    pipeline = gremio.DiffusionPipeline.from_pretrained("showlab/show-1-base", trust_remote_code=True)
    assert type(pipeline.unet).__name__ == "ShowOneUNet3DConditionModel"
    assert set(pipeline.gremio.components) == {"unet"}
    assert _films(pipeline)
