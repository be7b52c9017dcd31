"""Trains the UNet and the text encoder, together, on latents encoded beforehand."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Final

import torch
from diffusers import AutoencoderKL, DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from torch import Tensor, nn
from torch.nn import functional
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.autoencoder import rate_at, set_rate, to_tensor
from training.pictures import SQUARE, TALL, WIDE, Picture, Single, Size, dressed_caption, random_picture
from training.ranks import Checkpoint, average_gradients, same_start
from training.tokenizer import MAX_LENGTH

CONTEXT: Final = 128
TRAIN_STEPS: Final = 1000
# Ends with nearly no signal left, unlike Stable Diffusion's 0.012: with a remainder, the noise
# that sampling starts from would tint the plain backgrounds.
NOISE: Final = {
    "beta_start": 0.00085,
    "beta_end": 0.02,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "num_train_timesteps": TRAIN_STEPS,
}
PEAK_RATE: Final = 1e-3
BATCH: Final = 16
# Of a batch. Outlines are what takes longest to learn, and single figures teach them best.
SINGLES: Final = 13
EMPTY_CAPTIONS: Final = 0.1
TIME_CENTRE: Final = 0.15
SHADOW_DECAY: Final = 0.998
ENCODE_AT_ONCE: Final = 32
# How many pictures of each size a rank prepares; steps are shared out in the same proportion.
PICTURES: Final[dict[Size, int]] = {SQUARE: 6_400, WIDE: 600, TALL: 600}


def new_unet() -> UNet2DConditionModel:
    """An untrained UNet for latents of 16 by 16; only the level of 8 by 8 looks at the text."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        block_out_channels=(64, 96),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=CONTEXT,
        attention_head_dim=4,
        norm_num_groups=16,
    )


