"""D30 to D34: `from_pipe` shares everything, copies nothing, and changes nothing of the source."""

import copy

import pytest
import torch
from diffusers import UNet2DConditionModel

from gremio import DiffusionPipeline, load_class
from gremio.errors import ComponentMissing, OptionError, SharingError

BARE = """
from diffusers import DiffusionPipeline

class Bare(DiffusionPipeline):
    model_cpu_offload_seq = "text_encoder->unet->vae"

    def __init__(self, vae, text_encoder, tokenizer, unet, scheduler, strength=0.5):
        super().__init__()
        self.register_modules(vae=vae, text_encoder=text_encoder, tokenizer=tokenizer, unet=unet, scheduler=scheduler)
        self.register_to_config(strength=strength)

    def __call__(self, steps=2):
        import torch
        self.scheduler.set_timesteps(steps)
        latents = torch.zeros(1, 4, 8, 8, dtype=self.unet.dtype)
        words = torch.zeros(1, 77, 16, dtype=self.unet.dtype)
        for step in self.scheduler.timesteps:
            noise = self.unet(latents, step, encoder_hidden_states=words).sample
            latents = self.scheduler.step(noise, step, latents).prev_sample
        self.maybe_free_model_hooks()
        return latents
"""
MODELS = ("unet", "vae", "text_encoder")


@pytest.fixture
def bare(tmp_path):
    """A community pipeline whose constructor has no annotations."""
    file = tmp_path / "code" / "bare.py"
    file.parent.mkdir()
    file.write_text(BARE)
    return file


@pytest.fixture
def source(sd_folder):
    """A tiny Stable Diffusion in half precision."""
    return DiffusionPipeline.from_pretrained(sd_folder, dtype=torch.float16)


def _tensors(pipeline):
    """What would show any copy, cast or move: the place, type and device of every tensor."""
    return {
        (name, key): (id(t), t.data_ptr(), t.dtype, t.device)
        for name in MODELS
        for key, t in getattr(pipeline, name).state_dict(keep_vars=True).items()
    }


def test_d30_a_class_without_annotations_takes_the_components(source, bare):
    """A constructor without annotations is served by name."""
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline=bare)
    assert type(shared).__name__ == "Bare"
    assert all(getattr(shared, name) is getattr(source, name) for name in (*MODELS, "tokenizer"))
    assert shared().isfinite().all()


def test_d31_a_component_of_a_subclass_is_taken(sd_folder):
    """A UNet of a class derived from the annotated one is shared like any other."""

    class MyUNet(UNet2DConditionModel):
        pass

    unet = MyUNet.from_pretrained(sd_folder, subfolder="unet")
    source = DiffusionPipeline.from_pretrained(sd_folder, unet=unet)
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline="local:shelf/long_prompt")
    assert shared.unet is unet


@pytest.mark.parametrize("arguments", [{}, {"dtype": torch.float16}, {"torch_dtype": "fp16"}, {"device_map": "cpu"}])
def test_d32_nothing_of_the_source_is_cast_moved_or_copied(source, bare, arguments):
    """With or without a dtype that agrees, every tensor stays where and what it was."""
    before, config = _tensors(source), copy.deepcopy(dict(source.config))
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline=bare, **arguments)
    assert _tensors(source) == before == _tensors(shared)
    assert dict(source.config) == config
    assert {p.dtype for name in MODELS for p in getattr(source, name).parameters()} == {torch.float16}


def test_d32_a_chain_of_pipelines_holds_one_set_of_weights(source, bare):
    """From a pipeline to a second and from that to a third, the tensors are the first one's."""
    second = DiffusionPipeline.from_pipe(source, custom_pipeline=bare)
    third = DiffusionPipeline.from_pipe(second, custom_pipeline="local:shelf/long_prompt")
    assert _tensors(third) == _tensors(source)


@pytest.mark.parametrize("dtype", [torch.float32, {"unet": torch.bfloat16}, {"default": torch.float32}])
def test_d32_a_dtype_that_differs_is_refused_with_the_way_out(source, bare, dtype):
    """The error names the component and what to do; the source is as it was."""
    before = _tensors(source)
    with pytest.raises(SharingError, match=r"is shared and holds torch\.float16") as caught:
        DiffusionPipeline.from_pipe(source, custom_pipeline=bare, dtype=dtype)
    assert "Leave out dtype" in caught.value.next_step
    assert _tensors(source) == before


def test_d33_the_scheduler_is_a_copy(source, bare):
    """A run of the new pipeline leaves the source's scheduler as it was, settings and state."""
    state = copy.deepcopy(vars(source.scheduler))
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline=bare)
    assert shared.scheduler is not source.scheduler
    assert shared.scheduler.config == source.scheduler.config
    shared(steps=7)
    assert source.scheduler.num_inference_steps is None
    assert str(vars(source.scheduler)) == str(state)


