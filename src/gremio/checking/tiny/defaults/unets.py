"""UNets."""

from __future__ import annotations

from typing import Any

from gremio.checking.tiny.defaults.sizes import GLM_WIDTH, UNET_WIDTHS, WIDTH

# What a UNet and the ControlNet beside it have in common.
BLOCKS: dict[str, Any] = {
    "block_out_channels": UNET_WIDTHS,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "attention_head_dim": 2,
    "cross_attention_dim": WIDTH,
}

# Two text encoders side by side, a pooled text and six numbers that say size and crop, eight wide each.
BLOCKS_XL: dict[str, Any] = BLOCKS | {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "transformer_layers_per_block": (1, 2),
    "attention_head_dim": (2, 4),
    "use_linear_projection": True,
    "cross_attention_dim": 2 * WIDTH,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": WIDTH + 6 * 8,
}

UNET_XL: dict[str, Any] = BLOCKS_XL | {"up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D")}

# One text encoder, and five numbers.
UNET_REFINER: dict[str, Any] = UNET_XL | {
    "cross_attention_dim": WIDTH,
    "projection_class_embeddings_input_dim": WIDTH + 5 * 8,
}

KOLORS: dict[str, Any] = {
    "encoder_hid_dim": GLM_WIDTH,
    "encoder_hid_dim_type": "text_proj",
    "projection_class_embeddings_input_dim": GLM_WIDTH + 6 * 8,
}

# Draws pixels, and predicts a variance for each.
_PIXELS: dict[str, Any] = {
    "sample_size": 16,
    "in_channels": 3,
    "out_channels": 6,
    "block_out_channels": UNET_WIDTHS,
    "layers_per_block": 1,
    "norm_num_groups": 4,
    "down_block_types": ("ResnetDownsampleBlock2D", "SimpleCrossAttnDownBlock2D"),
    "mid_block_type": "UNetMidBlock2DSimpleCrossAttn",
    "up_block_types": ("SimpleCrossAttnUpBlock2D", "ResnetUpsampleBlock2D"),
    "attention_head_dim": 4,
    "cross_attention_dim": WIDTH,
    "resnet_time_scale_shift": "scale_shift",
}

UNET_UNCLIP: dict[str, Any] = _PIXELS | {"class_embed_type": "identity"}

UNET_IF: dict[str, Any] = _PIXELS | {
    "encoder_hid_dim": WIDTH,
    "encoder_hid_dim_type": "text_proj",
    "addition_embed_type": "text",
    "addition_embed_type_num_heads": 2,
    "cross_attention_norm": "group_norm",
    "act_fn": "gelu",
}

# Conditioned on an image embedding, which becomes ten tokens.
UNET_KANDINSKY: dict[str, Any] = _PIXELS | {
    "sample_size": 8,
    "in_channels": 4,
    "out_channels": 8,
    "encoder_hid_dim": WIDTH,
    "encoder_hid_dim_type": "image_proj",
    "addition_embed_type": "image",
}

SUPER_RESOLUTION: dict[str, Any] = {
    "sample_size": 32,
    "in_channels": 6,
    "out_channels": 3,
    "down_block_types": ("ResnetDownsampleBlock2D", "ResnetDownsampleBlock2D"),
    "up_block_types": ("ResnetUpsampleBlock2D", "ResnetUpsampleBlock2D"),
}

UNETS: dict[str, dict[str, Any]] = {
    "UNet2DConditionModel": BLOCKS | {"sample_size": 8, "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D")},
    "UNet2DModel": {
        "sample_size": 16,
        "block_out_channels": (16, 32),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "attention_head_dim": 4,
        "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
        "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
    },
    "UNetMotionModel": {
        "sample_size": 8,
        "block_out_channels": UNET_WIDTHS,
        "down_block_types": ("CrossAttnDownBlockMotion", "DownBlockMotion"),
        "up_block_types": ("UpBlockMotion", "CrossAttnUpBlockMotion"),
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "num_attention_heads": 2,
        "cross_attention_dim": WIDTH,
        "motion_norm_num_groups": 4,
        "motion_num_attention_heads": 2,
        "use_motion_mid_block": False,
    },
    "UNetSpatioTemporalConditionModel": {
        "sample_size": 8,
        "in_channels": 8,
        "out_channels": 4,
        "block_out_channels": UNET_WIDTHS,
        "down_block_types": ("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
        "up_block_types": ("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
        "layers_per_block": 1,
        "num_attention_heads": 2,
        "cross_attention_dim": WIDTH,
        "addition_time_embed_dim": 32,
        "projection_class_embeddings_input_dim": 96,
    },
}
