"""What is told of an object in memory."""

from __future__ import annotations

import json
from pathlib import Path

import diffusers
import pytest
import torch
from diffusers.modular_pipelines import ComponentSpec, InputParam, ModularPipelineBlocks, OutputParam
from tests.samples.code import PLAIN

from gremio import DiffusionPipeline, load_class
from gremio.errors import ModelError
from gremio.publishing.proof.facts import Facts, differences
from gremio.publishing.proof.object_facts import facts_of
from gremio.publishing.proof.weight_digests import weights_of


@pytest.fixture
def pipe(sd_folder: Path) -> diffusers.StableDiffusionPipeline:
    """Loaded anew, so that a test may change it."""
    return diffusers.StableDiffusionPipeline.from_pretrained(sd_folder)


@pytest.fixture
def expected(pipe: diffusers.StableDiffusionPipeline) -> Facts:
    """Of the same before it is changed."""
    return facts_of(pipe)


class Odd(torch.nn.Module):
    """Tensors of every kind, one of them not contiguous."""

    def __init__(self) -> None:
        super().__init__()
        self.turned = torch.nn.Parameter(torch.arange(6.0).reshape(2, 3).T)
        self.register_buffer("scalar", torch.tensor(3))
        self.register_buffer("flags", torch.tensor([True, False]))
        self.register_buffer("waves", torch.tensor([1 + 2j]))
        self.register_buffer("none", torch.zeros(0, 4))

    def forward(self, sample: torch.Tensor, *, scale: float = 1.0) -> torch.Tensor:
        """Not called."""
        return sample * scale


class Notes:
    """A component that is neither a model nor configured."""


class Step(ModularPipelineBlocks):
    """A block that needs a scheduler."""

    model_name = "test"

    @property
    def expected_components(self) -> list[ComponentSpec]:
        """One."""
        return [ComponentSpec("scheduler", diffusers.DDIMScheduler)]

    @property
    def inputs(self) -> list[InputParam]:
        """One."""
        return [InputParam("prompt")]

    @property
    def intermediate_outputs(self) -> list[OutputParam]:
        """One."""
        return [OutputParam("latents")]


class OtherStep(Step):
    """Another input."""

    @property
    def inputs(self) -> list[InputParam]:
        """One."""
        return [InputParam("image")]


def test_saved_and_loaded_is_the_same(pipe, expected: Facts, tmp_path: Path) -> None:
    """Facts survive saving, and JSON."""
    pipe.save_pretrained(tmp_path / "saved")
    found = facts_of(diffusers.DiffusionPipeline.from_pretrained(tmp_path / "saved"))
    assert differences(expected, found) == ()
    assert Facts.from_dict(json.loads(json.dumps(found.as_dict()))) == expected


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_agrees_with_what_is_loaded_of_it(pipe, expected: Facts, tmp_path: Path, dtype) -> None:
    """diffusers loads it as float32; the values are the same, and not those of before."""
    pipe.to(dtype)
    facts = facts_of(pipe)
    pipe.save_pretrained(tmp_path / "half")
    loaded = diffusers.DiffusionPipeline.from_pretrained(tmp_path / "half")
    assert loaded.unet.dtype == torch.float32
    assert differences(facts, facts_of(loaded)) == ()
    assert differences(expected, facts) != ()


def test_one_changed_value_is_told(pipe, expected: Facts) -> None:
    """By component and name."""
    with torch.no_grad():
        pipe.unet.conv_in.bias[3] += 1e-6
    (told,) = differences(expected, facts_of(pipe))
    assert told.startswith("unet: weight conv_in.bias is float [8] ")


def test_a_scheduler_is_its_settings(pipe, expected: Facts) -> None:
    """With another prediction type pictures are others."""
    pipe.scheduler = diffusers.DDIMScheduler.from_config(pipe.scheduler.config, prediction_type="epsilon")
    assert differences(expected, facts_of(pipe)) == (
        'scheduler: config prediction_type is "epsilon" and should be "v_prediction"',
    )


def test_a_model_is_also_its_settings(pipe, expected: Facts) -> None:
    """The same weights with another scale draw other pictures."""
    pipe.vae.register_to_config(scaling_factor=1.0)
    assert differences(expected, facts_of(pipe)) == ("vae: config scaling_factor is 1.0 and should be 0.18215",)


