"""A text-to-video repository whose UNet and pipeline bring their own code."""

import json
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from shutil import copytree, ignore_patterns

import torch
from diffusers import DPMSolverMultistepScheduler
from transformers import CLIPImageProcessor

from .stable_diffusion_3 import TEXT_WIDTH, tiny_t5_encoder
from .tokenizers import t5_tokenizer

_CODE = Path(__file__).parent / "code" / "show_one"
_MODEL_INDEX = {
    "_class_name": ["pipeline_t2v_base_pixel", "TextToVideoIFPipeline"],
    "_diffusers_version": "0.36.0",
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "scheduler": ["diffusers", "DPMSolverMultistepScheduler"],
    "text_encoder": ["transformers", "T5EncoderModel"],
    "tokenizer": ["transformers", "T5Tokenizer"],
    "unet": ["showone_unet_3d_condition", "ShowOneUNet3DConditionModel"],
}


def show_one(folder: Path) -> Path:
    """Save a repository of the shape of `showlab/show-1-base`: 4 frames of 16x16 pixels.

    `pipeline_t2v_base_pixel.py` lies at its root, `showone_unet_3d_condition.py` and `showone_blocks.py` in `unet/`.
    """
    folder = Path(folder)
    copytree(_CODE, folder, dirs_exist_ok=True, ignore=ignore_patterns("__pycache__"))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tokenizer = t5_tokenizer()
        _unet_class()(cross_attention_dim=TEXT_WIDTH).save_pretrained(folder / "unet")
        tiny_t5_encoder(tokenizer).save_pretrained(folder / "text_encoder")
    tokenizer.save_pretrained(folder / "tokenizer")
    DPMSolverMultistepScheduler(beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1).save_pretrained(
        folder / "scheduler"
    )
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder / "feature_extractor")
    (folder / "model_index.json").write_text(json.dumps(_MODEL_INDEX, indent=2))
    return folder


def _unet_class() -> type:
    """The class in `unet/`, without leaving a trace of the import in this process."""
    before = dict(sys.modules)
    bytecode, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.path.insert(0, str(_CODE / "unet"))
    try:
        spec = spec_from_file_location("showone_unet_3d_condition", _CODE / "unet" / "showone_unet_3d_condition.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(_CODE / "unet"))
        sys.dont_write_bytecode = bytecode
        for name in {"showone_unet_3d_condition", "showone_blocks"} - before.keys():
            sys.modules.pop(name, None)
    return module.ShowOneUNet3DConditionModel
