"""Community-style files for trials, and trials in processes of their own."""

from textwrap import dedent
from types import SimpleNamespace

import pytest

from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.options import Options
from gremio.checking.trial.report import Report
from gremio.checking.trial.stages import try_out
from gremio.machine.processes import Children, Limits

HEAD = """
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, StableDiffusionPipeline, UNet2DModel
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput
"""

PAINTER = '''
class Painter(DiffusionPipeline):
    def __init__(self, unet: UNet2DModel, scheduler: DDIMScheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    @torch.no_grad()
    def __call__(self, batch_size: int = 1, generator=None, num_inference_steps: int = 50, output_type="pil",
                 callback_on_step_end=None):
        """Draws noise."""
        size = self.unet.config.sample_size
        shape = (batch_size, self.unet.config.in_channels, size, size)
        image = torch.randn(shape, generator=generator, dtype=self.unet.dtype)
        self.scheduler.set_timesteps(num_inference_steps)
        for i, t in enumerate(self.scheduler.timesteps):
            image = self.scheduler.step(self.unet(image, t).sample, t, image).prev_sample
            if callback_on_step_end is not None:
                callback_on_step_end(self, i, t, {"latents": image})
        image = (image / 2 + 0.5).clamp(0, 1).float().permute(0, 2, 3, 1).numpy()
        return ImagePipelineOutput(images=image)
'''


def plan_of(call, settings=(), **parts):
    """The plan for a class whose ``__call__`` this is; its UNet makes 8 by 8 latents, its VAE shrinks 8 times."""
    unet = SimpleNamespace(config={"sample_size": 8, "in_channels": 4})
    vae = SimpleNamespace(config={"block_out_channels": [1, 1, 1, 1]})
    cls = type("Made", (), {"__call__": call})
    made = cls()
    vars(made).update({"unet": unet, "vae": vae, **parts})
    return Plan.of(made, dict(settings), 5)


@pytest.fixture
def code(write):
    """``code(body)``: a file with the usual imports and this; its path as text."""

    def make(body, *, head=HEAD):
        return str(write(head + dedent(body), "community.py"))

    return make


@pytest.fixture
def trial():
    """``trial(ref, **options)``: a report, made in this process."""

    def run(ref, **options):
        return try_out(Options(ref=ref, **options))

    return run


@pytest.fixture
def child(forks):
    """``child(ref, *arguments)``: the report of a trial in a process of its own, and what it printed to stderr."""

    def run(ref, *arguments):
        done = Children().run([*forks, "gremio.checking.trial", ref, *arguments], Limits(60))
        assert done.code == 0, done.err
        assert len(done.out.splitlines()) == 1
        return Report.from_output(done.out), done.err

    return run
