"""Puts the trained parts together as a StableDiffusionPipeline folder in half precision."""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextModel, CLIPTokenizer

from training.diffusion import NOISE


def _pipeline(work: Path) -> StableDiffusionPipeline:
    return StableDiffusionPipeline(
        vae=AutoencoderKL.from_pretrained(work / "autoencoder"),
        text_encoder=CLIPTextModel.from_pretrained(work / "text_encoder"),
        tokenizer=CLIPTokenizer.from_pretrained(work / "tokenizer"),
        unet=UNet2DConditionModel.from_pretrained(work / "unet"),
        scheduler=DPMSolverMultistepScheduler(**NOISE, timestep_spacing="trailing", steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _ask_for_single_precision(config: Path) -> None:
    """Transformers loads in the precision named here, Diffusers in single precision.

    Left at half precision, the text encoder would not fit the UNet of a plainly loaded pipeline.
    """
    settings = json.loads(config.read_text())
    settings["dtype"] = "float32"
    config.write_text(json.dumps(settings, indent=2) + "\n")


def _forget_place(config: Path) -> None:
    """Take out the folder that a part was loaded from, which says nothing to anybody elsewhere."""
    settings = json.loads(config.read_text())
    settings.pop("_name_or_path", None)
    config.write_text(json.dumps(settings, indent=2, sort_keys=True) + "\n")


def _add_older_format(tokenizer: Path) -> None:
    """Write the vocabulary as Transformers 4 reads it, next to the file of Transformers 5."""
    model = json.loads((tokenizer / "tokenizer.json").read_text())["model"]
    (tokenizer / "vocab.json").write_text(json.dumps(model["vocab"], ensure_ascii=False))
    lines = ["#version: 0.2", *(" ".join(merge) for merge in model["merges"])]
    (tokenizer / "merges.txt").write_text("\n".join(lines) + "\n")


def export(work: Path, model: Path) -> None:
    """Write the model folder; its README.md is written by hand and stays."""
    _pipeline(work).to(torch.float16).save_pretrained(model)
    _ask_for_single_precision(model / "text_encoder" / "config.json")
    for part in ("unet", "vae"):
        _forget_place(model / part / "config.json")
    _add_older_format(model / "tokenizer")
