"""showlab/Show-1's own package, unmodified, under the installed diffusers: its UNet and base pipeline draw frames.

    python benchmarks/show_one.py /path/to/Show-1-checkout

The code was written for a diffusers of 2023, in several files that import each other with ``..``. It is loaded from
the checkout through the public API, given tiny random weights, and called. Needs einops, which the code imports.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

UNET = {
    "sample_size": 8,
    "in_channels": 3,
    "out_channels": 6,
    "down_block_types": ("SimpleCrossAttnDownBlock3D",),
    "mid_block_type": "UNetMidBlock3DSimpleCrossAttn",
    "up_block_types": ("SimpleCrossAttnUpBlock3D",),
    "block_out_channels": (32,),
    "layers_per_block": 1,
    "norm_num_groups": 8,
    "attention_head_dim": 8,
    "cross_attention_dim": 32,
    "encoder_hid_dim": 32,
    "encoder_hid_dim_type": "text_proj",
}


def main(checkout: Path) -> None:
    """Load, build, draw, and say what was relocated."""
    import torch
    from diffusers import DDPMScheduler
    from tests.samples import t5_tokenizer
    from transformers import T5Config, T5EncoderModel

    import gremio

    package = checkout / "showone"
    unet_class = gremio.load_class(package / "models" / "unet_3d_condition.py", class_name="UNet3DConditionModel")
    pipeline_class = gremio.load_class(package / "pipelines" / "pipeline_t2v_base_pixel.py")
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = t5_tokenizer()
        unet = unet_class(**UNET)
        unet.save_pretrained(Path(folder) / "unet")
        unet = unet_class.from_pretrained(Path(folder) / "unet")
    config = T5Config(vocab_size=len(tokenizer), d_model=32, d_kv=8, d_ff=64, num_layers=1, num_heads=4)
    pipe = pipeline_class(
        unet=unet,
        text_encoder=T5EncoderModel(config).eval(),
        tokenizer=tokenizer,
        scheduler=DDPMScheduler(variance_type="learned_range", prediction_type="epsilon"),
        feature_extractor=None,
        device_map="cpu",
    )
    arguments = {"num_inference_steps": 2, "num_frames": 4, "height": 8, "width": 8, "output_type": "pt"}
    result = pipe("a panda", generator=torch.Generator().manual_seed(0), clean_caption=False, **arguments)
    frames = result.frames if hasattr(result, "frames") else result[0]
    print(f"{pipeline_class.__name__} with {unet_class.__name__}: frames {getattr(frames, 'shape', len(frames))}")
    for relocation in gremio.read(package / "pipelines" / "pipeline_t2v_base_pixel.py").relocations:
        print(f"    relocated {relocation.old} → {relocation.new}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))
    main(Path(sys.argv[1]))
