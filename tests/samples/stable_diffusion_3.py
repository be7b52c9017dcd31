"""A Stable Diffusion 3 pipeline of a few hundred kilobytes."""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import CLIPTextConfig, CLIPTextModelWithProjection, T5Config, T5EncoderModel

from .tokenizers import clip_tokenizer, t5_tokenizer

LATENT_CHANNELS = 16
TEXT_WIDTH = 16


def tiny_sd3(folder: Path, *, edit: bool = False) -> Path:
    """Save a Stable Diffusion 3 pipeline that draws 32x32 pictures.

    With `edit`, its transformer takes twice the latent channels, as one trained for editing by instructions does:
    the noisy latents and those of the picture to edit.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        tokenizer, tokenizer_3 = clip_tokenizer(), t5_tokenizer()
        pipe = StableDiffusion3Pipeline(
            transformer=_transformer(LATENT_CHANNELS * (2 if edit else 1)),
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
            vae=_vae(),
            text_encoder=_clip(tokenizer),
            tokenizer=tokenizer,
            text_encoder_2=_clip(tokenizer),
            tokenizer_2=tokenizer,
            text_encoder_3=tiny_t5_encoder(tokenizer_3),
            tokenizer_3=tokenizer_3,
        )
    pipe.save_pretrained(folder)
    return Path(folder)


def tiny_t5_encoder(tokenizer, width: int = TEXT_WIDTH) -> T5EncoderModel:
    """A T5 encoder with hidden states of `width`."""
    sizes = {"d_model": width, "d_kv": 8, "d_ff": 16, "num_layers": 1, "num_heads": 2}
    return T5EncoderModel(T5Config(vocab_size=len(tokenizer), **sizes, dropout_rate=0.0)).eval()


def _transformer(in_channels: int) -> SD3Transformer2DModel:
    return SD3Transformer2DModel(
        sample_size=4,
        patch_size=2,
        pos_embed_max_size=8,
        in_channels=in_channels,
        out_channels=LATENT_CHANNELS,
        num_layers=2,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=TEXT_WIDTH,
        caption_projection_dim=16,
        pooled_projection_dim=16,
    )


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=[4, 4, 8, 8],
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=2,
        sample_size=32,
        scaling_factor=1.5305,
        shift_factor=0.0609,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )


def _clip(tokenizer) -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=16,
            projection_dim=8,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=tokenizer.model_max_length,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            initializer_range=0.2,
        )
    )
