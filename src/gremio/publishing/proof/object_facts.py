"""What an object in memory is, told so that another process can say whether what it loaded is the same.

A module's dtype, device and offloading are no part of it, and neither is what changes by being saved: names of
libraries' versions, of places, and of classes that a config repeats.
"""

from __future__ import annotations

import enum
import hashlib
import inspect
import json
import os
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import diffusers
import torch

from gremio.loading.components.registered import is_registered, registered, unwrapped
from gremio.publishing.proof.facts import ComponentFacts, Facts
from gremio.publishing.proof.weight_digests import weights_of

_LIBRARIES = frozenset({"diffusers", "transformers", "torch"})
# What configs tell of how and where an object was saved.
_OF_SAVING = frozenset(
    {"architectures", "auto_map", "dtype", "feature_extractor_type", "image_processor_type", "processor_class"}
    | {"torch_dtype", "transformers_version"}
)
_STARS = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
_LONGEST = 200  # characters of a value that are told as they are
_SAMPLE = "A Gremio, 1 fox & 23 (red:1.3) castles; straße, 城 🦊."


def facts_of(thing: Any) -> Facts:
    """What it is made of: a pipeline, a single component, modular blocks or a modular pipeline, or a class alone.

    Raises:
        ModelError: it has weights without values.
    """
    if isinstance(thing, type):
        return Facts("code", _component(thing, _interface(thing)))
    if isinstance(thing, diffusers.DiffusionPipeline):
        config = {name: value for name, value in thing.config.items() if not is_registered(name, value)}
        whole = _component(type(thing), {**_config(config), **_interface(type(thing))})
        return Facts("pipeline", whole, {name: _facts(each) for name, each in registered(thing).items()})
    if isinstance(thing, diffusers.ModularPipeline):
        blocks = _of_blocks(thing.blocks)
        loaded = {name: _facts(each) for name, each in thing.components.items()}
        return Facts("pipeline", _component(type(thing), blocks.whole.parts), {**blocks.components, **loaded})
    if isinstance(thing, diffusers.ModularPipelineBlocks):
        return _of_blocks(thing)
    facts = _facts(thing)
    return Facts("component", ComponentFacts(facts.class_name, facts.library), {"": facts})


def _facts(thing: Any) -> Any:
    if thing is None:
        return None
    whole = unwrapped(thing)
    return _component(type(whole), {**dict(_parts(whole)), **_interface(type(whole))})


def _component(cls: type, parts: Mapping[str, str]) -> ComponentFacts:
    return ComponentFacts(cls.__name__, _library(cls), parts)


def _library(cls: type) -> str:
    top = cls.__module__.partition(".")[0]
    return top if top in _LIBRARIES else ""


def _parts(thing: Any) -> Iterator[tuple[str, str]]:
    if isinstance(thing, torch.nn.Module):
        yield from ((f"weight {name}", told) for name, told in weights_of(thing).items())
    if isinstance(getattr(thing, "config", None), Mapping):
        # diffusers' own: what its constructor was called with. A config of transformers changes by being saved.
        yield from _config(thing.config).items()
    if callable(getattr(thing, "get_vocab", None)):
        yield from _of_tokenizer(thing)
    elif not isinstance(thing, torch.nn.Module) and not hasattr(thing, "config"):
        yield from _of_processor(thing)


def _config(config: Mapping[str, Any]) -> dict[str, str]:
    told = {name: value for name, value in config.items() if not name.startswith("_") and name not in _OF_SAVING}
    return {f"config {name}": _text(value) for name, value in told.items()}


def _of_tokenizer(tokenizer: Any) -> Iterator[tuple[str, str]]:
    """What it does: its words, its special tokens, how long a text may be, and what comes of a sample."""
    vocabulary = tokenizer.get_vocab()
    yield "vocabulary", f"{len(vocabulary)} {_digest(_json(vocabulary))}"
    yield "special tokens", _text(_words(getattr(tokenizer, "special_tokens_map", None)))
    yield "longest text", _text(getattr(tokenizer, "model_max_length", None))
    try:
        told = _text(list(tokenizer(_SAMPLE)["input_ids"]))
    except Exception as error:  # a community tokenizer may want to be called in its own way
        told = type(error).__name__
    yield "tokens of a sample", told


def _words(tokens: Any) -> Any:
    """Tokens that a tokenizer keeps as objects, as the text that they stand for."""
    if isinstance(tokens, Mapping):
        return {name: _words(token) for name, token in tokens.items()}
    return [_words(token) for token in tokens] if isinstance(tokens, list | tuple) else str(tokens)


def _of_processor(thing: Any) -> Iterator[tuple[str, str]]:
    """Image processors and feature extractors by their settings; processors by what they are joined of."""
    for name in ("tokenizer", "image_processor", "feature_extractor", "video_processor"):
        part = getattr(thing, name, None)
        if part is not None and not isinstance(part, str):
            yield f"{name} class", type(part).__name__
            yield from ((f"{name} {key}", value) for key, value in _parts(part))
    if callable(getattr(thing, "to_dict", None)):
        yield from _config(thing.to_dict()).items()


def _of_blocks(blocks: Any) -> Facts:
    """Blocks by what they take, make and need, and by the blocks that they are made of."""
    parts = {
        "inputs": _text(sorted(str(each.name) for each in blocks.inputs)),
        "intermediate outputs": _text(sorted(str(each.name) for each in blocks.intermediate_outputs)),
        "components": _text(sorted(f"{each.name}: {_name(each.type_hint)}" for each in blocks.expected_components)),
        "configs": _text({str(each.name): each.default for each in blocks.expected_configs}),
    }
    own = _interface(type(blocks))
    inner = {f"block {name}": _of_blocks(each).whole for name, each in dict(blocks.sub_blocks).items()}
    return Facts("blocks", _component(type(blocks), {**parts, **own}), inner)


def _interface(cls: type) -> dict[str, str]:
    """The methods of the community code's own classes, by their parameters; libraries' classes need no telling."""
    found: dict[str, str] = {}
    for each in reversed([each for each in cls.__mro__ if _is_own(each)]):
        for name, value in vars(each).items():
            function = inspect.unwrap(value.__func__ if isinstance(value, classmethod | staticmethod) else value)
            if inspect.isfunction(function):
                parameters = inspect.signature(function).parameters.values()
                found[f"method {name}"] = ", ".join(_STARS.get(each.kind.name, "") + each.name for each in parameters)
    return found


def _is_own(cls: type) -> bool:
    top = cls.__module__.partition(".")[0]
    return top == "__main__" or (top not in _LIBRARIES and top not in sys.stdlib_module_names)


def _name(hint: object) -> str:
    return getattr(hint, "__name__", str(hint))


def _text(value: Any) -> str:
    """A value as JSON, or its digest where that would be long."""
    text = _json(value)
    return text if len(text) <= _LONGEST else _digest(text)


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, sort_keys=True, ensure_ascii=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    """What JSON does not know."""
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, os.PathLike | torch.dtype | torch.device):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    for name in ("tolist", "to_dict"):
        if callable(getattr(value, name, None)) and not isinstance(value, type):
            return getattr(value, name)()
    return dict(value) if isinstance(value, Mapping) else _name(value if isinstance(value, type) else type(value))
