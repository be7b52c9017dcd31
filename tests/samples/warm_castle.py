"""Modular repositories over a Stable Diffusion 3: blocks that make it warmer, a VAE with code, a model with both."""

import json

MODEL = "stabilityai/stable-diffusion-3.5-medium"
BLOCKS_COMMIT = "7b1f0e6c2d9a4f8e8b3c5d6a7e9f0a1b2c3d4e5f"

BLOCK = """
from diffusers import ModularPipelineBlocks, SequentialPipelineBlocks, StableDiffusion3AutoBlocks
from diffusers.modular_pipelines import InputParam, OutputParam

from .tint import tinted


class WarmStep(ModularPipelineBlocks):
    '''Makes pictures warmer.'''

    @property
    def description(self):
        return "Makes pictures warmer."

    @property
    def inputs(self):
        return [InputParam("images", required=True), InputParam("warmth", type_hint=float, default=0.2)]

    @property
    def intermediate_outputs(self):
        return [OutputParam("images")]

    def __call__(self, components, state):
        block_state = self.get_block_state(state)
        block_state.images = [tinted(each, block_state.warmth) for each in block_state.images]
        self.set_block_state(state, block_state)
        return components, state


class WarmBlocks(SequentialPipelineBlocks):
    '''Stable Diffusion 3, and then warmer.'''

    block_classes = [StableDiffusion3AutoBlocks, WarmStep]
    block_names = ["draw", "warm"]
"""
TINT = """
from PIL import Image


def tinted(picture, warmth):
    return Image.blend(picture, Image.new("RGB", picture.size, (255, 160, 60)), warmth)
"""
VAE = "from diffusers import AutoencoderKL\n\n\nclass BrightVAE(AutoencoderKL):\n    '''A VAE of its own.'''\n"
COMPONENTS = {
    "transformer": ["diffusers", "SD3Transformer2DModel"],
    "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
    "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
    "text_encoder_2": ["transformers", "CLIPTextModelWithProjection"],
    "text_encoder_3": ["transformers", "T5EncoderModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "tokenizer_2": ["transformers", "CLIPTokenizer"],
    "tokenizer_3": ["transformers", "T5TokenizerFast"],
}


def put_modular(put, sd3):
    """A model, blocks over it, a VAE with code, and a model that has all three; the commit of the blocks."""
    code = {
        "block.py": BLOCK,
        "tint.py": TINT,
        "modular_config.json": json.dumps({"auto_map": {"ModularPipelineBlocks": "block.WarmBlocks"}}),
    }
    put(MODEL, sd3)
    config = json.loads((sd3 / "vae" / "config.json").read_text())
    config |= {"_class_name": "BrightVAE", "auto_map": {"AutoModel": "bright_vae.BrightVAE"}}
    weights = (sd3 / "vae" / "diffusion_pytorch_model.safetensors").read_bytes()
    vae = {"bright_vae.py": VAE, "config.json": json.dumps(config), "diffusion_pytorch_model.safetensors": weights}
    put("ana/bright-vae", vae)
    index = {"_class_name": "StableDiffusion3ModularPipeline", "_blocks_class_name": "WarmBlocks"}
    index |= {name: _entry(MODEL, name, hint) for name, hint in COMPONENTS.items()}
    index["vae"] = _entry("ana/bright-vae", "", ["diffusers", "AutoModel"])
    put("maria/warm-castle", {**code, "modular_model_index.json": json.dumps(index)})
    return put("maria/warm-blocks", code)


def _entry(repo, folder, hint):
    spec = {"pretrained_model_name_or_path": repo, "subfolder": folder, "variant": None, "revision": None}
    return [None, None, {"type_hint": hint, **spec}]
