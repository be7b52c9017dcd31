"""Walks from prompt to prompt, as frames of a film."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
import torch
from diffusers import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor


@dataclass
class PromptWalkOutput(BaseOutput):
    """The frames of one or several walks.

    Attributes:
        frames: For each walk its frames: a list of PIL images, an array (frames, height, width, 3) or a tensor.
        nsfw_content_detected: For each walk what the safety checker said of each frame, or None without a checker.

    """

    frames: list[list[PIL.Image.Image] | np.ndarray | torch.Tensor]
    nsfw_content_detected: list[list[bool]] | None = None

    @property
    def images(self) -> list:
        """All frames, one walk after the other."""
        return [frame for walk in self.frames for frame in walk]


class _Stop(NamedTuple):
    """A prompt on the way: its embedding, the negative one, its noise, and its generator as it is after that."""

    embeds: torch.Tensor
    negative: torch.Tensor | None
    noise: torch.Tensor
    generator: torch.Generator


def lerp(start: torch.Tensor, end: torch.Tensor, fraction: float) -> torch.Tensor:
    """The point at `fraction` of the straight line from `start` to `end`."""
    return torch.lerp(start, end, fraction)


def slerp(start: torch.Tensor, end: torch.Tensor, fraction: float, dims: int | tuple[int, ...] = -1) -> torch.Tensor:
    """The point at `fraction` of the arc from `start` to `end`, vectors along `dims`; straight where they are parallel.

    On the line between two noises lies weaker noise; on the arc it keeps its strength.
    """
    first, second = start.float(), end.float()
    lengths = (first.square().sum(dims, keepdim=True) * second.square().sum(dims, keepdim=True)).sqrt()
    angle = ((first * second).sum(dims, keepdim=True) / lengths.clamp_min(1e-12)).clamp(-1, 1).arccos()
    sine, curved = angle.sin().clamp_min(1e-3), angle.sin() > 1e-3
    from_first = torch.where(curved, ((1 - fraction) * angle).sin() / sine, 1 - fraction)
    from_second = torch.where(curved, (fraction * angle).sin() / sine, fraction)
    return (from_first * first + from_second * second).to(start.dtype)


class PromptWalkPipeline(StableDiffusionPipeline):
    """Stable Diffusion that draws the way from one prompt to the next."""

    @torch.no_grad()
    def __call__(
        self,
        prompt: list[str] | list[list[str]],
        *,
        num_frames: int = 8,
        interpolation: str = "slerp",
        negative_prompt: str | None = None,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int = 50,
        guidance_scale: float = 7.5,
        generator: torch.Generator | list[torch.Generator] | list[list[torch.Generator]] | None = None,
        frames_at_once: int = 1,
        output_type: str = "pil",
        return_dict: bool = True,
        callback_on_step_end: Callable | None = None,
    ) -> PromptWalkOutput | tuple:
        """Draw one walk through the prompts, or several.

        The frames at the prompts are what `StableDiffusionPipeline` draws with the same generator.

        Args:
            prompt: The prompts of a walk, two or more; or a list of such walks.
            num_frames: Frames between one prompt and the next, so that a walk through n prompts has
                `(n - 1) * (num_frames + 1) + 1`.
            interpolation: How to go from one text embedding to the next: `slerp` or `lerp`. Noise always takes the arc.
            negative_prompt: What not to draw in any frame.
            height: In pixels, a multiple of 8; as the model was made for, unless told.
            width: Like `height`.
            num_inference_steps: Steps of the scheduler, for each frame.
            guidance_scale: How closely to follow the prompts; 1 or less switches guidance off.
            generator: One, whose noise then stays the same along a walk; or one for each prompt, nested as `prompt` is,
                and the noise walks along.
            frames_at_once: Frames to draw in one batch: more is faster where there is memory for it.
            output_type: `pil`, `np` (frames, height, width, 3), `pt` (frames, 3, height, width), both between 0 and 1,
                or `latent` (frames, 4, height / 8, width / 8).
            return_dict: Whether to return an output object rather than a tuple.
            callback_on_step_end: Called after each step of each batch with the pipeline, step, timestep and tensors.

        Returns:
            A `PromptWalkOutput`, or a tuple of its `frames` and `nsfw_content_detected`.

        Raises:
            ValueError: If a walk has fewer than two prompts, generators do not fit them, or a number is too small.

        Example:
            ```python
            pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline="shelf/prompt_walk")
            seeds = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
            frames = pipe(["a red circle", "a blue star"], num_frames=14, generator=seeds).frames[0]
            frames[0].save("walk.gif", save_all=True, append_images=frames[1:], duration=80, loop=0)
            ```

        """
        walks, generators = _walks(prompt, generator)
        if num_frames < 0 or frames_at_once < 1:
            raise ValueError(f"`num_frames` ({num_frames}) or `frames_at_once` ({frames_at_once}) is too small.")
        if interpolation not in ("slerp", "lerp"):
            raise ValueError(f"`interpolation` is {interpolation!r}; it can be 'slerp' or 'lerp'.")
        asked = {
            "height": height,
            "width": width,
            "num_inference_steps": num_inference_steps,
            "guidance_scale": guidance_scale,
            "output_type": output_type,
            "callback_on_step_end": callback_on_step_end,
        }
        frames, flags = [], []
        for prompts, own in zip(walks, generators, strict=True):
            stops = self._stops(prompts, negative_prompt or "", own, height, width, guidance_scale > 1)
            places = list(_places(len(prompts), num_frames))
            batches = [
                self._draw(stops, places[first : first + frames_at_once], interpolation, asked)
                for first in range(0, len(places), frames_at_once)
            ]
            frames.append(_join([output.images for output in batches]))
            flags.append([flag for output in batches for flag in output.nsfw_content_detected or []])
        nsfw = flags if any(flags) else None
        return PromptWalkOutput(frames=frames, nsfw_content_detected=nsfw) if return_dict else (frames, nsfw)

    def _stops(
        self,
        prompts: list[str],
        negative_prompt: str,
        generators: list[torch.Generator],
        height: int | None,
        width: int | None,
        guided: bool,
    ) -> list[_Stop]:
        """What is needed to draw at each prompt."""
        embeds, negative = self.encode_prompt(
            prompts, self._execution_device, 1, guided, [negative_prompt] * len(prompts)
        )
        size = self.unet.config.sample_size
        rows, columns = (size, size) if isinstance(size, int) else size
        rows = height // self.vae_scale_factor if height else rows
        columns = width // self.vae_scale_factor if width else columns
        shape = (1, self.unet.config.in_channels, rows, columns)
        noises = [
            (randn_tensor(shape, generator=each, device=embeds.device, dtype=embeds.dtype), _copy(each))
            for each in generators
        ]
        noises = noises if len(noises) > 1 else noises * len(prompts)
        negatives = [None] * len(prompts) if negative is None else negative
        return [_Stop(*stop, *noise) for *stop, noise in zip(embeds, negatives, noises, strict=True)]

    def _draw(
        self, stops: list[_Stop], places: list[tuple[int, float]], interpolation: str, asked: dict[str, Any]
    ) -> StableDiffusionPipelineOutput:
        """Frames at several places of a walk, in one batch."""
        mix = slerp if interpolation == "slerp" else lerp
        legs = [(stops[leg], stops[leg + 1], part) for leg, part in places]
        guided = stops[0].negative is not None
        return super().__call__(
            prompt_embeds=torch.stack([mix(start.embeds, end.embeds, part) for start, end, part in legs]),
            negative_prompt_embeds=torch.stack([start.negative for start, _, _ in legs]) if guided else None,
            latents=torch.cat([slerp(start.noise, end.noise, part, dims=(1, 2, 3)) for start, end, part in legs]),
            generator=[_copy((end if part > 0.5 else start).generator) for start, end, part in legs],
            **asked,
        )


def _walks(prompt, generator) -> tuple[list[list[str]], list[list[torch.Generator]]]:
    """Both as lists of walks; a walk has one generator, or one for each prompt."""
    if not isinstance(prompt, list) or not prompt:
        raise ValueError("`prompt` has to be a list: the prompts of a walk, or several walks.")
    single = isinstance(prompt[0], str)
    walks = [prompt] if single else prompt
    if not all(isinstance(walk, list) and len(walk) >= 2 for walk in walks):
        raise ValueError("A walk leads from one prompt to another: `prompt` needs lists of at least 2.")
    if generator is None:
        generator = torch.Generator().manual_seed(int(torch.randint(2**62, ())))
    if isinstance(generator, torch.Generator):
        return walks, [[generator]] * len(walks)
    generators = [generator] if single else generator
    if [len(walk) for walk in walks] != [len(own) if isinstance(own, list) else 0 for own in generators]:
        raise ValueError("Give one generator for all, or one for each prompt, nested as the prompts are.")
    return walks, generators


def _places(prompts: int, between: int) -> Iterator[tuple[int, float]]:
    """The places of the frames: from which prompt on, and which part of the way to the next."""
    for leg in range(prompts - 1):
        for place in range(between + 1):
            yield leg, place / (between + 1)
    yield prompts - 2, 1.0


def _copy(generator: torch.Generator) -> torch.Generator:
    copy = torch.Generator(device=generator.device)
    copy.set_state(generator.get_state())
    return copy


def _join(batches: list) -> list | np.ndarray | torch.Tensor:
    if isinstance(batches[0], list):
        return [frame for batch in batches for frame in batch]
    return np.concatenate(batches) if isinstance(batches[0], np.ndarray) else torch.cat(batches)
