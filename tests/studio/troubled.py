"""A community pipeline that draws at once and has whatever trouble it is asked for."""

import os
import time

import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from PIL import Image


class TroubledPipeline(DiffusionPipeline):
    """Noise, or trouble. <img src=x onerror="document.title='owned'"> ${7*7} {{7*7}}"""

    def __init__(self, unet, scheduler):
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    @torch.no_grad()
    def __call__(
        self,
        prompt: str = "noise",
        trouble: str = "",
        num_inference_steps: int = 3,
        strength: float = 0.5,
        flag: bool = False,
        sizes: "list[int] | None" = None,
        extra: "dict | None" = None,
        generator=None,
        callback=None,
        latents: "torch.Tensor | None" = None,
    ):
        """Draw.

        Args:
            prompt: What to draw. **bold** <b onclick=alert(1)>not bold</b> <script>document.title='owned'</script>
            trouble: What goes wrong.
            num_inference_steps: At least 1.
            strength: Between 0 and 1, must be.
        """
        if trouble == "raise":
            raise ValueError("no <b>paint</b> <img src=x onerror=\"document.title='owned'\">")
        if trouble == "exit":
            os._exit(3)
        if trouble == "hang":
            while True:
                time.sleep(0.05)
        if trouble == "odd":
            return {"images": object()}
        if trouble == "much":
            return ImagePipelineOutput(images=[Image.new("L", (1, 1))] * 300)
        for _ in self.progress_bar(range(num_inference_steps)):
            time.sleep(0.1 if trouble == "slow" else 0)
        noise = torch.randint(0, 255, (32, 32, 3), dtype=torch.uint8, generator=generator)
        if latents is not None:
            noise = latents.to(torch.uint8)
        return ImagePipelineOutput(images=[Image.fromarray(noise.numpy())])
