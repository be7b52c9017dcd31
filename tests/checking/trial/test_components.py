"""Trials of components and blocks: saved, loaded, and called in a tiny pipeline."""

import sys

import pytest
from tests.samples.modular import CODE_OF_BLOCKS, INDEX, modular_index, net, written

OWN = """
import torch
from diffusers import AutoencoderKL, ConfigMixin, DDIMScheduler, FlowMatchEulerDiscreteScheduler, ModelMixin
from diffusers import ModularPipelineBlocks, UNet2DConditionModel
from diffusers.configuration_utils import register_to_config
from diffusers.models.unets.unet_2d_condition import UNet2DConditionOutput
from diffusers.modular_pipelines import ComponentSpec, InputParam, OutputParam
from transformers import CLIPTextModel

"""

NET = """
class Net(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, in_channels: int = 4, sample_size: int = 8, time_cond_proj_dim=None):
        super().__init__()
        self.conv = torch.nn.Conv2d(in_channels, in_channels, 3, padding=1)

    def forward(self, sample, timestep, encoder_hidden_states, return_dict=True, **others):
        out = self.conv(sample) * encoder_hidden_states.mean()
        return UNet2DConditionOutput(sample=out) if return_dict else (out,)
"""

BLOCKS = """
class Twice(ModularPipelineBlocks):
    @property
    def description(self):
        return "Draws twice as many steps."

    @property
    def inputs(self):
        return [InputParam("num_inference_steps", type_hint=int, default=4), InputParam("prompt", required=True)]

    @property
    def intermediate_outputs(self):
        return [OutputParam("steps", type_hint=int)]

    def __call__(self, components, state):
        block = self.get_block_state(state)
        block.steps = 2 * block.num_inference_steps
        self.set_block_state(state, block)
        return components, state
"""


@pytest.fixture(autouse=True)
def _own_modules(tmp_path, monkeypatch):
    """What plain diffusers copies goes into a folder of the test, as in a trial's own process."""
    monkeypatch.setattr("diffusers.utils.dynamic_modules_utils.HF_MODULES_CACHE", str(tmp_path / "modules"))
    monkeypatch.setattr("sys.path", list(sys.path))


@pytest.fixture
def own(code):
    """``own(body)``: a file that defines a component; its path."""
    return lambda body: code(body, head=OWN)


@pytest.mark.parametrize(
    ("base", "method", "place"),
    [
        ("UNet2DConditionModel", "forward", "the unet of StableDiffusionPipeline"),
        ("AutoencoderKL", "decode", "the vae of StableDiffusionPipeline"),
        ("CLIPTextModel", "forward", "the text_encoder of StableDiffusionPipeline"),
        ("DDIMScheduler", "step", "the scheduler of StableDiffusionPipeline"),
        ("FlowMatchEulerDiscreteScheduler", "step", "the scheduler of StableDiffusion3Pipeline"),
    ],
)
def test_it_is_tried_in_the_place_of_the_stock_one(trial, own, base, method, place):
    """Its own code runs there, and it comes back from a folder as it was saved."""
    body = f"class Mine({base}):\n    def {method}(self, *args, **kwargs):\n"
    report = trial(own(f"{body}        return super().{method}(*args, **kwargs)\n"), quick=True)
    assert report.runs, report.error
    assert report.kind == ("scheduler" if "Scheduler" in base else "model")
    assert report.output == "images: float32 (1, 64, 64, 3)"
    assert report.arguments["(in)"] == place
    assert {name: each.verdict for name, each in report.findings.items()} == {"own_code": "yes", "saved": "yes"}
    assert method in report.findings["own_code"].detail


def test_everything_else_is_found_out_too(trial, own):
    """As of the pipeline that it is in."""
    report = trial(own("class Mine(DDIMScheduler):\n    order = 1\n"))
    assert {name: each.verdict for name, each in report.findings.items()} == {
        "own_code": "no",
        "saved": "yes",
        "deterministic": "yes",
        "steps": "yes",
        "generator": "yes",
        "dtype": "yes",
        "batch": "yes",
        "callback": "yes",
    }


def test_a_model_of_its_own_is_known_by_what_it_takes(trial, own):
    """No base tells what it stands for, its forward does."""
    report = trial(own(NET), quick=True)
    assert report.runs, report.error
    assert report.arguments["(in)"] == "the unet of StableDiffusionPipeline"
    assert report.findings["own_code"].detail == "of its own ran forward"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("sample, timestep, encoder_hidden_states, ", "waves, ", "nothing tells which pipeline it belongs to"),
        ("out = self", "raise KeyError('film')\n        out = self", "it may not be meant as the unet"),
    ],
)
def test_a_model_that_nobody_knows_how_to_call(trial, own, old, new, says):
    """It is built, saved and loaded, and that is what the report says."""
    assert old in NET
    report = trial(own(NET.replace(old, new)))
    assert (report.runs, report.reached) == (True, "done"), report.error
    assert report.output == "a model with 148 weights in 2 tensors"
    assert {name: each.verdict for name, each in report.findings.items()} == {"saved": "yes", "called": "unknown"}
    assert says in report.findings["called"].detail


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (
            "__init__()\n",
            "__init__()\n        self.register_to_config(sample_size=sample_size + 1)\n",
            "config: sample_size",
        ),
        (
            "return_dict=True, **others):",
            "return_dict=True, **others):\n        pass\n\n    def _save_to_state_dict(self, target, prefix, keep):\n"
            "        target[prefix + 'seed'] = torch.rand(2)\n\n    def other(self, sample, encoder_hidden_states):",
            "seed",
        ),
    ],
)
def test_what_is_not_saved_whole_does_not_run(trial, own, old, new, says):
    """With what differs."""
    assert old in NET
    report = trial(own(NET.replace(old, new)), quick=True)
    assert (report.runs, report.reached) == (False, "components")
    assert says in report.error.message