def test_another_class_and_none_are_told(pipe, expected: Facts) -> None:
    """The class is named with its library."""
    pipe.scheduler = diffusers.EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    pipe.register_modules(vae=None)
    told = differences(expected, facts_of(pipe))
    assert "vae: it is None and should be AutoencoderKL of diffusers" in told
    assert "scheduler: it is EulerDiscreteScheduler of diffusers and should be DDIMScheduler of diffusers" in told


def test_a_tokenizer_is_what_it_does(pipe, expected: Facts) -> None:
    """One more word is another tokenizer."""
    pipe.tokenizer.add_tokens(["gremio"])
    pipe.tokenizer.model_max_length = 70
    (told,) = differences(expected, facts_of(pipe))
    assert "vocabulary is 571 " in told
    assert "longest text is 70 and should be 77" in told


def test_offloaded_weights_are_those_that_were_put_away(pipe, expected: Facts) -> None:
    """accelerate leaves nothing but shapes in the model."""
    from accelerate import cpu_offload

    cpu_offload(pipe.unet, torch.device("cpu"), offload_buffers=True)
    assert pipe.unet.conv_in.weight.is_meta
    assert differences(expected, facts_of(pipe)) == ()


def test_weights_without_values_are_refused() -> None:
    """Nothing can be said of them."""
    with pytest.raises(ModelError, match="weight of Linear has no values: it is on the meta device"):
        facts_of(torch.nn.Linear(2, 2, device="meta"))


def test_compiled_models_are_what_was_compiled(pipe, expected: Facts) -> None:
    """The wrapper's class and names are none of the author's."""
    pipe.unet = torch.compile(pipe.unet, backend="eager")
    assert facts_of(pipe).components["unet"] == expected.components["unet"]


def test_tensors_of_every_kind() -> None:
    """Shape, kind and values, however they lie in memory."""
    weights = weights_of(Odd())
    assert {name: told.rpartition(" ")[0] for name, told in weights.items()} == {
        "turned": "float [3, 2]",
        "scalar": "int64 []",
        "flags": "bool [2]",
        "waves": "complex [1]",
        "none": "float [0, 4]",
    }
    laid_out = Odd()
    laid_out.turned.data = laid_out.turned.data.contiguous()
    assert weights_of(laid_out) == weights


def test_large_tensors_are_read_piece_by_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pieces make the same digest as the whole."""
    model = torch.nn.Linear(64, 64)
    whole = weights_of(model)
    monkeypatch.setattr("gremio.publishing.proof.weight_digests._CHUNK", 100)
    assert weights_of(model) == whole


def test_a_single_component() -> None:
    """Its own code's methods are told by their parameters."""
    facts = facts_of(Odd())
    assert (facts.what, facts.class_name, facts.whole.library) == ("component", "Odd", "")
    component = facts.components[""]
    assert component is not None
    assert component.parts["method forward"] == "self, sample, scale"
    assert facts_of(Notes()).components[""].parts == {}


def test_a_class_without_weights(write) -> None:
    """By name and methods; another signature is told."""
    plain = load_class(write(PLAIN, "plain.py"))
    other = load_class(write(PLAIN.replace("pass", "def __call__(self, prompt, scale=1): ..."), "other.py"))
    expected, found = facts_of(plain), facts_of(other)
    assert (expected.what, expected.class_name) == ("code", "Plain")
    assert differences(expected, found) == ("the code: method __call__ is there and not expected",)


def test_community_pipelines_agree_with_plain_ones(write, sd_folder: Path) -> None:
    """Gremio's additions to a class (placement, mends) are no part of it."""
    ours = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=write(PLAIN, "plain.py"))
    scope: dict[str, type] = {"__name__": "plain"}
    exec(PLAIN, scope)
    assert differences(facts_of(scope["Plain"].from_pretrained(sd_folder)), facts_of(ours)) == ()


def test_blocks() -> None:
    """By what they take, make and need, and what they are made of."""
    expected = facts_of(Step())
    assert expected.what == "blocks"
    assert expected.whole.parts["components"] == '["scheduler: DDIMScheduler"]'
    told = differences(expected, facts_of(OtherStep()))
    assert "the blocks: it is OtherStep of its own code and should be Step of its own code" in told
    assert 'the blocks: inputs is ["image"] and should be ["prompt"]' in told
    joined = diffusers.SequentialPipelineBlocks.from_blocks_dict({"step": Step})
    assert list(facts_of(joined).components) == ["block step"]
