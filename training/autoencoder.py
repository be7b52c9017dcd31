"""Trains the VAE, the part that turns pictures into small latents and back.

First encoder and decoder learn together. Then the encoder stays as it is and the decoder alone
learns to give crisp pictures from slightly wrong latents, because those are what the UNet makes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from math import cos, pi
from pathlib import Path
from random import Random
from typing import Final

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image, ImageDraw
from torch import Tensor
from torch.nn import functional

from training.pictures import SQUARE, TALL, WIDE, Size, random_picture
from training.ranks import Checkpoint, average_gradients, same_start

CHANNELS: Final = (16, 32, 64, 96)
WARM_UP: Final = 0.02
CROP: Final = 64
CROPS_PER_STEP: Final = 16
WHOLE_PER_STEP: Final = 5
# The most noise in the decoder's latents, in parts of their standard deviation.
DECODER_NOISE: Final = 0.25
KL_WEIGHT: Final = 1e-6
FIRST_LOG_VARIANCE: Final = -6.0


def new_autoencoder() -> AutoencoderKL:
    """An untrained VAE with factor 8 and 4 latent channels, as Stable Diffusion has it."""
    model = AutoencoderKL(
        block_out_channels=CHANNELS,
        down_block_types=("DownEncoderBlock2D",) * len(CHANNELS),
        up_block_types=("UpDecoderBlock2D",) * len(CHANNELS),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=2,
        sample_size=SQUARE[0],
    )
    # Starting with hardly any noise in the latents saves the first minutes.
    torch.nn.init.constant_(model.quant_conv.bias[4:], FIRST_LOG_VARIANCE)
    return model.to(memory_format=torch.channels_last)


def to_tensor(images: list[Image.Image]) -> Tensor:
    """PIL pictures of one size as floats from -1 to 1, shape (count, 3, height, width)."""
    stacked = np.stack([np.asarray(image) for image in images])
    floats = torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 127.5 - 1.0
    return floats.contiguous(memory_format=torch.channels_last)


def _random_colour(random: Random) -> tuple[int, int, int]:
    return (random.randrange(256), random.randrange(256), random.randrange(256))


def abstract_picture(random: Random, size: Size) -> Image.Image:
    """Polygons on a gradient, in any colours: image-to-image users bring such pictures."""
    corners = Image.new("RGB", (2, 2))
    corners.putdata([_random_colour(random) for _ in range(4)])
    picture = corners.resize(size, Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(picture)
    for _ in range(random.randint(0, 5)):
        points = [(random.uniform(0, size[0]), random.uniform(0, size[1])) for _ in range(3)]
        draw.polygon(points, fill=_random_colour(random))
    return picture


def _training_picture(random: Random, size: Size) -> Image.Image:
    if random.random() < 0.12:
        return abstract_picture(random, size)
    return random_picture(random).draw(size)


def _busiest_crop(picture: Image.Image, random: Random) -> Image.Image:
    """The most varied of three crops: plain background has nothing to teach."""
    crops = []
    for _ in range(3):
        left = random.randrange(picture.width - CROP + 1)
        top = random.randrange(picture.height - CROP + 1)
        crops.append(picture.crop((left, top, left + CROP, top + CROP)))
    return max(crops, key=lambda crop: float(np.asarray(crop).std()))


def _batch(random: Random, *, whole: bool) -> Tensor:
    if not whole:
        pictures = [_training_picture(random, SQUARE) for _ in range(CROPS_PER_STEP)]
        return to_tensor([_busiest_crop(picture, random) for picture in pictures])
    size = random.choices((SQUARE, WIDE, TALL), (0.8, 0.1, 0.1))[0]
    return to_tensor([_training_picture(random, size) for _ in range(WHOLE_PER_STEP)])


def _steps(picture: Tensor) -> Iterator[Tensor]:
    yield picture[..., 1:] - picture[..., :-1]
    yield picture[..., 1:, :] - picture[..., :-1, :]


def picture_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """L1, squares, and the difference between neighbouring pixels, which keeps edges crisp."""
    loss = functional.l1_loss(made, wanted) + 2 * functional.mse_loss(made, wanted)
    for made_step, wanted_step in zip(_steps(made), _steps(wanted), strict=True):
        loss = loss + functional.l1_loss(made_step, wanted_step)
    return loss


def _joint_loss(model: AutoencoderKL, batch: Tensor) -> Tensor:
    latents = model.encode(batch).latent_dist
    return picture_loss(model.decode(latents.sample()).sample, batch) + (KL_WEIGHT * latents.kl().mean())


def _decoder_loss(model: AutoencoderKL, batch: Tensor) -> Tensor:
    with torch.no_grad():
        latents = model.encode(batch).latent_dist.mode()
    strength = DECODER_NOISE * latents.std() * torch.rand(len(batch), 1, 1, 1)
    noised = latents + strength * torch.randn_like(latents)
    return picture_loss(model.decode(noised).sample, batch)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Use this learning rate from now on."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def rate_at(progress: float, peak: float) -> float:
    """A short linear warm-up, then a cosine down to nearly nothing."""
    warm = min(1.0, progress / WARM_UP)
    return peak * warm * (0.5 * (1 + cos(pi * progress)) + 0.003)


@dataclass(frozen=True, slots=True)
class Plan:
    """One training: at which parts of its time pictures get whole and the encoder stops."""

    name: str
    peak_rate: float
    whole_from: float
    decoder_only_from: float

    def step_loss(self, model: AutoencoderKL, progress: float, random: Random) -> Tensor:
        """The loss on a new batch of the kind that is due."""
        batch = _batch(random, whole=progress >= self.whole_from)
        loss_of = _joint_loss if progress < self.decoder_only_from else _decoder_loss
        with torch.autocast("cpu", torch.bfloat16):
            return loss_of(model, batch)


BOTH: Final = Plan("autoencoder", 1.2e-3, whole_from=0.55, decoder_only_from=0.65)
DECODER: Final = Plan("decoder", 8e-4, whole_from=0.0, decoder_only_from=0.0)


def train_autoencoder(rank: int, folder: Path, minutes: float) -> None:
    """One rank of the first training; rank 0 leaves the weights in `folder`/autoencoder."""
    _train(rank, new_autoencoder(), folder, minutes, BOTH)


def polish_decoder(rank: int, folder: Path, minutes: float) -> None:
    """Train the decoder further; the latents, and so the UNet, are not affected."""
    model = AutoencoderKL.from_pretrained(folder / "autoencoder")
    _train(rank, model.to(memory_format=torch.channels_last), folder, minutes, DECODER)


def _train(rank: int, model: AutoencoderKL, folder: Path, minutes: float, plan: Plan) -> None:
    random = Random()
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.peak_rate, weight_decay=1e-4)
    parts = {"model": model, "optimiser": optimiser}
    checkpoint = Checkpoint.resume(folder / f"{plan.name}.pt", parts, minutes)
    same_start(model)
    for step in count():
        progress = checkpoint.clock.progress()
        if progress >= 1.0:
            break
        set_rate(optimiser, rate_at(progress, plan.peak_rate))
        optimiser.zero_grad()
        loss = plan.step_loss(model, progress, random)
        loss.backward()
        average_gradients(model.parameters())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        if rank == 0 and step % 50 == 0:
            print(f"{plan.name} {progress:6.1%} step {step} loss {loss.item():.4f}", flush=True)
        checkpoint.save_if_due(rank)
    checkpoint.save_if_due(rank, force=True)
    if rank == 0:
        model.save_pretrained(folder / "autoencoder")
