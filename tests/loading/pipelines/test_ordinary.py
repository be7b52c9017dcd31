"""What Gremio loads is an ordinary pipeline: moved, saved, copied, pickled, shown."""

import copy
import json
import pickle

import pytest
import torch

from gremio import DiffusionPipeline


@pytest.fixture
def pipe(sd_folder, plain_code):
    """A community pipeline over a tiny model."""
    return DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=plain_code)


def _draw(pipe):
    seed = torch.Generator().manual_seed(0)
    return pipe("a cat", num_inference_steps=1, output_type="latent", generator=seed).images


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda pipe: pickle.loads(pickle.dumps(pipe))])
def test_a_copy_draws_the_same_and_knows_its_code(pipe, copied):
    """A deep copy and a pickled copy are of the same class, with weights of their own and the same provenance."""
    twin = copied(pipe)
    assert type(twin) is type(pipe)
    assert twin.gremio == pipe.gremio
    assert twin.unet is not pipe.unet
    assert torch.equal(_draw(twin), _draw(pipe))


def test_it_moves_and_lists_its_components(pipe):
    """``to``, ``components``, ``config`` and ``repr`` are diffusers' own, and provenance is none of them."""
    assert pipe.to("cpu") is pipe
    assert {"unet", "vae", "text_encoder", "tokenizer", "scheduler"} <= set(pipe.components)
    assert "gremio" not in pipe.components
    assert "gremio" not in pipe.config
    assert repr(pipe).startswith("Plain {")
    assert pipe.to(dtype=torch.float16).unet.dtype == torch.float16


def test_it_is_saved_by_diffusers_and_loads_again(pipe, tmp_path, plain_code):
    """A plain ``save_pretrained`` writes a model that the same code takes."""
    pipe.save_pretrained(tmp_path / "saved")
    assert json.loads((tmp_path / "saved" / "model_index.json").read_text())["unet"]
    again = DiffusionPipeline.from_pretrained(tmp_path / "saved", custom_pipeline=plain_code)
    assert torch.equal(_draw(again), _draw(pipe))


def test_a_model_with_code_is_saved_by_diffusers(show_one_folder, tmp_path):
    """Custom components do not stop a plain ``save_pretrained``; their weights are written."""
    pipe = DiffusionPipeline.from_pretrained(show_one_folder, trust_remote_code=True)
    pipe.save_pretrained(tmp_path / "saved")
    assert (tmp_path / "saved" / "unet" / "diffusion_pytorch_model.safetensors").is_file()
