"""What stands beside a UNet or transformer and steers it."""

from __future__ import annotations

from typing import Any

from gremio.checking.tiny.defaults.sizes import UNET_WIDTHS, WIDTH
from gremio.checking.tiny.defaults.transformers import FLUX, HUNYUAN, SD3
from gremio.checking.tiny.defaults.unets import BLOCKS, BLOCKS_XL, KOLORS

# Four sizes, so that the control image shrinks eight times, as the VAE does.
_CONTROL: dict[str, Any] = {"conditioning_embedding_out_channels": (8, 8, 16, 16)}

CONTROLNET_XL: dict[str, Any] = BLOCKS_XL | _CONTROL
CONTROLNET_KOLORS: dict[str, Any] = CONTROLNET_XL | KOLORS
ADAPTER_XL: dict[str, Any] = {"adapter_type": "full_adapter_xl", "downscale_factor": 16, "channels": UNET_WIDTHS}

ADAPTERS: dict[str, dict[str, Any]] = {
    "ControlNetModel": BLOCKS | _CONTROL,
    "ControlNetUnionModel": CONTROLNET_XL
    | {"num_trans_channel": 32, "num_proj_channel": 32, "num_trans_head": 2, "num_control_type": 8},
    "FluxControlNetModel": FLUX | {"patch_size": 1},
    "SD3ControlNetModel": SD3,
    "HunyuanDiT2DControlNetModel": HUNYUAN | {"transformer_num_layers": 2},
    "T2IAdapter": {"adapter_type": "full_adapter", "channels": UNET_WIDTHS, "num_res_blocks": 1, "downscale_factor": 8},
    "MotionAdapter": {
        "block_out_channels": UNET_WIDTHS,
        "motion_layers_per_block": 1,
        "motion_norm_num_groups": 4,
        "motion_num_attention_heads": 2,
        "use_motion_mid_block": False,
    },
    "UnCLIPTextProjModel": {
        "clip_extra_context_tokens": 2,
        "clip_embeddings_dim": WIDTH,
        # As wide as the decoder's time.
        "time_embed_dim": 4 * UNET_WIDTHS[0],
        "cross_attention_dim": WIDTH,
    },
}
