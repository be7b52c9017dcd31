"""Blocks of a UNet over (batch, channels, frames, height, width)."""

import torch
from torch import nn


class SpaceTimeBlock(nn.Module):
    """A convolution within each frame, then one along time, both residual and told the noise level."""

    def __init__(self, channels_in: int, channels_out: int, time_width: int):
        super().__init__()
        self.norm = nn.GroupNorm(4, channels_in)
        self.space = nn.Conv3d(channels_in, channels_out, (1, 3, 3), padding=(0, 1, 1))
        self.time = nn.Conv3d(channels_out, channels_out, (3, 1, 1), padding=(1, 0, 0))
        self.level = nn.Linear(time_width, channels_out)
        self.skip = nn.Conv3d(channels_in, channels_out, 1) if channels_in != channels_out else nn.Identity()

    def forward(self, hidden: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        """`level` is (batch, time_width); frames, height and width stay."""
        space = self.space(nn.functional.silu(self.norm(hidden))) + self.level(level)[:, :, None, None, None]
        return self.skip(hidden) + space + self.time(nn.functional.silu(space))


class TextAttention(nn.Module):
    """Every pixel of every frame looks at the words."""

    def __init__(self, channels: int, text_width: int, heads: int):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.attention = nn.MultiheadAttention(channels, heads, kdim=text_width, vdim=text_width, batch_first=True)

    def forward(self, hidden: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        """`text` is (batch, tokens, text_width)."""
        pixels = hidden.flatten(2).transpose(1, 2)
        seen, _ = self.attention(self.norm(pixels), text, text, need_weights=False)
        return hidden + seen.transpose(1, 2).reshape(hidden.shape)
