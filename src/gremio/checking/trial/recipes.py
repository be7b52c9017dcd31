"""What some community pipelines need and only their documentation tells: arguments, and calls before the first call.

Both are by the class's name. A value that depends on the pipeline is a function of it and of the plan's measures.
"""

from __future__ import annotations

import atexit
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gremio.checking.trial.measures import Measures
from gremio.checking.trial.pictures import picture


def recipe(class_name: str, pipeline: Any, measures: Measures) -> Mapping[str, Any]:
    """The arguments for a class; empty for most."""
    found = _ARGUMENTS.get(class_name, {})
    return {name: value(pipeline, measures) if callable(value) else value for name, value in found.items()}


def together(class_name: str, pipeline: Any, measures: Measures) -> Mapping[str, Any]:
    """Arguments of a class that go together, and that nothing but its documentation tells; empty for most."""
    found = _TOGETHER.get(class_name)
    return found(pipeline, measures) if found else {}


def own_config(class_name: str) -> Mapping[str, Any]:
    """Numbers of a component by the name of its class, where it stands for one that the code fetches itself."""
    return _CLASSES.get(class_name, {})


def component_config(class_name: str) -> Mapping[str, Mapping[str, Any]]:
    """Numbers of components that the code itself has fixed."""
    return _COMPONENTS.get(class_name, {})


def prepare(pipeline: Any, measures: Measures) -> str:
    """Do what its documentation has done before the first call; in words, empty when that is nothing."""
    found = _PREPARATIONS.get(type(pipeline).__name__)
    return found(pipeline, measures) if found else ""


def _latent(pipeline: Any, measures: Measures) -> Any:
    import torch

    channels = pipeline.unet.config.in_channels
    side = measures.native // pipeline.vae_scale_factor
    return torch.randn(1, channels, side, side, generator=torch.Generator().manual_seed(0))


