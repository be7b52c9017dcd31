"""Image to image with a map that says how much each place may change."""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from diffusers.image_processor import PipelineImageInput, VaeImageProcessor
from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput
from diffusers.utils.torch_utils import randn_tensor


class DifferenceMapPipeline(StableDiffusionImg2ImgPipeline):
    """Redraw a picture where a map is bright.

    White is free from the first step on. The darker a place, the longer it is held to the (suitably noised) picture
    before the steps that remain may redraw it; black is never let go.
    """

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        image: PipelineImageInput,
        map: PipelineImageInput,  # noqa: A002
        *,
        negative_prompt: str | list[str] | None = None,
        strength: float = 1.0,
        num_inference_steps: int = 50,
        guidance_scale: float = 7.5,
        eta: float = 0.0,
        keep_black: bool = True,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
        callback_on_step_end: Callable | None = None,
    ) -> StableDiffusionPipelineOutput | tuple:
        """Redraw `image` as `prompt` says where `map` is bright.

        One prompt, image or map serves for all of a batch.

        Args:
            prompt: One text, or one for each picture.
            image: One picture or several of one size: PIL images, arrays or tensors between 0 and 1. The output has its
                size, rounded down to a multiple of 8 pixels.
            map: One grey picture, or one for each picture; stretched to the size of `image`. White (1) changes fully,
                grey later and less, black (0) stays.
            negative_prompt: What not to draw.
            strength: Share of the steps that is run, in (0, 1]; less keeps more even where the map is white.
            num_inference_steps: Steps of the scheduler at a strength of 1.
            guidance_scale: How closely to follow the prompt; 1 or less switches guidance off.
            eta: Noise added by DDIM at each step, from 0 to 1; other schedulers ignore it.
            keep_black: Whether black places come back as exactly the pixels given, rather than through the VAE.
            generator: Makes the noise reproducible; one, or one for each picture.
            output_type: `pil`, `np` (batch, height, width, 3), `pt` (batch, 3, height, width), both between 0 and 1, or
                `latent` (batch, 4, height / 8, width / 8).
            return_dict: Whether to return an output object rather than a tuple.
            callback_on_step_end: Called after each step with the pipeline, step, timestep and `{"latents": ...}`; may
                return other latents.

        Returns:
            An object with `.images` and `.nsfw_content_detected`, or a tuple of the two.

        Raises:
            ValueError: If batches do not fit, no step is left to run, or the map is outside 0 to 1.

        Example:
            ```python
            pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline="shelf/difference_map")
            edge_to_edge = Image.linear_gradient("L").rotate(90)  # from black at the left to white at the right
            image = pipe("a house at night", image=photo, map=edge_to_edge).images[0]
            ```

        """
        device = self._execution_device
        prompts = [prompt] if isinstance(prompt, str) else list(prompt)
        pixels = self.image_processor.preprocess(image).to(device)
        brightness = self._brightness(map, pixels.shape[-2:]).to(device)
        batch = max(len(prompts), len(pixels), len(brightness))
        prompts = _spread(prompts, batch, "prompts")
        pixels, brightness = _spread(pixels, batch, "images"), _spread(brightness, batch, "maps")
        negatives = negative_prompt if isinstance(negative_prompt, list) else [negative_prompt or ""]
        negatives = _spread(negatives, batch, "negative prompts")

        guided = guidance_scale > 1
        embeds, negative_embeds = self.encode_prompt(prompts, device, 1, guided, negatives)
        if guided:
            embeds = torch.cat([negative_embeds, embeds])

        self.scheduler.set_timesteps(num_inference_steps, device=device)
        timesteps, _ = self.get_timesteps(num_inference_steps, strength, device)
        if not 0 < strength <= 1 or not len(timesteps):
            raise ValueError(
                f"`strength` {strength} leaves none of {num_inference_steps} steps to run; it lies in (0, 1]."
            )

        source = self.vae.encode(pixels.to(self.vae.dtype)).latent_dist.mode() * self.vae.config.scaling_factor
        source = source.to(embeds.dtype)
        noise = randn_tensor(source.shape, generator=generator, device=device, dtype=embeds.dtype)
        latents = self.scheduler.add_noise(source, noise, timesteps[:1].expand(batch))
        change = torch.nn.functional.interpolate(brightness, size=source.shape[-2:], mode="area")
        extra = self.prepare_extra_step_kwargs(generator, eta)

        with self.progress_bar(total=len(timesteps)) as bar:
            for index, step in enumerate(timesteps):
                seen = self.scheduler.scale_model_input(torch.cat([latents] * 2) if guided else latents, step)
                output = self.unet(seen, step, encoder_hidden_states=embeds, return_dict=False)[0]
                if guided:
                    without, with_prompt = output.chunk(2)
                    output = without + guidance_scale * (with_prompt - without)
                latents = self.scheduler.step(output, step, latents, **extra, return_dict=False)[0]

                held = source
                if index + 1 < len(timesteps):
                    held = self.scheduler.add_noise(source, noise, timesteps[index + 1].expand(batch))
                latents = torch.where(change >= 1 - index / len(timesteps), latents, held)
                if callback_on_step_end is not None:
                    returned = callback_on_step_end(self, index, step, {"latents": latents}) or {}
                    latents = returned.get("latents", latents)
                bar.update()

        images, flagged = latents, None
        if output_type != "latent":
            images = self.vae.decode(latents.to(self.vae.dtype) / self.vae.config.scaling_factor, return_dict=False)[0]
            if keep_black:
                images = torch.where(brightness > 0, images, pixels.to(images.dtype))
            images, flagged = self._checked(images, output_type)
        self.maybe_free_model_hooks()
        if not return_dict:
            return images, flagged
        return StableDiffusionPipelineOutput(images=images, nsfw_content_detected=flagged)

    def _checked(self, images: torch.Tensor, output_type: str) -> tuple[Any, list[bool] | None]:
        """The pictures in the form asked for, and what the safety checker said of them."""
        images, flagged = self.run_safety_checker(images, images.device, images.dtype)
        shown = None if flagged is None else [not flag for flag in flagged]
        return self.image_processor.postprocess(images, output_type=output_type, do_denormalize=shown), flagged

    def _brightness(self, map: PipelineImageInput, size: torch.Size) -> torch.Tensor:  # noqa: A002
        """The map as (batch, 1, height, width) between 0 and 1."""
        processor = VaeImageProcessor(
            vae_scale_factor=self.vae_scale_factor, do_normalize=False, do_convert_grayscale=True
        )
        brightness = processor.preprocess(map, height=size[0], width=size[1]).float().mean(1, keepdim=True)
        if not ((brightness >= 0) & (brightness <= 1)).all():
            low, high = brightness.min().item(), brightness.max().item()
            raise ValueError(f"`map` lies between {low:.3g} and {high:.3g}; it has to be between 0 and 1.")
        return brightness


def _spread(values: list | torch.Tensor | np.ndarray, batch: int, what: str) -> list | torch.Tensor:
    """One value for each of the batch, where one serves for all."""
    if len(values) not in (1, batch):
        raise ValueError(f"{len(values)} {what} do not fit a batch of {batch}; give one, or one for each.")
    if isinstance(values, list):
        return values * (batch // len(values))
    return values.expand(batch, *values.shape[1:])
