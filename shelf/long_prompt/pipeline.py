"""Stable Diffusion for prompts of any length whose words carry weights."""

import re
from collections.abc import Callable
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from diffusers.pipelines.stable_diffusion import StableDiffusionPipelineOutput

_PIECE = re.compile(r"\\[\\()\[\]]|[()\[\]]|[^\\()\[\]]+|\\")
_WEIGHT = re.compile(r":\s*([+-]?(?:\d+\.?\d*|\.\d+))\s*$")
_CLOSES = {")": "(", "]": "["}
_EMPHASIS = 1.1


def parse_weights(prompt: str) -> list[tuple[str, float]]:
    """Split a prompt into stretches of text and their weights.

    `(text)` weighs 1.1, `[text]` 1/1.1, `(text:1.4)` 1.4; nested weights multiply; a bracket or backslash after a
    backslash stands for itself. A bracket without its partner is a ValueError that names its place.
    """
    spans: list[list] = []
    groups: list[tuple[str, int, int]] = []
    weighable = 0  # spans before this one belong to groups that are closed
    for match in _PIECE.finditer(prompt):
        piece = match[0]
        if piece in ("(", "["):
            groups.append((piece, match.start(), len(spans)))
            weighable = len(spans)
        elif piece in _CLOSES:
            if not groups or groups[-1][0] != _CLOSES[piece]:
                raise _unpaired(prompt, match.start())
            first = groups.pop()[2]
            factor = _EMPHASIS if piece == ")" else 1 / _EMPHASIS
            if piece == ")" and len(spans) > weighable and (weight := _WEIGHT.search(spans[-1][0])):
                factor = float(weight[1])
                spans[-1][0] = spans[-1][0][: weight.start()]
            for span in spans[first:]:
                span[1] *= factor
            weighable = len(spans)
        else:
            spans.append([piece[1:] if len(piece) == 2 and piece[0] == "\\" else piece, 1.0])
    if groups:
        raise _unpaired(prompt, groups[-1][1])
    return _joined(spans)


def _joined(spans: list[list]) -> list[tuple[str, float]]:
    """Neighbours of one weight become one stretch, so that the tokenizer sees whole words."""
    joined: list[tuple[str, float]] = []
    for text, weight in spans:
        if joined and joined[-1][1] == weight:
            joined[-1] = (joined[-1][0] + text, weight)
        elif text:
            joined.append((text, weight))
    return joined


def _unpaired(prompt: str, place: int) -> ValueError:
    return ValueError(
        f"The bracket {prompt[place]!r} at character {place} of the prompt has no partner: {prompt!r}. "
        f"Write \\{prompt[place]} if you mean the character itself."
    )


