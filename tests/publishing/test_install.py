"""``install`` and ``uninstall``: Gremio's loading under diffusers' own name."""

import diffusers
import pytest
from tests.samples.code import PLAIN

import gremio


@pytest.fixture
def put_in_place():
    """Gremio's methods in place while the test runs."""
    gremio.install()
    yield
    gremio.uninstall()


def test_a_script_that_imports_diffusers_gets_gremio(put_in_place, sd_folder, write):
    """``from_pretrained`` and ``from_pipe`` of diffusers' own class load community code."""
    pipe = diffusers.DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=write(PLAIN, "plain.py"))
    assert type(pipe).__name__ == "Plain"
    shared = diffusers.DiffusionPipeline.from_pipe(pipe, custom_pipeline=write(PLAIN, "plain.py"))
    assert shared.unet is pipe.unet
    assert shared.gremio.pipeline.class_name == "Plain"


def test_a_class_defined_meanwhile_takes_a_device_map(put_in_place, sd_folder):
    """Its constructor places; after ``uninstall`` it is the author's own again."""

    class Meanwhile(diffusers.DiffusionPipeline):
        def __init__(self, unet=None):
            super().__init__()
            self.register_modules(unet=unet)

    assert Meanwhile(device_map="cpu", torch_dtype="fp16") is not None
    gremio.uninstall()
    with pytest.raises(TypeError, match="device_map"):
        Meanwhile(device_map="cpu")


def test_uninstall_gives_everything_back(sd_folder):
    """After install, install, uninstall, diffusers is as it was and loads as it did."""
    before = dict(vars(diffusers.DiffusionPipeline))
    gremio.install()
    gremio.install()
    assert gremio.installed()
    gremio.uninstall()
    assert not gremio.installed()
    assert dict(vars(diffusers.DiffusionPipeline)) == before
    assert getattr(diffusers.DiffusionPipeline.from_pretrained(sd_folder), "gremio", None) is None
    gremio.uninstall()
    assert dict(vars(diffusers.DiffusionPipeline)) == before


def test_a_pipeline_loaded_under_install_outlives_it(sd_folder, write):
    """What was loaded goes on drawing."""
    gremio.install()
    pipe = diffusers.DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=write(PLAIN, "plain.py"))
    gremio.uninstall()
    assert pipe("a cat", num_inference_steps=1, output_type="latent").images.shape == (1, 4, 8, 8)
