"""Rules about what lies elsewhere: code, kernels and weights of other repositories that a config names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from gremio.code.libraries.packages import version_of
from gremio.trust.model_files.documents import Document
from gremio.trust.model_files.rule import Hit, Rule, Sample

_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_WORD = re.compile(r"[A-Za-z_]\w*")
# What transformers itself brings; any other word names a package, for which a kernel may be fetched instead.
_BUILT_IN = frozenset({"eager", "sdpa", "flex_attention", "batched_mm", "grouped_mm"})
_OTHER_HUBS = ("hf_hub:", "hf-hub:", "local-dir:")


def _under(document: Document, *words: str) -> Iterator[tuple[str, Any]]:
    """The values below every key that holds one of the words, each with that key."""
    if document.kind != "config":
        return
    for trail, value in document.leaves:
        key = next((key for key in trail if any(word in key for word in words)), None)
        if key is not None:
            yield key, value


def _code_elsewhere(document: Document) -> Iterator[Hit]:
    for _, value in _under(document, "auto_map"):
        if isinstance(value, str) and not _DOTTED.fullmatch(value):
            yield Hit(value, f"maps to code that is not in this repository (auto_map: {value!r})")


def _own_code(document: Document) -> Iterator[Hit]:
    for _, value in _under(document, "auto_map"):
        if isinstance(value, str) and _DOTTED.fullmatch(value):
            yield Hit(value, f"maps to code of this repository (auto_map: {value!r})")


def _kernels(document: Document) -> Iterator[Hit]:
    for key, value in _under(document, "attn_implementation", "experts_implementation"):
        name = value.removeprefix("paged|") if isinstance(value, str) else ""
        if name and name not in _BUILT_IN and (not _WORD.fullmatch(name) or _would_fetch(name)):
            yield Hit(str(value), f"asks for the kernel {value!r} ({key})")


def _would_fetch(name: str) -> bool:
    """Whether transformers fetches a kernel in place of a package that is not installed."""
    return bool(version_of("kernels")) and not (name.startswith("flash_attention") and version_of("flash-attn"))


def _weights_elsewhere(document: Document) -> Iterator[Hit]:
    if document.kind != "config":
        return
    for trail, value in document.leaves:
        if isinstance(value, str) and trail and _names_weights(document, trail[-1], value):
            yield Hit(value, f"names {value!r} for {trail[-1]}, which is another repository or folder")


def _names_weights(document: Document, key: str, value: str) -> bool:
    if key == "base_model_name_or_path":
        # A component that is an adapter alone: transformers loads the model that it was trained on.
        place, is_adapter, _ = document.file.partition("adapter_config.json")
        return bool(is_adapter) and f"{place}config.json" not in document.files
    return (
        key == "audio_tokenizer_name_or_path" or (key == "backbone" and "/" in value) or value.startswith(_OTHER_HUBS)
    )


def _trusting(document: Document) -> Iterator[Hit]:
    for trail, value in document.leaves:
        if "trust_remote_code" in trail and value:
            yield Hit("trust_remote_code", "has the key trust_remote_code")


ELSEWHERE = (
    Rule(
        code="remote/mapped-code",
        severity="high",
        why="transformers would fetch and run that code, which nobody has read or pinned.",
        benign="Saved by transformers from a model whose code lies in another repository.",
        find=_code_elsewhere,
        bad=(
            Sample('{"auto_map": {"AutoModel": "other/repo--code.Mine"}}'),
            Sample('{"text_config": {"auto_map": {"AutoConfig": "other/repo--code.Mine"}}}'),
            Sample('{"auto_map": {"AutoTokenizer": [null, "../code.Mine"]}}', "tokenizer/tokenizer_config.json"),
        ),
        good=(Sample('{"auto_map": {"AutoModel": "code.Mine", "AutoTokenizer": ["a.Slow", null]}}'),),
    ),
    Rule(
        code="config/own-code",
        severity="low",
        why="That code runs where the component is loaded, once it was allowed to.",
        benign="Every component with a class of its own.",
        find=_own_code,
        bad=(Sample('{"auto_map": {"AutoModel": "code.Mine"}}'),),
        good=(Sample('{"model_type": "clip_text_model"}'),),
    ),
    Rule(
        code="remote/named-kernel",
        severity="high",
        why="Where the package `kernels` is installed, transformers fetches that kernel from the Hub and runs it.",
        benign="A model saved from a process that had chosen a kernel; its other implementations do the same.",
        find=_kernels,
        bad=(
            Sample('{"attn_implementation": "evil/kernel"}'),
            Sample('{"_attn_implementation": "evil/kernel@main:run"}'),
            Sample('{"text_config": {"_attn_implementation": "paged|evil/kernel"}}'),
            Sample('{"attn_implementation": {"": "sdpa", "vision_config": "evil/kernel"}}'),
            Sample('{"experts_implementation": "evil/kernel"}'),
        ),
        good=(
            Sample('{"attn_implementation": "sdpa", "_attn_implementation_autoset": true}'),
            Sample('{"text_config": {"_attn_implementation": "paged|eager"}, "attn_implementation": null}'),
        ),
    ),
    Rule(
        code="remote/named-model",
        severity="high",
        why="The library would fetch and load it, unpinned and unread.",
        benign="Training leftovers, where the weights of the other model are in this one.",
        find=_weights_elsewhere,
        bad=(
            Sample('{"audio_tokenizer": {"audio_tokenizer_name_or_path": "a/b"}}', "p/processor_config.json"),
            Sample('{"base_model_name_or_path": "evil/model"}', "text_encoder/adapter_config.json"),
            Sample('{"backbone": "evil/backbone", "use_pretrained_backbone": true}'),
            Sample('{"architecture": "hf-hub:evil/model"}'),
        ),
        good=(Sample('{"backbone": "resnet50", "_name_or_path": "openai/clip"}'),),
    ),
    Rule(
        code="remote/self-trust",
        severity="high",
        why="A model can't allow its own code to run; only the caller can.",
        benign="None.",
        find=_trusting,
        bad=(
            Sample('{"inner": {"trust_remote_code": true}}'),
            Sample('{"trust_remote_code": ["owner/repo"]}', "model_index.json"),
        ),
        good=(Sample('{"trust_remote_code": false}'),),
    ),
)
