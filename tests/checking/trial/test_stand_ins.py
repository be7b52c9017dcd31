"""Tiny models in place of those that a pipeline fetches by itself."""

import diffusers
import pytest
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

from gremio.checking.trial.options import Options
from gremio.checking.trial.stages import try_out
from gremio.checking.trial.stand_ins import stand_ins

FETCHING = """
import torch
from diffusers import DiffusionPipeline, StableDiffusionPipeline, UNet2DConditionModel

class MyUNet(UNet2DConditionModel):
    pass

class Fetching(DiffusionPipeline):
    def __init__(self, scheduler):
        super().__init__()
        self.inner = StableDiffusionPipeline.from_pretrained("nobody/nothing", torch_dtype=torch.bfloat16)
        unet = MyUNet.from_pretrained("nobody/nothing", subfolder="unet")
        self.register_modules(scheduler=scheduler, unet=unet)

    def __call__(self, prompt, num_inference_steps=50):
        assert type(self.unet) is MyUNet
        return self.inner(prompt, num_inference_steps=num_inference_steps, output_type="np")
"""


def test_a_pipeline_that_fetches_its_parts_runs(write):
    """A whole pipeline and a component of the file's own class stand in, and the report says for what."""
    report = try_out(Options(str(write(FETCHING)), quick=True))
    assert report.runs, report.error
    told = report.arguments["(in place of the Hub's)"]
    assert told == "a tiny StableDiffusionPipeline for nobody/nothing, a tiny MyUNet for nobody/nothing"


@pytest.mark.parametrize("cls", [AutoencoderKL, UNet2DConditionModel, CLIPTextModel, DDIMScheduler])
def test_components_stand_in(cls):
    """Each is of the class that asked."""
    with stand_ins(seed=0) as made:
        assert isinstance(cls.from_pretrained("owner/repo"), cls)
    assert made == [f"a tiny {cls.__name__} for owner/repo"]


def test_dtype_and_components_that_are_passed_count():
    """What the code passes to from_pretrained is in the stand-in."""
    scheduler = DDIMScheduler(steps_offset=1, clip_sample=False)
    with stand_ins(seed=0):
        pipe = StableDiffusionPipeline.from_pretrained("owner/repo", dtype=torch.bfloat16, scheduler=scheduler)
    assert pipe.unet.dtype is torch.bfloat16
    assert pipe.scheduler is scheduler


def test_folders_are_loaded_and_everything_is_put_back(sd_folder):
    """A folder is what it is; afterwards nothing of the libraries is changed."""
    before = {
        owner: vars(owner)["from_pretrained"]
        for owner in (diffusers.DiffusionPipeline, diffusers.ModelMixin, diffusers.SchedulerMixin)
    }
    with stand_ins(seed=0) as made:
        StableDiffusionPipeline.from_pretrained(sd_folder)
        StableDiffusionPipeline.from_pretrained(str(sd_folder))
    assert made == []
    assert {owner: vars(owner)["from_pretrained"] for owner in before} == before
