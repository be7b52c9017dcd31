"""Models and schedulers of Diffusers and transformers, by the names of their classes, in their tiny configurations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

import diffusers
import torch
import transformers
from diffusers.schedulers.scheduling_utils import SchedulerMixin

from gremio.checking.tiny.defaults import DIFFUSERS, ENCODERS
from gremio.checking.tiny.tokenizers import TOKENIZERS
from gremio.errors import OptionError

# Classes that the libraries do not export, and where they have been.
_KOLORS = ("diffusers.pipelines.kolors.text_encoder",)
_HIDDEN = {
    "ChatGLMConfig": _KOLORS,
    "ChatGLMModel": _KOLORS,
    "UnCLIPTextProjModel": (
        "diffusers.pipelines.deprecated.unclip.text_proj",
        "diffusers.pipelines.unclip.text_proj",
    ),
}
# The tokenizer whose numbers a text encoder knows.
_READS = {
    "CLIP": "CLIPTokenizer",
    "T5": "T5Tokenizer",
    "UMT5": "T5Tokenizer",
    "Bert": "BertTokenizer",
    "Llama": "LlamaTokenizer",
    "Gemma": "GemmaTokenizer",
    "Qwen": "Qwen2Tokenizer",
    "MBart": "MBart50Tokenizer",
    "Whisper": "WhisperTokenizer",
}


def model(class_name: str, config: Mapping[str, Any]) -> Any:
    """A model of Diffusers."""
    cls = class_of(class_name)
    if cls is None:
        raise OptionError(f"the installed diffusers has no {class_name}", next_step="pip install -U diffusers")
    made = cls(**{**DIFFUSERS[class_name], **config})
    if class_name == "ZImageTransformer2DModel":
        # Its class leaves the tokens that pad as it finds the memory.
        with torch.no_grad():
            made.x_pad_token.normal_(std=0.02)
            made.cap_pad_token.normal_(std=0.02)
    return made


def encoder(class_name: str, config: Mapping[str, Any]) -> Any:
    """A model of transformers, with the vocabulary of its tokenizer."""
    config_class: Any = class_of(ENCODERS[class_name][0], transformers)
    cls: Any = class_of(class_name)
    made = cls(config_class(**{**encoder_values(class_name), **config}))
    if class_name.startswith(("Whisper", "MBart")):
        _say_little(made, _reads(class_name))
    if class_name in _HIDDEN:
        redraw(made)
    return made


def redraw(model: torch.nn.Module) -> None:
    """Draw every weight: a class that is only ever filled from files may leave its memory as it finds it."""
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.ndim > 1:
                weight.normal_(std=weight.shape[-1] ** -0.5)
            else:
                weight.fill_(0.0 if name.endswith("bias") else 1.0)


def encoder_values(class_name: str) -> dict[str, Any]:
    """The tiny configuration of a model of transformers, with the vocabulary of its tokenizer."""
    values = dict(ENCODERS[class_name][1])
    reads = _reads(class_name)
    if reads and "Vision" not in class_name:
        if "text_config" in values:
            values["text_config"] = values["text_config"] | _vocabulary(reads)
        else:
            values |= _vocabulary(reads)
    return values


def _reads(class_name: str) -> str | None:
    return next((tokenizer for start, tokenizer in _READS.items() if class_name.startswith(start)), None)


def scheduler(class_name: str, config: Mapping[str, Any]) -> Any:
    """A scheduler with those of the values that its class takes."""
    taken = options(class_name)
    return getattr(diffusers, class_name)(**{key: value for key, value in config.items() if key in taken})


def options(class_name: str) -> frozenset[str]:
    """What a scheduler's class can be configured with."""
    return frozenset(inspect.signature(getattr(diffusers, class_name)).parameters)


def class_of(class_name: str, library: Any = None) -> Callable[..., Any] | None:
    """A class of a library, the one that the tables put it into unless told; None if the installed one has it not."""
    for module in _HIDDEN.get(class_name, ()):
        try:
            found: Callable[..., Any] = getattr(import_module(module), class_name)
        except ImportError:
            continue
        return found
    return getattr(library or (transformers if class_name in ENCODERS else diffusers), class_name, None)


@cache
def _vocabulary(tokenizer: str) -> dict[str, Any]:
    """The numbers that an encoder takes over from its tokenizer."""
    built = TOKENIZERS[tokenizer]()
    values = {"vocab_size": max(built.get_vocab().values()) + 1}
    for mark in ("bos_token_id", "eos_token_id", "pad_token_id"):
        number = getattr(built, mark)
        values[mark] = built.eos_token_id if number is None else number
    return values


def _say_little(model: Any, tokenizer: str | None) -> None:
    """Let a model that writes begin with its own mark and end after a few words, however long it may go on."""
    built = TOKENIZERS[str(tokenizer)]()
    start = built.convert_tokens_to_ids("<|startoftranscript|>") if "Whisper" in str(tokenizer) else built.eos_token_id
    model.config.decoder_start_token_id = start
    settings = model.generation_config
    settings.decoder_start_token_id = start
    settings.forced_bos_token_id = None
    settings.suppress_tokens = sorted(set(built.all_special_ids) - {built.eos_token_id})
    settings.min_length = 6
    settings.exponential_decay_length_penalty = (8, 10.0)


def is_scheduler(class_name: str) -> bool:
    """Whether Diffusers has a scheduler of this name for torch."""
    found = getattr(diffusers, class_name, None) if class_name.endswith("Scheduler") else None
    return isinstance(found, type) and issubclass(found, SchedulerMixin)