def test_a_component_that_fails_in_its_place(trial, own):
    """Is told like a pipeline that fails, with the line."""
    report = trial(own("class Mine(DDIMScheduler):\n    def step(self, *a, **k):\n        return torch.zeros(2)[5]\n"))
    assert (report.loads, report.runs, report.reached) == (True, False, "call")
    assert report.error.kind == "IndexError"
    assert report.error.place.startswith("community.py:")


def test_blocks_are_run_by_themselves(trial, own):
    """Constructed, described, called, saved, and loaded by plain diffusers."""
    report = trial(own(BLOCKS), settings={"num_inference_steps": "5"})
    assert report.runs, report.error
    assert (report.kind, report.output) == ("blocks", "steps: int")
    told = {name: each.verdict for name, each in report.findings.items()}
    assert {"own_code": "yes", "documented": "yes", "saved": "yes", "deterministic": "unknown"}.items() <= told.items()
    assert report.arguments["num_inference_steps"] == "5"


def test_blocks_get_the_components_that_they_expect(trial, own):
    """Tiny ones."""
    expected = """    @property
    def expected_components(self):
        return [ComponentSpec('vae', AutoencoderKL), ComponentSpec('text_encoder', CLIPTextModel)]

    @property
    def inputs"""
    body = BLOCKS.replace("    @property\n    def inputs", expected).replace(
        "2 *", "components.vae.config.latent_channels *"
    )
    report = trial(own(body), quick=True)
    assert report.runs, report.error


def test_blocks_with_a_model_of_ones_own(trial, tmp_path):
    """Its components go through the gate as they do when they are loaded."""
    folder = written({**CODE_OF_BLOCKS, INDEX: modular_index("ana/castle"), **net(folder="net")}, tmp_path / "castle")
    report = trial(str(folder), model=str(folder), quick=True)
    assert (report.reached, report.error.kind) == ("components", "NotTrusted")
    report = trial(str(folder), model=str(folder), trust_remote_code=True, quick=True, settings={"number": "2"})
    assert report.runs, report.error
    assert report.output == "number: float"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_blocks_that_are_chosen_get_what_a_plain_call_needs(trial, own):
    """No ControlNet for a text to image call of blocks that have one for others."""
    body = "from diffusers import StableDiffusionXLAutoBlocks\n\n\nclass Mine(StableDiffusionXLAutoBlocks):\n    pass\n"
    report = trial(own(body), quick=True)
    assert report.runs, report.error
    assert report.output.startswith("images")


def test_blocks_that_want_what_other_blocks_make(trial, own):
    """Nobody can tell what that is; the report says so."""
    body = BLOCKS.replace('"prompt"', '"flux_capacitor"').replace(
        "block.steps =", "block.steps = block.flux_capacitor['charge'] *"
    )
    report = trial(own(body))
    assert report.runs, report.error
    assert report.output == "blocks with 2 inputs and 1 outputs"
    assert "flux_capacitor" in report.findings["called"].detail


@pytest.mark.parametrize("body", [NET, BLOCKS, "class Mine(DDIMScheduler):\n    order = 1\n"])
def test_a_count_of_pipelines_leaves_them_out(trial, own, body):
    """There they are files without a pipeline, as before."""
    report = trial(own(body), pipelines_only=True)
    assert (report.runs, report.error.kind, report.kind) == (False, "NoClass", "pipeline")


def test_a_pipeline_in_the_same_file_is_what_is_meant(trial, own):
    """Unless the component is named."""
    both = own(
        "class Mine(DDIMScheduler):\n    order = 1\n\n\n"
        "from diffusers import StableDiffusionPipeline\n\n\nclass Pipe(StableDiffusionPipeline):\n    pass\n"
    )
    assert trial(both, quick=True).class_name == "Pipe"
    named = trial(both, quick=True, class_name="Mine")
    assert (named.class_name, named.kind, named.runs) == ("Mine", "scheduler", True)


@pytest.mark.parametrize("body", ["class Mine:\n    pass\n", "x = 1\n"])
def test_neither_pipeline_nor_component(trial, own, body):
    """Is told as ever."""
    assert trial(own(body)).error.kind == "NoClass"


def test_several_components_are_asked_about(trial, own):
    """The error lists them."""
    body = "class One(DDIMScheduler):\n    order = 1\n\n\nclass Two(DDIMScheduler):\n    order = 1\n"
    assert trial(own(body)).error.kind == "SeveralClasses"
    assert trial(own(body), class_name="Two", quick=True).runs


def test_a_model_cannot_be_given_for_a_component(trial, own, sd_folder):
    """It is tried in a tiny one."""
    report = trial(own(NET), model=str(sd_folder))
    assert report.error.kind == "OptionError"
    assert "--model" in report.error.hint


def test_plain_diffusers_loads_components_too(child, own):
    """By the same class, with the same result."""
    ref = own("class Mine(DDIMScheduler):\n    def step(self, *a, **k):\n        return super().step(*a, **k)\n")
    theirs, _ = child(ref, "--quick", "--loader", "diffusers")
    assert theirs.runs, theirs.error
    ours, _ = child(ref, "--quick")
    assert ours.output_digest == theirs.output_digest != ""
