"""The samples build, stay small and generate."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import pytest
import torch
from diffusers import DiffusionPipeline, DPMSolverMultistepScheduler
from PIL import Image
from tests.samples import instruct_pix2pix_sd3, long_prompt_weighting_sd, show_one, tiny_sd, tiny_sd3
from transformers import CLIPImageProcessor, T5EncoderModel, T5Tokenizer


def _bytes(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _module(path, name):
    spec = spec_from_file_location(name, path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("dtype", [None, torch.float16])
def test_tiny_sd_is_small_and_draws(tmp_path, dtype):
    """A tiny Stable Diffusion takes less than a megabyte and draws 64x64 pictures."""
    folder = tiny_sd(tmp_path / "model", dtype=dtype)
    pipe = DiffusionPipeline.from_pretrained(folder, dtype=dtype or torch.float32)
    assert _bytes(folder) < 1_000_000
    assert pipe("a red cat", num_inference_steps=2).images[0].size == (64, 64)


def test_tiny_sd_is_the_same_every_time(tmp_path):
    """Two builds have the same weights."""
    first, second = tiny_sd(tmp_path / "a"), tiny_sd(tmp_path / "b")
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert (first / weights).read_bytes() == (second / weights).read_bytes()


def test_tiny_sd_may_have_a_safety_checker(tmp_path):
    """With a safety checker, the index names it and the image processor by portable names, and it runs."""
    pipe = DiffusionPipeline.from_pretrained(tiny_sd(tmp_path, safety_checker=True))
    assert "CLIPImageProcessorPil" not in (tmp_path / "model_index.json").read_text()
    assert pipe("a cat", num_inference_steps=1).nsfw_content_detected is not None


def test_tiny_sd3_draws(tmp_path):
    """A tiny Stable Diffusion 3 takes less than a megabyte and draws 32x32 pictures."""
    pipe = DiffusionPipeline.from_pretrained(tiny_sd3(tmp_path))
    assert _bytes(tmp_path) < 1_000_000
    assert pipe("a red cat", num_inference_steps=2).images[0].size == (32, 32)


def test_the_instruct_pix2pix_sample_edits(tmp_path):
    """Placed where its relative imports point, the sample edits with a transformer of doubled channels."""
    file = instruct_pix2pix_sd3(tmp_path / "code")
    cls = _module(file, f"diffusers.pipelines.stable_diffusion_3.{file.stem}").StableDiffusion3InstructPix2PixPipeline
    pipe = cls.from_pretrained(tiny_sd3(tmp_path / "model", edit=True))
    image = Image.new("RGB", (32, 32), "red")
    edited, kept = (
        pipe("make it snow", image, num_inference_steps=2, guidance_scale=scale, generator=torch.manual_seed(0))
        for scale in (7.0, 1.0)
    )
    assert edited.images[0].size == (32, 32)
    assert edited.images[0].tobytes() != kept.images[0].tobytes()


def test_the_instruct_pix2pix_sample_says_when_the_model_cannot_edit(tmp_path):
    """A plain Stable Diffusion 3 is refused with the number of channels that editing needs."""
    file = instruct_pix2pix_sd3(tmp_path / "code")
    cls = _module(file, f"diffusers.pipelines.stable_diffusion_3.{file.stem}").StableDiffusion3InstructPix2PixPipeline
    pipe = cls.from_pretrained(tiny_sd3(tmp_path / "model"))
    with pytest.raises(ValueError, match="32 input channels"):
        pipe("make it snow", Image.new("RGB", (32, 32)))


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # numpy against torch, in diffusers
def test_show_one_runs_as_the_tutorial_says(tmp_path, monkeypatch, forget_imports):
    """The tutorial's steps 1 to 3 for `showlab/show-1-base` make frames from the sample."""
    pipeline_id = show_one(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(pipeline_id)
    monkeypatch.syspath_prepend(pipeline_id / "unet")
    from pipeline_t2v_base_pixel import TextToVideoIFPipeline
    from showone_unet_3d_condition import ShowOneUNet3DConditionModel

    pipeline = TextToVideoIFPipeline(
        unet=ShowOneUNet3DConditionModel.from_pretrained(pipeline_id, subfolder="unet"),
        text_encoder=T5EncoderModel.from_pretrained(pipeline_id, subfolder="text_encoder"),
        tokenizer=T5Tokenizer.from_pretrained(pipeline_id, subfolder="tokenizer"),
        scheduler=DPMSolverMultistepScheduler.from_pretrained(pipeline_id, subfolder="scheduler"),
        feature_extractor=CLIPImageProcessor.from_pretrained(pipeline_id, subfolder="feature_extractor"),
    )
    frames = pipeline("a red cat", num_inference_steps=2, generator=torch.manual_seed(0)).frames
    assert [frame.size for frame in frames[0]] == [(16, 16)] * 4
    assert _bytes(tmp_path) < 1_000_000


def test_the_long_prompt_sample_is_one_self_contained_file(tmp_path):
    """The stand-in for `lpw_stable_diffusion` imports by itself."""
    file = long_prompt_weighting_sd(tmp_path)
    assert file.name == "lpw_stable_diffusion.py"
    assert _module(file, "lpw_stable_diffusion_sample")