def test_d33_a_scheduler_that_is_passed_is_taken_itself(source, bare):
    """The caller's own scheduler is not copied."""
    own = copy.deepcopy(source.scheduler)
    assert DiffusionPipeline.from_pipe(source, custom_pipeline=bare, scheduler=own).scheduler is own


def test_d33_model_offload_goes_on_in_both(source, bare):
    """Offloaded models stay offloaded, and both pipelines run in turns."""
    source.enable_model_cpu_offload(device="cpu")
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline=bare)
    assert shared._offload_device == source._offload_device
    assert len(shared._all_hooks) == len(MODELS)
    for _ in range(2):
        assert shared().isfinite().all()
        source("a cat", num_inference_steps=1, output_type="latent")
    assert all(hasattr(getattr(shared, name), "_hf_hook") for name in MODELS)


def _hooks(model, attribute):
    return {name: getattr(m, attribute) for name, m in model.named_modules() if hasattr(m, attribute)}


def test_d33_sequential_offload_survives(source, bare):
    """The hooks that load each layer when it is needed stay on the shared models, the very same ones."""
    source.enable_sequential_cpu_offload(device="cpu")
    before = _hooks(source.unet, "_hf_hook")
    assert before
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline=bare)
    assert _hooks(shared.unet, "_hf_hook") == before == _hooks(source.unet, "_hf_hook")


def test_d33_group_offload_survives(source, bare):
    """Group offloading stays in place on the shared models, and the new pipeline runs with it."""
    source.unet.enable_group_offload(torch.device("cpu"), offload_type="leaf_level")
    before = _hooks(source.unet, "_diffusers_hook")
    assert before
    shared = DiffusionPipeline.from_pipe(source, custom_pipeline=bare)
    assert _hooks(shared.unet, "_diffusers_hook") == before
    assert shared().isfinite().all()


def test_d33_the_device_map_comes_along(source, bare):
    """Components that a device map placed stay placed, and the new pipeline knows it."""
    source.hf_device_map = {"unet": "cpu"}
    assert DiffusionPipeline.from_pipe(source, custom_pipeline=bare).hf_device_map == {"unet": "cpu"}


def test_d34_a_pipeline_built_by_hand_takes_device_map_and_dtype(source, bare):
    """The constructor of a loaded class places and casts, as the documentation shows it."""
    parts = {name: copy.deepcopy(getattr(source, name)) for name in (*MODELS, "tokenizer", "scheduler")}
    built = load_class(bare)(**parts, device_map="cpu", torch_dtype=torch.float32)
    assert built.unet.dtype == torch.float32
    assert built.device == torch.device("cpu")
    assert source.unet.dtype == torch.float16


def test_d34_a_built_pipeline_has_no_use_for_a_balanced_map(bare):
    """`device_map="balanced"` comes too late in a constructor, and the error says where it goes."""
    with pytest.raises(OptionError, match="too late") as caught:
        load_class(bare)(None, None, None, None, None, device_map="balanced")
    assert "from_pretrained" in caught.value.next_step


def test_from_pipe_names_what_the_source_lacks(source, tmp_path):
    """A class that needs more than the source has is refused with the component's name."""
    (tmp_path / "needs.py").write_text(
        "from diffusers import DiffusionPipeline\n"
        "class Needs(DiffusionPipeline):\n"
        "    def __init__(self, unet, controlnet):\n"
        "        super().__init__()\n"
    )
    with pytest.raises(ComponentMissing, match="Needs needs controlnet") as caught:
        DiffusionPipeline.from_pipe(source, custom_pipeline=tmp_path / "needs.py")
    assert caught.value.names == ("controlnet",)
    assert "controlnet=" in caught.value.next_step


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda pipe, code: DiffusionPipeline.from_pipe(pipe), "not told which class"),
        (lambda pipe, code: DiffusionPipeline.from_pipe("owner/model", custom_pipeline=code), "wants a pipeline"),
        (lambda pipe, code: DiffusionPipeline.from_pipe(pipe, custom_pipeline=code, strenght=1), "takes no strenght"),
    ],
)
def test_from_pipe_says_what_is_wrong_with_its_arguments(source, bare, call, words):
    """No class, no pipeline, an unknown setting: each has its own words."""
    with pytest.raises(OptionError, match=words):
        call(source, bare)


def test_settings_are_kept_through_a_class_that_has_none(source, bare):
    """A setting travels along a chain, even where a class between does not take it."""
    first = DiffusionPipeline.from_pipe(source, custom_pipeline=bare, strength=0.9)
    between = DiffusionPipeline.from_pipe(first, custom_pipeline="local:shelf/long_prompt")
    assert DiffusionPipeline.from_pipe(between, custom_pipeline=bare).config.strength == 0.9
