"""What turns pictures, sound and text into tensors, and what is built of several parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diffusers
import torch
import transformers
from diffusers.configuration_utils import ConfigMixin, register_to_config
from diffusers.models.modeling_utils import ModelMixin

from gremio.checking.tiny.defaults import WIDTH
from gremio.checking.tiny.defaults.sizes import PIXELS
from gremio.checking.tiny.models import encoder, model
from gremio.checking.tiny.tokenizers import bert_tokenizer, clip_tokenizer, whisper_tokenizer

_CROP = {"height": PIXELS, "width": PIXELS}


class Projection(ModelMixin, ConfigMixin):  # type: ignore[misc]
    """One linear layer, from embeddings of one width to another."""

    @register_to_config  # type: ignore[untyped-decorator]
    def __init__(self, in_features: int = WIDTH, out_features: int = WIDTH) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(in_features, out_features)

    def forward(self, embeddings: torch.Tensor) -> torch.Tensor:
        """From (..., in_features) to (..., out_features)."""
        projected: torch.Tensor = self.linear(embeddings)
        return projected


def clip_image_processor(**options: Any) -> Any:
    """Pictures of any size to 224x224."""
    return transformers.CLIPImageProcessor(**{"size": {"shortest_edge": PIXELS}, "crop_size": _CROP} | options)


def siglip_image_processor(**options: Any) -> Any:
    """Pictures of any size to 224x224."""
    return transformers.SiglipImageProcessor(**{"size": _CROP} | options)


def clipseg_processor(**options: Any) -> Any:
    """Pictures and texts for CLIPSeg."""
    images = transformers.ViTImageProcessor(**{"size": _CROP} | options)
    return transformers.CLIPSegProcessor(images, clip_tokenizer())


def whisper_processor(**options: Any) -> Any:
    """Sound and texts for Whisper."""
    return transformers.WhisperProcessor(transformers.WhisperFeatureExtractor(**options), whisper_tokenizer())


def language_detection(**options: Any) -> Any:
    """A pipeline of transformers that calls a text ``en`` or ``es``."""
    reader = encoder("BertForSequenceClassification", {}).eval()
    return transformers.TextClassificationPipeline(model=reader, tokenizer=bert_tokenizer(), **options)


def multi(one: str, many: str) -> Callable[..., Any]:
    """What holds several models of the same class; ``config`` is that of each."""

    def build(**config: Any) -> Any:
        return getattr(diffusers, many)([model(one, config), model(one, config)])

    return build


COMPOSED: dict[str, Callable[..., Any]] = {
    "CLIPImageProcessor": clip_image_processor,
    "CLIPFeatureExtractor": clip_image_processor,
    "CLIPSegProcessor": clipseg_processor,
    "FluxMultiControlNetModel": multi("FluxControlNetModel", "FluxMultiControlNetModel"),
    "MultiAdapter": multi("T2IAdapter", "MultiAdapter"),
    "MultiControlNetModel": multi("ControlNetModel", "MultiControlNetModel"),
    "Projection": Projection,
    "SD3MultiControlNetModel": multi("SD3ControlNetModel", "SD3MultiControlNetModel"),
    "SiglipImageProcessor": siglip_image_processor,
    "WhisperProcessor": whisper_processor,
    "pipeline": language_detection,
}
