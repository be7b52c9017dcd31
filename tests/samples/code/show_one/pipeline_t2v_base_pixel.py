"""Text to video, drawn in pixels: no VAE, small clips."""

from dataclasses import dataclass

import numpy as np
import PIL.Image
import torch
from diffusers import DiffusionPipeline, ModelMixin
from diffusers.schedulers import KarrasDiffusionSchedulers
from diffusers.utils import BaseOutput
from diffusers.utils.torch_utils import randn_tensor
from diffusers.video_processor import VideoProcessor
from transformers import CLIPImageProcessor, T5EncoderModel, T5Tokenizer


@dataclass
class TextToVideoPixelOutput(BaseOutput):
    """`frames`: for each prompt its frames, as pictures, or (batch, frames, height, width, 3) between 0 and 1."""

    frames: list[list[PIL.Image.Image]] | np.ndarray | torch.Tensor


class TextToVideoIFPipeline(DiffusionPipeline):
    """Draw the frames of a clip together, guided by a text."""

    model_cpu_offload_seq = "text_encoder->unet"
    _optional_components = ("feature_extractor",)

    def __init__(
        self,
        tokenizer: T5Tokenizer,
        text_encoder: T5EncoderModel,
        unet: ModelMixin,
        scheduler: KarrasDiffusionSchedulers,
        feature_extractor: CLIPImageProcessor | None = None,
    ):
        super().__init__()
        self.register_modules(
            tokenizer=tokenizer,
            text_encoder=text_encoder,
            unet=unet,
            scheduler=scheduler,
            feature_extractor=feature_extractor,
        )
        self.video_processor = VideoProcessor(do_resize=False, vae_scale_factor=1)

    def encode_prompt(self, prompt: list[str]) -> torch.Tensor:
        """Hidden states (batch, tokens, width) of the text encoder."""
        tokens = self.tokenizer(
            prompt,
            padding="max_length",
            max_length=min(self.tokenizer.model_max_length, 77),
            truncation=True,
            return_tensors="pt",
        ).to(self._execution_device)
        return self.text_encoder(tokens.input_ids, attention_mask=tokens.attention_mask)[0]

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        negative_prompt: str = "",
        num_frames: int | None = None,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int = 20,
        guidance_scale: float = 7.5,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> TextToVideoPixelOutput | tuple:
        """Draw a clip for each prompt.

        Args:
            prompt: What to show.
            negative_prompt: What not to show.
            num_frames: Frames in a clip; as many as the UNet was made for, unless told.
            height: Of a frame, in pixels, even; as the UNet was made for, unless told.
            width: Like `height`.
            num_inference_steps: Steps of the scheduler.
            guidance_scale: How closely to follow the text; 1 or less switches guidance off.
            generator: Makes the noise reproducible; one, or one for each prompt.
            output_type: `pil`, `np` or `pt`.
            return_dict: Whether to return an output object rather than a tuple.

        """
        prompt = [prompt] if isinstance(prompt, str) else list(prompt)
        size = self.unet.config
        shape = (
            len(prompt),
            size.in_channels,
            num_frames or size.num_frames,
            height or size.sample_size,
            width or size.sample_size,
        )
        embeds = self.encode_prompt(prompt)
        guided = guidance_scale > 1
        if guided:
            embeds = torch.cat([self.encode_prompt([negative_prompt] * len(prompt)), embeds])

        self.scheduler.set_timesteps(num_inference_steps, device=embeds.device)
        video = randn_tensor(shape, generator=generator, device=embeds.device, dtype=embeds.dtype)
        video = video * self.scheduler.init_noise_sigma
        for step in self.progress_bar(self.scheduler.timesteps):
            seen = self.scheduler.scale_model_input(torch.cat([video] * 2) if guided else video, step)
            noise = self.unet(seen, step, encoder_hidden_states=embeds).sample
            if guided:
                without, with_text = noise.chunk(2)
                noise = without + guidance_scale * (with_text - without)
            video = self.scheduler.step(noise, step, video, generator=generator, return_dict=False)[0]

        frames = self.video_processor.postprocess_video(video.clamp(-1, 1), output_type=output_type)
        self.maybe_free_model_hooks()
        return TextToVideoPixelOutput(frames=frames) if return_dict else (frames,)
