"""Measures the finished model: `python -m training.measure`.

Prints the share of held-out triples that the recogniser of the tests reads back from the drawn
pictures, and the accuracy of the autoencoder; `--sheet` saves the pictures side by side.
"""

import argparse
from collections.abc import Sequence
from math import log10
from pathlib import Path
from random import Random

import torch
from diffusers import DiffusionPipeline
from PIL import Image
from tests.demo.recogniser import Seen, recognise

from training.autoencoder import to_tensor
from training.pictures import SQUARE, Triple, article, held_out_triples, random_picture
from training.train import MODEL

BATCH = 20
GAP = 4


def prompt_of(triple: Triple) -> str:
    """The plainest wording, as a user would type it."""
    return f"{article(triple.colour)} {triple.shape} on {article(triple.background)} background"


def draw_all(pipeline: DiffusionPipeline, prompts: Sequence[str], *, steps: int, guidance: float) -> list[Image.Image]:
    """One picture a prompt, in batches; the place of the prompt is its seed."""
    pictures: list[Image.Image] = []
    for start in range(0, len(prompts), BATCH):
        batch = list(prompts[start : start + BATCH])
        generators = [torch.Generator().manual_seed(start + place) for place in range(len(batch))]
        pictures += pipeline(batch, num_inference_steps=steps, guidance_scale=guidance, generator=generators).images
    return pictures


def contact_sheet(pictures: Sequence[Image.Image], columns: int = 10) -> Image.Image:
    """All pictures side by side, in reading order."""
    width, height = pictures[0].size
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * (width + GAP), rows * (height + GAP)), "white")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, columns)
        sheet.paste(picture, (column * (width + GAP), row * (height + GAP)))
    return sheet


@torch.no_grad()
def reconstruction_psnr(pipeline: DiffusionPipeline, count: int = 100) -> float:
    """Decibels between pictures not used in training and their way through the autoencoder."""
    random = Random(99)
    batch = to_tensor([random_picture(random).draw(SQUARE) for _ in range(count)])
    made = torch.cat(
        [pipeline.vae.decode(pipeline.vae.encode(part).latent_dist.mode()).sample for part in batch.split(BATCH)]
    )
    error = (made.clamp(-1, 1) - batch).square().mean().item()
    return 10 * log10(4 / error)


def _report(triples: Sequence[Triple], seen: Sequence[Seen]) -> None:
    pairs = list(zip(triples, seen, strict=True))
    for name in Triple._fields:
        share = sum(getattr(wanted, name) == getattr(found, name) for wanted, found in pairs) / len(pairs)
        print(f"{name:12}{share:7.1%}")
    both = sum((wanted.colour, wanted.shape) == (found.colour, found.shape) for wanted, found in pairs)
    print(f"colour and shape {both}/{len(pairs)} = {both / len(pairs):.1%}")
    for wanted, found in pairs:
        if (wanted.colour, wanted.shape, wanted.background) != (found.colour, found.shape, found.background):
            print(f"  {prompt_of(wanted)}: {found}")


def main() -> None:
    """Draw the held-out triples and count what the recogniser reads back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--count", type=int, default=len(held_out_triples()))
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--sheet", type=Path, help="save the pictures here")
    options = parser.parse_args()
    pipeline = DiffusionPipeline.from_pretrained(options.model)
    pipeline.set_progress_bar_config(disable=True)
    triples = held_out_triples()[: options.count]
    prompts = [prompt_of(triple) for triple in triples]
    pictures = draw_all(pipeline, prompts, steps=options.steps, guidance=options.guidance)
    if options.sheet:
        contact_sheet(pictures).save(options.sheet)
    _report(triples, [recognise(picture) for picture in pictures])
    print(f"autoencoder {reconstruction_psnr(pipeline):.1f} dB")


if __name__ == "__main__":
    main()
