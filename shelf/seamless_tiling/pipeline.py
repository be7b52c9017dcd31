"""Stable Diffusion whose pictures continue into themselves: textures to tile a plane, or panoramas that close."""

from collections.abc import Callable
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_AXES = {"both": (True, True), "x": (True, False), "y": (False, True)}


class WrapAround(TorchFunctionMode):
    """While it is entered, this thread's 2D convolutions see the opposite edge where they would see zeros.

    Nothing in a model is changed: whoever shares the UNet or the VAE, even at the same time in another thread, draws as
    before.
    """

    def __init__(self, x: bool, y: bool):
        super().__init__()
        self.x, self.y = x, y

    def __torch_function__(self, func: Callable, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        """Redirect `conv2d`, and leave the rest of torch alone."""
        return (self._conv2d if func is functional.conv2d else func)(*args, **(kwargs or {}))

    def _conv2d(self, input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) -> torch.Tensor:  # noqa: A002
        if not isinstance(padding, str):
            rows, columns = (padding, padding) if isinstance(padding, int) else (padding[0], padding[-1])
            wrap_rows, wrap_columns = rows * self.y, columns * self.x
            if wrap_rows or wrap_columns:
                input = functional.pad(  # noqa: A001
                    input, (wrap_columns, wrap_columns, wrap_rows, wrap_rows), mode="circular"
                )
            padding = (rows - wrap_rows, columns - wrap_columns)
        return functional.conv2d(input, weight, bias, stride, padding, dilation, groups)


class SeamlessTilingPipeline(StableDiffusionPipeline):
    """Stable Diffusion for seamless textures."""

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str] | None = None,
        *,
        tile: str | None = "both",
        negative_prompt: str | list[str] | None = None,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int = 50,
        guidance_scale: float = 7.5,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
        callback_on_step_end: Callable | None = None,
        **kwargs: Any,
    ) -> StableDiffusionPipelineOutput | tuple:
        """Draw pictures without seams.

        Args:
            prompt: One text or several.
            tile: `x`, where the right edge continues at the left one; `y`, where the lower edge continues at the upper
                one; `both`; None for plain pictures.
            negative_prompt: What not to draw.
            height: In pixels, a multiple of 8; as the model was made for, unless told.
            width: Like `height`.
            num_inference_steps: Steps of the scheduler.
            guidance_scale: How closely to follow the prompt; 1 or less switches guidance off.
            num_images_per_prompt: Pictures for each prompt.
            generator: Makes the noise reproducible; one, or one for each picture.
            output_type: `pil`, `np` (batch, height, width, 3), `pt` (batch, 3, height, width), both between 0 and 1, or
                `latent` (batch, 4, height / 8, width / 8), to be decoded under the same `WrapAround`.
            return_dict: Whether to return an output object rather than a tuple.
            callback_on_step_end: Called after each step with the pipeline, step, timestep and tensors.
            **kwargs: Whatever else `StableDiffusionPipeline` takes.

        Returns:
            An object with `.images` and `.nsfw_content_detected`, or a tuple of the two.

        Raises:
            ValueError: If `tile` is none of the above.

        Example:
            ```python
            pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline="shelf/seamless_tiling")
            texture = pipe("red stars on a blue background", tile="both").images[0]
            ```

        """
        if tile is not None and tile not in _AXES:
            raise ValueError(f"`tile` is {tile!r}; it can be {', '.join(map(repr, _AXES))} or None.")
        x, y = _AXES.get(tile, (False, False))
        with WrapAround(x, y):
            return super().__call__(
                prompt=prompt,
                negative_prompt=negative_prompt,
                height=height,
                width=width,
                num_inference_steps=num_inference_steps,
                guidance_scale=guidance_scale,
                num_images_per_prompt=num_images_per_prompt,
                generator=generator,
                output_type=output_type,
                return_dict=return_dict,
                callback_on_step_end=callback_on_step_end,
                **kwargs,
            )
