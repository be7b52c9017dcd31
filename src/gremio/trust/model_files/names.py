"""Rules about names: what an index or a config may call a library, a class, a component, a file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from gremio.code.libraries.moved_names import is_component_library, moved_package
from gremio.trust.model_files.documents import Document
from gremio.trust.model_files.rule import Hit, Rule, Sample

_INDEX = "model_index.json"
_MODULAR = "modular_model_index.json"
_PROCESS_PACKAGES = ("diffusers_modules.", "transformers_modules.", "gremio_code.")
_IDENTIFIER = re.compile(r"(?!__)[A-Za-z_]\w*")
_MODULE = re.compile(r"(?!__)[A-Za-z_][\w-]*(\.(?!__)[A-Za-z_][\w-]*)*")
_COMPONENT = re.compile(r"[A-Za-z_][\w-]*")
_DUNDER = re.compile(r"__\w+__")


def own_module(module: str) -> str:
    """The file that an index means by a module: a plain save writes the name that it had in that process."""
    return module.rpartition(".")[2] if module.startswith(_PROCESS_PACKAGES) else module


def component_pairs(index: Mapping[str, Any]) -> dict[str, tuple[str | None, str | None]]:
    """The entries of a model index that are components: the library and class that each names, or None for both."""
    return {name: (value[0], value[1]) for name, value in index.items() if not name.startswith("_") and is_pair(value)}


def modular_entries(index: Mapping[str, Any]) -> dict[str, list[Any]]:
    """The entries of a modular index that are components: library, class, and an object that says where each lies."""
    return {
        name: value
        for name, value in index.items()
        if not name.startswith("_") and isinstance(value, list) and len(value) == 3 and isinstance(value[2], dict)
    }


def is_pair(value: object) -> bool:
    """Whether it tells a library and a class, or that there is none."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    return all(each is None or isinstance(each, str) for each in value)


def _entries(document: Document) -> Iterator[tuple[str, list[Any]]]:
    """Every pair of a library and a class in an index, under its component's name, those of a modular one too."""
    for name, value in document.value.items() if document.kind == "index" and document.value else ():
        told = value[2] if isinstance(value, list) and len(value) == 3 else None
        pairs = [value[:2], told.get("type_hint")] if isinstance(told, dict) else [value]
        for pair in pairs if name == "_class_name" or not name.startswith("_") else ():
            if is_pair(pair):
                yield name, pair


def _unplain_entries(document: Document) -> Iterator[Hit]:
    named = document.value.get("_class_name") if document.value else None
    if document.kind == "index" and isinstance(named, str):
        yield from _unplain("_class_name", named, [(_IDENTIFIER, named)])
    for name, (library, class_name) in _entries(document):
        names = [(_COMPONENT, name)]
        if library is not None and class_name is not None:
            names += [(_MODULE, library), (_IDENTIFIER, class_name)]
        yield from _unplain(name, [library, class_name], names)


def _unplain(key: str, entry: object, names: list[tuple[re.Pattern[str], str]]) -> Iterator[Hit]:
    for pattern, name in names:
        if not pattern.fullmatch(name):
            yield Hit(name, f"has the entry {json.dumps({key: entry})[1:-1]}, where {name!r} is not a plain name")


def _foreign_libraries(document: Document) -> Iterator[Hit]:
    for name, (library, class_name) in _entries(document):
        named = document.files and name != "_class_name" and library is not None and class_name is not None
        if named and not is_component_library(library) and not moved_package(library, class_name):
            file = f"{own_module(library).replace('.', '/')}.py"
            if not {file, f"{name}/{file}"} & document.files:
                yield Hit(library, f"names {library!r} for {name}, neither a library of components nor a file")


def is_pipeline(class_name: str) -> bool:
    """Whether a class is a whole pipeline, to go by its name."""
    return class_name.endswith("Pipeline") or class_name.startswith("AutoPipelineFor")


def _pipelines(document: Document) -> Iterator[Hit]:
    named = [(name, class_name) for name, (_, class_name) in _entries(document) if name != "_class_name"]
    if document.kind == "config" and document.value:
        named.append(("_class_name", document.value.get("_class_name")))
    for key, name in named:
        if isinstance(name, str) and is_pipeline(name):
            yield Hit(name, f"has {name} for {key}, a whole pipeline where a component is meant")


def _dunders(document: Document) -> Iterator[Hit]:
    seen = {key for trail, _ in document.leaves for key in trail if _DUNDER.fullmatch(key)}
    if document.kind != "shards":
        yield from (Hit(key, f"has the key {key!r}") for key in sorted(seen))


