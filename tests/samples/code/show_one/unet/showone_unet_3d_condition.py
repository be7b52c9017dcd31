"""A small UNet that removes noise from short clips of pixels, told by a text what they show."""

from dataclasses import dataclass

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from diffusers.utils import BaseOutput
from showone_blocks import SpaceTimeBlock, TextAttention
from torch import nn


@dataclass
class ShowOneUNet3DConditionOutput(BaseOutput):
    """`sample`: the predicted noise, (batch, channels, frames, height, width)."""

    sample: torch.Tensor


class ShowOneUNet3DConditionModel(ModelMixin, ConfigMixin):
    """One level down, attention to the text at the bottom, one level up."""

    @register_to_config
    def __init__(
        self,
        sample_size: int = 16,
        num_frames: int = 4,
        in_channels: int = 3,
        out_channels: int = 3,
        block_out_channels: tuple[int, int] = (8, 16),
        cross_attention_dim: int = 16,
        attention_heads: int = 2,
    ):
        super().__init__()
        outer, inner = block_out_channels
        self.time_proj = Timesteps(outer, flip_sin_to_cos=True, downscale_freq_shift=0)
        self.time_embedding = TimestepEmbedding(outer, inner)
        self.conv_in = nn.Conv3d(in_channels, outer, (1, 3, 3), padding=(0, 1, 1))
        self.down = SpaceTimeBlock(outer, outer, inner)
        self.shrink = nn.Conv3d(outer, inner, (1, 2, 2), stride=(1, 2, 2))
        self.middle = SpaceTimeBlock(inner, inner, inner)
        self.text = TextAttention(inner, cross_attention_dim, attention_heads)
        self.grow = nn.ConvTranspose3d(inner, outer, (1, 2, 2), stride=(1, 2, 2))
        self.up = SpaceTimeBlock(2 * outer, outer, inner)
        self.conv_out = nn.Conv3d(outer, out_channels, (1, 3, 3), padding=(0, 1, 1))

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor | float,
        encoder_hidden_states: torch.Tensor,
        return_dict: bool = True,
    ) -> ShowOneUNet3DConditionOutput | tuple[torch.Tensor]:
        """Predict the noise in `sample` (batch, channels, frames, height, width), height and width being even."""
        steps = torch.as_tensor(timestep, device=sample.device).expand(len(sample))
        level = self.time_embedding(self.time_proj(steps).to(sample.dtype))
        outer = self.down(self.conv_in(sample), level)
        inner = self.text(self.middle(self.shrink(outer), level), encoder_hidden_states)
        noise = self.conv_out(self.up(torch.cat([self.grow(inner), outer], dim=1), level))
        return ShowOneUNet3DConditionOutput(sample=noise) if return_dict else (noise,)
