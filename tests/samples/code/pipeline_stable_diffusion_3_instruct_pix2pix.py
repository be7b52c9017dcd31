"""Edit pictures by instructions with a Stable Diffusion 3 transformer that also sees the picture to edit."""

import torch
from transformers import CLIPTextModelWithProjection, CLIPTokenizer, T5EncoderModel, T5Tokenizer

from ...image_processor import PipelineImageInput, VaeImageProcessor
from ...models import AutoencoderKL
from ...models.transformers import SD3Transformer2DModel
from ...schedulers import FlowMatchEulerDiscreteScheduler
from ...utils import logging
from ...utils.torch_utils import randn_tensor
from ..pipeline_utils import DiffusionPipeline
from .pipeline_output import StableDiffusion3PipelineOutput

logger = logging.get_logger(__name__)


class StableDiffusion3InstructPix2PixPipeline(DiffusionPipeline):
    """Follow an instruction such as "make it snow", keeping the rest of the picture.

    The transformer reads twice the latent channels: the noisy latents, then those of the picture to edit.
    """

    model_cpu_offload_seq = "text_encoder->text_encoder_2->text_encoder_3->transformer->vae"

    def __init__(
        self,
        transformer: SD3Transformer2DModel,
        scheduler: FlowMatchEulerDiscreteScheduler,
        vae: AutoencoderKL,
        text_encoder: CLIPTextModelWithProjection,
        tokenizer: CLIPTokenizer,
        text_encoder_2: CLIPTextModelWithProjection,
        tokenizer_2: CLIPTokenizer,
        text_encoder_3: T5EncoderModel,
        tokenizer_3: T5Tokenizer,
    ):
        super().__init__()
        self.register_modules(
            transformer=transformer,
            scheduler=scheduler,
            vae=vae,
            text_encoder=text_encoder,
            tokenizer=tokenizer,
            text_encoder_2=text_encoder_2,
            tokenizer_2=tokenizer_2,
            text_encoder_3=text_encoder_3,
            tokenizer_3=tokenizer_3,
        )
        factor = 2 ** (len(self.vae.config.block_out_channels) - 1)
        self.image_processor = VaeImageProcessor(vae_scale_factor=factor * self.transformer.config.patch_size)

    def encode_prompt(self, prompt: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden states (batch, tokens, width) and pooled states (batch, width) of all three text encoders."""
        clips = [(self.tokenizer, self.text_encoder), (self.tokenizer_2, self.text_encoder_2)]
        outputs = [encoder(self._tokens(tokenizer, prompt), output_hidden_states=True) for tokenizer, encoder in clips]
        clip = torch.cat([output.hidden_states[-2] for output in outputs], dim=-1)
        t5 = self.text_encoder_3(self._tokens(self.tokenizer_3, prompt))[0]
        clip = torch.nn.functional.pad(clip, (0, t5.shape[-1] - clip.shape[-1]))
        return torch.cat([clip, t5], dim=1), torch.cat([output.text_embeds for output in outputs], dim=-1)

    def _tokens(self, tokenizer, prompt: list[str]) -> torch.Tensor:
        length = min(tokenizer.model_max_length, 256)
        tokens = tokenizer(prompt, padding="max_length", max_length=length, truncation=True, return_tensors="pt")
        return tokens.input_ids.to(self._execution_device)

    def _encode_image(self, pixels: torch.Tensor) -> torch.Tensor:
        vae = self.vae.config
        return (self.vae.encode(pixels).latent_dist.mode() - vae.shift_factor) * vae.scaling_factor

    def _decode(self, latents: torch.Tensor) -> torch.Tensor:
        vae = self.vae.config
        return self.vae.decode(latents / vae.scaling_factor + vae.shift_factor, return_dict=False)[0]

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str],
        image: PipelineImageInput,
        negative_prompt: str = "",
        num_inference_steps: int = 28,
        guidance_scale: float = 7.0,
        image_guidance_scale: float = 1.5,
        generator: torch.Generator | list[torch.Generator] | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
    ) -> StableDiffusion3PipelineOutput | tuple:
        """Edit `image` (one, or one for each prompt) as `prompt` says; the output has its size.

        `guidance_scale` says how closely to follow the words, `image_guidance_scale` how closely to keep to the
        picture; without the first (1 or less) the second has no effect.
        """
        channels = self.vae.config.latent_channels
        if self.transformer.config.in_channels != 2 * channels:
            raise ValueError(
                f"Editing needs a transformer with {2 * channels} input channels; this one, of "
                f"{self.transformer.config.in_channels}, was trained to draw from words alone."
            )
        prompt = [prompt] if isinstance(prompt, str) else list(prompt)
        guided = guidance_scale > 1
        embeds, pooled = self.encode_prompt(prompt)
        pixels = self.image_processor.preprocess(image).to(embeds.device, self.vae.dtype)
        source = self._encode_image(pixels)
        source = source.expand(len(prompt), -1, -1, -1).to(embeds.dtype)
        if guided:
            empty_embeds, empty_pooled = self.encode_prompt([negative_prompt] * len(prompt))
            embeds, pooled = torch.cat([embeds, empty_embeds, empty_embeds]), torch.cat([pooled] + [empty_pooled] * 2)

        latents = randn_tensor(source.shape, generator=generator, device=embeds.device, dtype=embeds.dtype)
        condition = torch.cat([source, source, torch.zeros_like(source)]) if guided else source
        self.scheduler.set_timesteps(num_inference_steps, device=embeds.device)
        for step in self.progress_bar(self.scheduler.timesteps):
            seen = torch.cat([torch.cat([latents] * 3) if guided else latents, condition], dim=1)
            velocity = self.transformer(
                hidden_states=seen,
                timestep=step.expand(len(seen)),
                encoder_hidden_states=embeds,
                pooled_projections=pooled,
                return_dict=False,
            )[0]
            if guided:
                full, image_only, nothing = velocity.chunk(3)
                velocity = nothing + image_guidance_scale * (image_only - nothing)
                velocity = velocity + guidance_scale * (full - image_only)
            latents = self.scheduler.step(velocity, step, latents, return_dict=False)[0]

        images = latents if output_type == "latent" else self._decode(latents.to(self.vae.dtype))
        if output_type != "latent":
            images = self.image_processor.postprocess(images, output_type=output_type)
        self.maybe_free_model_hooks()
        return StableDiffusion3PipelineOutput(images=images) if return_dict else (images,)