def new_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """An untrained text encoder with the vocabulary of the tokenizer."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=CONTEXT,
        intermediate_size=3 * CONTEXT,
        projection_dim=CONTEXT,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=MAX_LENGTH,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        # PyTorch's fused attention has a slow backward pass on CPUs.
        attn_implementation="eager",
    )
    return CLIPTextModel(config)


class Denoiser(nn.Module):
    """UNet and text encoder as one module with one set of parameters."""

    def __init__(self, tokenizer: CLIPTokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer
        self.text_encoder = new_text_encoder(tokenizer)
        self.unet = new_unet()
        # Also for its backward pass: PyTorch's fused attention takes 40 % longer a step here.
        self.unet.set_attn_processor(AttnProcessor())

    def forward(self, noised: Tensor, timesteps: Tensor, captions: Sequence[str]) -> Tensor:
        """The predicted velocity, of the same shape as the noised latents."""
        tokens = self.tokenizer(
            list(captions),
            padding="max_length",
            truncation=True,
            max_length=MAX_LENGTH,
            return_tensors="pt",
        )
        context = self.text_encoder(tokens.input_ids).last_hidden_state
        return self.unet(noised, timesteps, context).sample


@dataclass(frozen=True)
class Shelf:
    """Pictures of one size with their latents, scaled to unit variance."""

    pictures: list[Picture]
    latents: Tensor

    @cached_property
    def singles(self) -> list[int]:
        """The places of pictures with one figure."""
        return [place for place, picture in enumerate(self.pictures) if isinstance(picture, Single)]

    @cached_property
    def others(self) -> list[int]:
        """The places of groups, pairs and scenes."""
        return [place for place, picture in enumerate(self.pictures) if not isinstance(picture, Single)]

    def pick(self, random: Random) -> tuple[Tensor, list[str]]:
        """A batch of latents with freshly worded captions, some of them empty; mostly single figures."""
        chosen = random.sample(self.singles, SINGLES) + random.sample(self.others, BATCH - SINGLES)
        captions = [
            "" if random.random() < EMPTY_CAPTIONS else dressed_caption(self.pictures[index], random)
            for index in chosen
        ]
        return self.latents[chosen].float(), captions


@torch.no_grad()
def encode(model: AutoencoderKL, pictures: Sequence[Picture], size: Size) -> Tensor:
    """Unscaled latents of the pictures, as bfloat16 to save memory."""
    waiting = [picture.draw(size) for picture in pictures]
    made = []
    for start in range(0, len(waiting), ENCODE_AT_ONCE):
        batch = to_tensor(waiting[start : start + ENCODE_AT_ONCE])
        with torch.autocast("cpu", torch.bfloat16):
            made.append(model.encode(batch).latent_dist.mode().bfloat16())
    return torch.cat(made).contiguous()


def measure_scale(model: AutoencoderKL) -> float:
    """The factor that gives latents unit variance, from pictures that all ranks agree on."""
    random = Random(3)
    pictures = [random_picture(random) for _ in range(256)]
    return 1.0 / float(encode(model, pictures, SQUARE).float().std())


def _latents(model: AutoencoderKL, pictures: Sequence[Picture], *, size: Size, path: Path) -> Tensor:
    """Encoded pictures, kept on disk because encoding takes minutes."""
    if not path.exists():
        torch.save(encode(model, pictures, size), path)
    return torch.load(path, weights_only=True)


def fill_shelves(model: AutoencoderKL, folder: Path, rank: int) -> dict[Size, Shelf]:
    """The training pictures of a rank, the same ones after a restart."""
    random = Random(rank)
    scale = model.config.scaling_factor
    shelves = {}
    for size, count in PICTURES.items():
        pictures = [random_picture(random) for _ in range(count)]
        path = folder / f"latents-{rank}-{size[0]}x{size[1]}.pt"
        shelves[size] = Shelf(pictures, _latents(model, pictures, size=size, path=path) * scale)
    return shelves


def _timesteps() -> Tensor:
    """Mostly from the middle of the schedule, where outlines are decided.

    A logistic curve of normal numbers; the numbers are spread evenly over the batch, which makes
    gradients less noisy.
    """
    slots = (torch.arange(BATCH) + torch.rand(BATCH)) / BATCH
    normal = torch.special.ndtri(slots.clamp(1e-4, 1 - 1e-4))
    return (torch.sigmoid(TIME_CENTRE + normal) * TRAIN_STEPS).long()


def _loss(model: Denoiser, scheduler: DDPMScheduler, latents: Tensor, captions: list[str]) -> Tensor:
    noise = torch.randn_like(latents)
    timesteps = _timesteps()
    noised = scheduler.add_noise(latents, noise, timesteps)
    wanted = scheduler.get_velocity(latents, noise, timesteps)
    with torch.autocast("cpu", torch.bfloat16):
        made = model(noised, timesteps, captions)
    return functional.mse_loss(made.float(), wanted)


@torch.no_grad()
def _follow(shadow: nn.Module, model: nn.Module, step: int) -> None:
    """Move the averaged weights a little towards the newest ones."""
    decay = min(SHADOW_DECAY, (1 + step) / (10 + step))
    for old, new in zip(shadow.parameters(), model.parameters(), strict=True):
        old.lerp_(new, 1 - decay)


def train_denoiser(rank: int, folder: Path, minutes: float) -> None:
    """One rank of the training; rank 0 leaves text encoder, tokenizer and UNet in `folder`."""
    random = Random()
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    model = Denoiser(tokenizer)
    shadow = deepcopy(model)
    optimiser = torch.optim.AdamW(model.parameters(), lr=PEAK_RATE, weight_decay=0.01)
    scheduler = DDPMScheduler(**NOISE)
    autoencoder = AutoencoderKL.from_pretrained(folder / "autoencoder")
    shelves = fill_shelves(autoencoder, folder, rank)
    parts = {"model": model, "shadow": shadow, "optimiser": optimiser}
    checkpoint = Checkpoint.resume(folder / "denoiser.pt", parts, minutes)
    same_start(model)
    # After a restart the averaged weights are good ones, so they are not to be replaced quickly.
    step = 0 if checkpoint.clock.spent == 0 else 10_000
    while (progress := checkpoint.clock.progress()) < 1.0:
        size = random.choices(tuple(PICTURES), tuple(PICTURES.values()))[0]
        set_rate(optimiser, rate_at(progress, PEAK_RATE))
        optimiser.zero_grad()
        loss = _loss(model, scheduler, *shelves[size].pick(random))
        loss.backward()
        average_gradients(model.parameters())
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        _follow(shadow, model, step)
        if rank == 0 and step % 50 == 0:
            print(f"denoiser {progress:6.1%} step {step} loss {loss.item():.4f}", flush=True)
        checkpoint.save_if_due(rank)
        step += 1
    checkpoint.save_if_due(rank, force=True)
    if rank == 0:
        shadow.unet.save_pretrained(folder / "unet")
        shadow.text_encoder.save_pretrained(folder / "text_encoder")