def _outside_files(document: Document) -> Iterator[Hit]:
    if document.kind != "config":
        return
    for trail, value in document.leaves:
        key = trail[-1] if trail else ""
        if isinstance(value, str) and _names_file(key) and _leaves(value):
            yield Hit(value, f"names the file {value!r} for {key}, which is not in its folder")


def _names_file(key: str) -> bool:
    # Where the map of special tokens lay when it was saved is often told, and read by nobody.
    return key == "transformers_weights" or (key.endswith(("_file", "_files")) and key != "special_tokens_map_file")


def _leaves(name: str) -> bool:
    return ".." in PurePosixPath(name.replace("\\", "/")).parts or (name.startswith("/") and Path(name).exists())


NAMES = (
    Rule(
        code="config/not-a-name",
        severity="high",
        why="A name in an index leads to a module or a class; one that is a path leads out of the model.",
        benign="None: diffusers writes plain names.",
        find=_unplain_entries,
        bad=(
            Sample('{"_class_name": "P", "unet": ["../../code", "U"]}', _INDEX),
            Sample('{"_class_name": "P", "unet": ["diffusers", "__loader__"]}', _INDEX),
            Sample('{"_class_name": ["__main__", "P"]}', _INDEX),
            Sample('{"_class_name": "os.system"}', _INDEX),
            Sample('{"unet": [null, null, {"type_hint": ["../code", "U"]}]}', _MODULAR),
        ),
        good=(
            Sample('{"_class_name": "P", "unet": ["diffusers", "UNet2DModel"], "vae": [null, null]}', _INDEX),
            Sample('{"_class_name": ["diffusers_modules.local.pipeline", "P"]}', _INDEX),
        ),
    ),
    Rule(
        code="config/foreign-library",
        severity="high",
        why="Its class would have to be imported from wherever that name leads.",
        benign="None: components come from libraries, or bring their code.",
        find=_foreign_libraries,
        bad=(Sample('{"unet": ["os", "system"]}', _INDEX), Sample('{"unet": ["diffusers_modules.a.b", "U"]}', _INDEX)),
        good=(
            Sample('{"unet": ["diffusers", "UNet2DModel"], "vae": [null, null]}', _INDEX),
            Sample('{"checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]}', _INDEX),
        ),
    ),
    Rule(
        code="config/pipeline",
        severity="high",
        why="diffusers would load a second index from inside the model, which nothing has read.",
        benign="None: no published model has a pipeline for a component.",
        find=_pipelines,
        bad=(
            Sample('{"_class_name": "P", "unet": ["diffusers", "DiffusionPipeline"]}', _INDEX),
            Sample('{"_class_name": "P", "unet": ["auto_pipeline", "AutoPipelineForText2Image"]}', _INDEX),
            Sample('{"_class_name": "DiffusionPipeline"}'),
        ),
        good=(
            Sample('{"_class_name": "StableDiffusionPipeline", "unet": ["diffusers", "UNet2DModel"]}', _INDEX),
            Sample('{"_class_name": "UNet2DConditionModel"}'),
        ),
    ),
    Rule(
        code="config/dunder",
        severity="high",
        why="Libraries set attributes of objects by the keys of a config, and these belong to Python.",
        benign="None.",
        find=_dunders,
        bad=(Sample('{"inner": [{"__class__": "X"}]}'), Sample('{"__init__": ["diffusers", "U"]}', _INDEX)),
        good=(Sample('{"pad_token": {"__type": "AddedToken"}}', "tokenizer/tokenizer_config.json"),),
    ),
    Rule(
        code="files/elsewhere",
        severity="high",
        why="The library would read that file, wherever it lies, and its text could be read back from the component.",
        benign="Absolute paths of the machine that saved the model, which lead nowhere here.",
        find=_outside_files,
        bad=(
            Sample('{"vocab_file": "../../../token"}', "tokenizer/tokenizer_config.json"),
            Sample('{"vocab_file": "/"}', "tokenizer/tokenizer_config.json"),
            Sample('{"fast_tokenizer_files": ["../tokenizer.1.0.json"]}', "tokenizer/tokenizer_config.json"),
            Sample('{"transformers_weights": "../x.safetensors"}', "text_encoder/config.json"),
        ),
        good=(
            Sample('{"tokenizer_file": "/home/nobody-here/tokenizer.json"}', "tokenizer/tokenizer_config.json"),
            Sample('{"special_tokens_map_file": "../special_tokens_map.json"}', "tokenizer/tokenizer_config.json"),
            Sample('{"vocab_file": "vocab.json", "name_or_path": "/"}', "tokenizer/tokenizer_config.json"),
        ),
    ),
)
