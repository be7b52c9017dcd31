"""Trials of pipelines whose components are the repository's own, and are made elsewhere in it."""

from __future__ import annotations

import pytest

PIPELINE = """
import torch
from diffusers import DiffusionPipeline

class Dance(DiffusionPipeline):
    def __init__(self, painter, guide, scheduler, spare=None):
        super().__init__()
        self.register_modules(painter=painter, guide=guide, scheduler=scheduler, spare=spare)

    @torch.no_grad()
    def __call__(self, generator=None, num_inference_steps: int = 50):
        image = torch.randn(1, self.painter.config.in_channels, 8, 8, generator=generator)
        image = image + self.guide(torch.ones(1, 3, 8, 8))
        self.scheduler.set_timesteps(num_inference_steps)
        for t in self.scheduler.timesteps:
            image = self.scheduler.step(self.painter(image, t), t, image).prev_sample
        return image
"""
NETS = """
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

class Painter(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, in_channels: int = 4, hidden_dim: int = 1280):
        super().__init__()
        self.enter, self.leave = torch.nn.Linear(hidden_dim, 1), torch.nn.Conv2d(in_channels, in_channels, 1)

    def forward(self, image, t):
        return self.leave(image) + self.enter(torch.ones(1, 48)).mean()

class Guide(torch.nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = torch.nn.Conv2d(3, channels, 1)

    def forward(self, image):
        return self.conv(image)
"""
SCRIPT = """
from nets import Guide, Painter
from pipe import Dance
painter = Painter.from_pretrained("x").to("cuda")
Dance(painter, guide=Guide(320), scheduler=None)
"""


@pytest.fixture
def project(write):
    """The path of a pipeline's file in a project; the file itself imports none of its components."""
    for name, text in {"README.md": "", "nets.py": NETS, "run.py": SCRIPT}.items():
        write(text, name)
    return str(write(PIPELINE, "pipe.py"))


def test_components_that_only_a_script_names(trial, project):
    """They are loaded with the pipeline and made small; numbers that do not fit together are fitted to each other."""
    report = trial(project, quick=True)
    assert report.runs, report.error
    assert report.arguments["(painter)"] == "Painter of nets.py (run.py, line 4)"
    assert report.arguments["(guide)"] == "Guide of nets.py (run.py, line 5)"
    assert report.output == "output: float32 (1, 4, 8, 8)"
    assert report.peak_mb < 2000


def test_a_component_whose_code_fails_is_no_fault_of_the_pipeline_s(trial, project, write):
    """The class loads, and the report says where its component does not."""
    write("raise RuntimeError('no nets today')\n" + NETS, "nets.py")
    report = trial(project, quick=True)
    assert (report.loads, report.reached, report.error.kind) == (True, "components", "RuntimeError")
    assert "no nets today" in report.error.message
    write("import no_such_package_xyz\n" + NETS, "nets.py")
    assert trial(project, quick=True).missing == ("no-such-package-xyz",)


def test_components_by_the_caller_s_word(trial, project, write):
    """A class of the code or of the libraries; what is not there is told before anything runs."""
    write("", "run.py")
    write(PIPELINE.replace("painter", "brush").replace("guide", "arrow"), "pipe.py")
    told = trial(project, quick=True)
    assert "brush (it gives no type); arrow (it gives no type)" in told.error.message
    assert "--component" in told.error.hint
    given = {"brush": "nets.py:Painter", "arrow": "Guide"}
    report = trial(project, quick=True, components=given)
    assert report.runs, report.error
    assert report.arguments["(arrow)"] == "Guide of nets.py (as asked)"
    for wrong, says in (({"arow": "Guide"}, "no component 'arow'"), ({"arrow": "Guid"}, "no class Guid")):
        told = trial(project, quick=True, components=wrong)
        assert told.reached == "read"
        assert says in told.error.message
    assert "--model" in trial(project, components=given, model="x/y").error.hint


def test_arguments_in_other_forms(trial, code):
    """Films, tensors, films as tensors, several kinds of one picture, words that are not wanted: as the errors ask."""
    report = trial(
        code("""
        class Forms(DiffusionPipeline):
            def __init__(self, unet: UNet2DModel):
                super().__init__()
                self.register_modules(unet=unet)

            def __call__(self, ref_images, pose_image, clip, guidance_scale, image_a=None, image_b=None,
                         negative_prompt=None):
                sizes = [each.size for each in ref_images]
                pose_image = pose_image.to("cpu")
                b, c, f, h, w = clip.shape
                if image_a is None or image_b is None:
                    raise ValueError("`image` input cannot be undefined.")
                words = len(negative_prompt)
                assert guidance_scale > 1
                return torch.zeros(len(sizes), c, h, w)
        """),
        quick=True,
    )
    assert report.runs, report.error
    assert report.output == "output: float32 (4, 3, 16, 16)"
    assert report.arguments["negative_prompt"] == "''"