def _embeddings_per_step(pipeline: Any, measures: Measures) -> Any:
    import torch

    tokens, width = pipeline.tokenizer.model_max_length, pipeline.text_encoder.config.hidden_size
    # Twice as many as asked for by default: the number of steps is tried too.
    shape = (measures.steps * 3, 1, tokens, width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def _face(pipeline: Any, measures: Measures) -> Any:
    import torch

    return torch.randn(512, generator=torch.Generator().manual_seed(0))


def _map(pipeline: Any, measures: Measures) -> Any:
    """How much each place may change, from 0 to 1, of the size that its pictures are given in."""
    import torch

    return torch.linspace(0, 1, measures.native).repeat(1, measures.native, 1)


def _inverted(pipeline: Any, measures: Measures) -> Mapping[str, Any]:
    latents, image_latents, places = pipeline.invert(
        image=picture(measures.side), height=measures.side, width=measures.side, num_inversion_steps=4
    )
    return {"inverted_latents": latents, "image_latents": image_latents, "latent_image_ids": places}


def _train(pipeline: Any, measures: Measures) -> str:
    import torch

    steps = {"text_embedding_optimization_steps": 2, "model_fine_tuning_optimization_steps": 2}
    pipeline.train(
        "a red cat",
        image=picture(measures.side),
        height=measures.side,
        width=measures.side,
        generator=torch.Generator().manual_seed(0),
        **steps,
    )
    return "train(prompt, image)"


def _load_face_adapter(pipeline: Any, measures: Measures) -> str:
    """Write a checkpoint with random weights of the right shapes, and let the pipeline load it."""
    import torch

    module: Any = sys.modules[type(pipeline).__module__]
    width = pipeline.unet.config.cross_attention_dim
    size = {"dim": 1280, "depth": 4, "dim_head": 64, "heads": 20, "num_queries": 16, "ff_mult": 4}
    projection = module.Resampler(**size, embedding_dim=512, output_dim=width)
    with tempfile.TemporaryDirectory(prefix="gremio-trial-") as folder:
        file = Path(folder) / "adapter.bin"
        torch.save({"image_proj": projection.state_dict(), "ip_adapter": {}}, file)
        # The first time it only puts its layers in place, whose shapes are then known.
        with suppress(RuntimeError):
            pipeline.load_ip_adapter_instantid(str(file))
        layers = torch.nn.ModuleList(pipeline.unet.attn_processors.values())
        torch.save({"image_proj": projection.state_dict(), "ip_adapter": layers.state_dict()}, file)
        pipeline.load_ip_adapter_instantid(str(file))
    return "load_ip_adapter_instantid(file)"


def _add_layers(pipeline: Any, measures: Measures) -> str:
    pipeline.unet.load_additional_layers(dtype=pipeline.unet.dtype)
    return "unet.load_additional_layers()"


def _choose_sampler(pipeline: Any, measures: Measures) -> str:
    # The class of the k-diffusion file has the name of diffusers' own, which has no samplers to choose from.
    if not hasattr(pipeline, "set_scheduler"):
        return ""
    pipeline.set_scheduler("sample_euler")
    return "set_scheduler('sample_euler')"


_MIDDLE = "mid_block.attentions.0.transformer_blocks.0.attn2.processor"


def _two_models(pipeline: Any, measures: Measures) -> list[str]:
    """Two folders with tiny models of one kind, which are gone when the process ends."""
    from diffusers import StableDiffusionPipeline

    from gremio.checking.tiny import tiny

    place = tempfile.mkdtemp(prefix="gremio-trial-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    folders = [str(Path(place) / str(seed)) for seed in (0, 1)]
    for seed, folder in enumerate(folders):
        StableDiffusionPipeline(**tiny("sd15", seed=seed), requires_safety_checker=False).save_pretrained(folder)
    return folders


_ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "LLMGroundedDiffusionPipeline": {"lmd_guidance_kwargs": {"guidance_attn_keys": [_MIDDLE]}},
    "CheckpointMergerPipeline": {"pretrained_model_name_or_path_list": _two_models},
    "NullTextPipeline": {"inverted_latent": _latent, "uncond_embeddings": _embeddings_per_step},
    "Prompt2PromptPipeline": {
        "prompt": ["a red cat", "a red dog"],
        "cross_attention_kwargs": {"edit_type": "replace", "n_self_replace": 0.4, "n_cross_replace": 0.4},
    },
    "RegionalPromptingStableDiffusionPipeline": {
        "prompt": "a red cat BREAK a blue house",
        "rp_args": {"mode": "cols", "div": "1;1"},
    },
    "StableDiffusionXLDifferentialImg2ImgPipeline": {"map": _map},
    "StableDiffusionXLInstantIDPipeline": {"image_embeds": _face},
    "StableDiffusionXLInstantIDImg2ImgPipeline": {"image_embeds": _face},
}

_TOGETHER: Mapping[str, Callable[[Any, Measures], Mapping[str, Any]]] = {
    "ComposableStableDiffusionPipeline": lambda *_: {
        "prompt": "a red cat | a blue house",
        "negative_prompt": None,
        "weights": "7.5 | -2",
    },
    "LLMGroundedDiffusionPipeline": lambda *_: {"phrase_indices": [[5], [9]]},
    "RFInversionFluxPipeline": _inverted,
    "StableDiffusionPAGPipeline": lambda *_: {"pag_applied_layers_index": ["m0"], "pag_scale": 3.0},
}

_PREPARATIONS: Mapping[str, Callable[[Any, Measures], str]] = {
    "FaithDiffStableDiffusionXLPipeline": _add_layers,
    "ImagicStableDiffusionPipeline": _train,
    "StableDiffusionPipeline": _choose_sampler,
    "StableDiffusionXLInstantIDPipeline": _load_face_adapter,
    "StableDiffusionXLInstantIDImg2ImgPipeline": _load_face_adapter,
}

_COMPONENTS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "DemoFusionSDXLPipeline": {"unet": {"sample_size": 128}},
    "FaithDiffStableDiffusionXLPipeline": {"unet": {"block_out_channels": (320, 320), "cross_attention_dim": 64}},
    "MatryoshkaPipeline": {"text_encoder": {"use_attention_mask": True}},
    "StableDiffusionHDPainterPipeline": {
        "unet": {
            "block_out_channels": (16, 16, 32),
            "down_block_types": ("CrossAttnDownBlock2D",) * 3,
            "up_block_types": ("CrossAttnUpBlock2D",) * 3,
        }
    },
}

_CLASSES: Mapping[str, Mapping[str, Any]] = {
    "MatryoshkaUNet2DConditionModel": {
        "sample_size": 16,
        "in_channels": 3,
        "out_channels": 3,
        "block_out_channels": (32, 64),
        "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
        "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        "layers_per_block": 1,
        "norm_num_groups": 8,
        "attention_head_dim": 8,
        "cross_attention_dim": 32,
        "addition_embed_type": "matryoshka",
        "addition_time_embed_dim": 32,
    },
}
