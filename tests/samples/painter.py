"""A pipeline without a model, which draws noise at once, and has the troubles that it is asked for."""

import os
import signal
import time
from pathlib import Path

import PIL.Image
import torch
from diffusers import DDIMScheduler, DiffusionPipeline, ImagePipelineOutput
from diffusers.utils.torch_utils import randn_tensor


class Painter(DiffusionPipeline):
    """Noise of the generator, brighter with every step."""

    def __init__(self, scheduler: DDIMScheduler) -> None:
        super().__init__()
        self.register_modules(scheduler=scheduler)

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        image: PIL.Image.Image | None = None,
        num_inference_steps: int = 2,
        height: int = 8,
        width: int = 8,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        pause: float = 0.0,
        trouble: str = "",
    ) -> ImagePipelineOutput:
        """Draw; ``trouble`` is what goes wrong, ``FILE:`` before it means once, for then the file is there."""
        prompts = [prompt] if isinstance(prompt, str) else prompt
        count = len(prompts) * num_images_per_prompt
        for _ in self.progress_bar(range(num_inference_steps)):
            time.sleep(pause / num_inference_steps)
        _suffer(trouble, count)
        noise = randn_tensor((count, height, width, 3), generator=generator) * 40 + 10 * num_inference_steps
        if image is not None:
            noise += torch.tensor(image.getpixel((0, 0)), dtype=torch.float32)
        pixels = noise.clamp(0, 255).to(torch.uint8).numpy()
        return ImagePipelineOutput(images=[PIL.Image.fromarray(each) for each in pixels])


def _suffer(trouble: str, count: int) -> None:
    marker, once, kind = trouble.rpartition(":")
    if once and Path(marker).exists():
        return
    if once:
        Path(marker).touch()
    if kind == "raise":
        raise ValueError("no <b>paint</b> & no brush")
    if kind == "exit":
        os.kill(os.getpid(), signal.SIGKILL)
    if kind == "memory" and count > 1:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate much")
    if kind == "full":
        raise OSError(5, "the disk hiccups")