class LongPromptPipeline(StableDiffusionPipeline):
    """Stable Diffusion that reads long weighted prompts.

    The text is cut into stretches of the length that the text encoder takes, each encoded by itself, and the stretches
    are joined along the tokens. A weight multiplies the embedding of its tokens; then the whole is scaled back to the
    mean magnitude it had, so that strong weights change what is drawn and not the contrast.
    """

    def encode_prompt(
        self,
        prompt: str | list[str] | None,
        device: torch.device,
        num_images_per_prompt: int,
        do_classifier_free_guidance: bool,
        negative_prompt: str | list[str] | None = None,
        prompt_embeds: torch.Tensor | None = None,
        negative_prompt_embeds: torch.Tensor | None = None,
        lora_scale: float | None = None,
        clip_skip: int | None = None,
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Embeddings (batch, chunks x tokens, width) of the prompts and, if guided, of the negative ones."""
        positive = [] if prompt is None else [prompt] if isinstance(prompt, str) else list(prompt)
        count = len(positive) if prompt_embeds is None else len(prompt_embeds)
        negative = []
        if do_classifier_free_guidance and negative_prompt_embeds is None:
            negative = negative_prompt if isinstance(negative_prompt, list) else [negative_prompt or ""] * count
            if len(negative) != count:
                raise ValueError(f"{len(negative)} negative prompts were given for {count} prompts; give one for each.")
        given = next((embeds for embeds in (prompt_embeds, negative_prompt_embeds) if embeds is not None), None)
        if positive or negative:
            embeds = self._embed(positive + negative, device, clip_skip, None if given is None else given.shape[1])
            prompt_embeds = embeds[: len(positive)] if positive else prompt_embeds
            negative_prompt_embeds = embeds[len(positive) :] if negative else negative_prompt_embeds
        return super().encode_prompt(
            None,
            device,
            num_images_per_prompt,
            do_classifier_free_guidance,
            prompt_embeds=prompt_embeds,
            negative_prompt_embeds=negative_prompt_embeds,
            lora_scale=lora_scale,
        )

    def _embed(self, texts: list[str], device: torch.device, clip_skip: int | None, length: int | None) -> torch.Tensor:
        """Weighted embeddings of all texts, padded to the same number of chunks."""
        window = self.tokenizer.model_max_length
        room = window - 2
        tokens = [self._weighted_tokens(text) for text in texts]
        chunks = max(1, *(-(-len(ids) // room) for ids, _ in tokens))
        if length is not None:
            if chunks * window > length:
                raise ValueError(f"A prompt needs {chunks * window} tokens, but the embeddings given have {length}.")
            chunks = length // window
        rows = [
            self._row(ids[start : start + room], weights[start : start + room])
            for ids, weights in tokens
            for start in range(0, chunks * room, room)
        ]
        plain = self._encode_ids(torch.tensor([ids for ids, _ in rows], device=device), clip_skip).float()
        weighted = plain * torch.tensor([weights for _, weights in rows], device=device)[..., None]
        plain, weighted = (states.reshape(len(texts), chunks * window, -1) for states in (plain, weighted))
        magnitude = plain.abs().mean((1, 2), keepdim=True) / weighted.abs().mean((1, 2), keepdim=True).clamp_min(1e-6)
        return (weighted * magnitude).to(self.text_encoder.dtype)

    def _weighted_tokens(self, text: str) -> tuple[list[int], list[float]]:
        ids: list[int] = []
        weights: list[float] = []
        for stretch, weight in parse_weights(text):
            stretch = self.maybe_convert_prompt(stretch, self.tokenizer)  # names of textual inversions
            new = self.tokenizer(stretch, add_special_tokens=False, truncation=False, verbose=False).input_ids
            ids += new
            weights += [weight] * len(new)
        return ids, weights

    def _row(self, ids: list[int], weights: list[float]) -> tuple[list[int], list[float]]:
        """A chunk between the marks of beginning and end, padded to what the text encoder takes."""
        rest = self.tokenizer.model_max_length - len(ids) - 2
        padding = [self.tokenizer.pad_token_id] * rest
        row = [self.tokenizer.bos_token_id, *ids, self.tokenizer.eos_token_id, *padding]
        return row, [1.0, *weights, *[1.0] * (rest + 1)]

    def _encode_ids(self, ids: torch.Tensor, clip_skip: int | None) -> torch.Tensor:
        if clip_skip is None:
            return self.text_encoder(ids)[0]
        states = self.text_encoder(ids, output_hidden_states=True).hidden_states[-(clip_skip + 1)]
        return getattr(self.text_encoder, "text_model", self.text_encoder).final_layer_norm(states)

    @torch.no_grad()
    def __call__(
        self,
        prompt: str | list[str] | None = None,
        *,
        negative_prompt: str | list[str] | None = None,
        height: int | None = None,
        width: int | None = None,
        num_inference_steps: int = 50,
        guidance_scale: float = 7.5,
        num_images_per_prompt: int = 1,
        generator: torch.Generator | list[torch.Generator] | None = None,
        clip_skip: int | None = None,
        output_type: str = "pil",
        return_dict: bool = True,
        callback_on_step_end: Callable | None = None,
        **kwargs: Any,
    ) -> StableDiffusionPipelineOutput | tuple:
        r"""Draw what long weighted prompts say.

        Args:
            prompt: One text or several, such as `"a (red:1.4) cat, [blurry] background"`.
            negative_prompt: What not to draw, weighted alike; one for all prompts, or one for each.
            height: In pixels, a multiple of 8; as the model was made for, unless told.
            width: Like `height`.
            num_inference_steps: Steps of the scheduler.
            guidance_scale: How closely to follow the prompt; 1 or less switches guidance off.
            num_images_per_prompt: Pictures for each prompt.
            generator: Makes the noise reproducible; one, or one for each picture.
            clip_skip: How many of the text encoder's last layers to leave out.
            output_type: `pil`, `np` (batch, height, width, 3), `pt` (batch, 3, height, width), both between 0 and 1, or
                `latent` (batch, 4, height / 8, width / 8).
            return_dict: Whether to return an output object rather than a tuple.
            callback_on_step_end: Called after each step with the pipeline, step, timestep and tensors.
            **kwargs: Whatever else `StableDiffusionPipeline` takes.

        Returns:
            An object with `.images` and `.nsfw_content_detected`, or a tuple of the two.

        Raises:
            ValueError: If a bracket has no partner, or the numbers of prompts do not fit.

        Example:
            ```python
            pipe = DiffusionPipeline.from_pretrained(model, custom_pipeline="shelf/long_prompt")
            image = pipe(r"a (big:1.3) (green cat) \(smiling\), [grass]", num_inference_steps=20).images[0]
            ```

        """
        if isinstance(prompt, list) and not prompt:
            raise ValueError("`prompt` is an empty list; give at least one prompt.")
        return super().__call__(
            prompt=prompt,
            negative_prompt=negative_prompt,
            height=height,
            width=width,
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            num_images_per_prompt=num_images_per_prompt,
            generator=generator,
            clip_skip=clip_skip,
            output_type=output_type,
            return_dict=return_dict,
            callback_on_step_end=callback_on_step_end,
            **kwargs,
        )
