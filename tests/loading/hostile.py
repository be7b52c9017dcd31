"""Repositories that try one trick each. What would run leaves a marker, and what would be read is a secret."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gremio.errors import BadModelIndex, GremioError, ModelError, OptionError, UnsafeModel

INDEX = "model_index.json"
UNET = "unet/config.json"
TEXT = "text_encoder/config.json"
TOKENIZER = "tokenizer/tokenizer_config.json"
SCHEDULER = "scheduler/scheduler_config.json"
SHARDS = "text_encoder/model.safetensors.index.json"


@dataclass(frozen=True)
class Model:
    """A whole model in ``folder`` to spoil, ``outside`` with what it may not reach, the current directory ``here``."""

    folder: Path
    outside: Path
    here: Path
    marker: Path

    @classmethod
    def copy(cls, model: Path, place: Path) -> Model:
        """A copy that costs nothing: its files are the same files until they are written anew."""
        made = cls(place / "model", place / "outside", place / "here", place / "marker")
        shutil.copytree(model, made.folder, copy_function=os.link)
        made.outside.mkdir()
        made.here.mkdir()
        (made.outside / "token").write_text("hf_secret")
        return made

    @property
    def payload(self) -> str:
        """Python that leaves the marker."""
        return f"open({str(self.marker)!r}, 'w').close()\n"

    def put(self, path: str, content: str) -> None:
        """Write a file of the model; a dict as JSON."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.unlink(missing_ok=True)
        file.write_text(content)

    def edit(self, path: str, **changes: Any) -> None:
        """Change keys of a JSON file, which need not be there."""
        file = self.folder / path
        before = json.loads(file.read_bytes()) if file.exists() else {}
        self.put(path, json.dumps(before | changes))

    def link(self, path: str, target: Path) -> None:
        """Put a link in the place of a file or folder."""
        place = self.folder / path
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        place.symlink_to(target)

    def package(self, name: str) -> None:
        """A package in the current directory whose import leaves the marker."""
        place = self.here.joinpath(*name.split("."))
        place.mkdir(parents=True)
        (place / "__init__.py").write_text(self.payload)

    def processor(self, **config: Any) -> None:
        """Give it a processor for a feature extractor, which brings a tokenizer of its own."""
        shutil.copytree(self.folder / "tokenizer", self.folder / "feature_extractor", copy_function=os.link)
        self.put("feature_extractor/preprocessor_config.json", '{"image_processor_type": "CLIPImageProcessor"}')
        self.edit("feature_extractor/tokenizer_config.json", **config)
        self.edit(INDEX, feature_extractor=["transformers", "CLIPProcessor"])


@dataclass(frozen=True)
class Trick:
    """``spoil`` plays it; the load must end in ``error``, whose words match ``words``."""

    spoil: Callable[[Model], object]
    error: type[GremioError]
    words: str
    safe: bool | None = None


def _twice(path: str) -> Callable[[Model], None]:
    def spoil(model: Model) -> None:
        whole = (model.folder / path).read_text().rstrip().removesuffix("}")
        key = next(iter(json.loads((model.folder / path).read_bytes())))
        model.put(path, f'{whole}, "{key}": "other"}}')

    return spoil


def _text(path: str, old: str, new: str) -> Callable[[Model], None]:
    return lambda model: model.put(path, (model.folder / path).read_text().replace(old, new, 1))


def _deep(path: str) -> Callable[[Model], None]:
    return lambda model: model.put(path, '{"a": ' * 20_000 + "1" + "}" * 20_000)


def _shards(shard: str) -> Callable[[Model], None]:
    def spoil(model: Model) -> None:
        weights = model.folder / "text_encoder/model.safetensors"
        (model.outside / "x.safetensors").write_bytes(weights.read_bytes())
        weights.unlink()
        target = shard.format(outside=model.outside)
        model.put(SHARDS, json.dumps({"metadata": {"total_size": 1}, "weight_map": {"a": target}}))

    return spoil


def _pickle_only(model: Model) -> None:
    (model.folder / "unet/diffusion_pytorch_model.safetensors").rename(
        model.folder / "unet/diffusion_pytorch_model.bin"
    )


def _inner_pipeline(model: Model) -> None:
    model.edit(INDEX, unet=["diffusers", "AutoModel"])
    model.put(UNET, '{"_class_name": "DiffusionPipeline"}')
    model.package("onnxruntime.training")
    model.put("unet/model_index.json", '{"_class_name": "DDPMPipeline", "unet": ["onnxruntime.training", "X"]}')


def _audio_tokenizer(model: Model) -> None:
    model.processor()
    told = {"audio_tokenizer_class": "DacModel", "audio_tokenizer_name_or_path": "evil/model"}
    model.put("feature_extractor/processor_config.json", json.dumps({"audio_tokenizer": told}))


def _library(model: Model) -> None:
    model.package("onnxruntime.training")
    model.edit(INDEX, unet=["onnxruntime.training", "ORTModule"])


def _index(**entries: Any) -> Callable[[Model], None]:
    return lambda model: model.edit(INDEX, **entries)


def _config(path: str, **changes: Any) -> Callable[[Model], None]:
    return lambda model: model.edit(path, **changes)


def _link(path: str, target: str = "token") -> Callable[[Model], None]:
    return lambda model: model.link(path, model.outside / target)


def _linked_folder(model: Model) -> None:
    shutil.copytree(model.folder / "unet", model.outside / "unet")
    model.link("unet", model.outside / "unet")


def _chain(model: Model) -> None:
    model.link("tokenizer/inner.txt", model.outside / "token")
    model.link("tokenizer/merges.txt", model.folder / "tokenizer/inner.txt")


def _false_blob(model: Model) -> None:
    (model.outside / "blobs").mkdir()
    (model.outside / "blobs" / "token").write_text("hf_secret")
    model.link("tokenizer/chat_template.jinja", model.outside / "blobs" / "token")


def _pipe(model: Model) -> None:
    (model.folder / SCHEDULER).unlink()
    os.mkfifo(model.folder / SCHEDULER)


ELSEWHERE = "other/repo--code.Mine"
REFUSED = {
    # the index
    "a path for a library": Trick(_index(unet=["../../code", "U"]), BadModelIndex, "not a plain name"),
    "a class of Python's own": Trick(_index(unet=["diffusers", "__loader__"]), BadModelIndex, "not a plain name"),
    "a module of Python's own": Trick(_index(_class_name=["__main__", "P"]), BadModelIndex, "not a plain name"),
    "a key of Python's own": Trick(_index(__class__=["diffusers", "U"]), BadModelIndex, "the key '__class__'"),
    "an entry twice": Trick(_twice(INDEX), BadModelIndex, "twice in one object"),
    "an index without bottom": Trick(_deep(INDEX), BadModelIndex, "nested too deep"),
    "an index that trusts itself": Trick(_index(trust_remote_code=True), BadModelIndex, "the key trust_remote_code"),
    "a module of Python": Trick(_index(unet=["os", "system"]), BadModelIndex, "neither a library"),
    "a library that is a folder here": Trick(_library, BadModelIndex, "neither a library"),
    "the code of another process": Trick(
        _index(unet=["diffusers_modules.git.evil", "U"]), BadModelIndex, "neither a library"
    ),
    "a module beside the pipelines": Trick(
        _index(unet=["onnx_utils", "OnnxRuntimeModel"]), BadModelIndex, "neither a library"
    ),
    "a class that is no pipeline": Trick(
        _index(_class_name="AutoPipelineForText2Image"), BadModelIndex, "no pipeline AutoPipelineForText2Image"
    ),
    "a function": Trick(_index(unet=["transformers", "pipeline"]), BadModelIndex, "not a component"),
    "a pipeline in a pipeline": Trick(_index(unet=["diffusers", "DiffusionPipeline"]), BadModelIndex, "whole pipeline"),
    "a pipeline by its package": Trick(
        _index(unet=["stable_diffusion", "StableDiffusionPipeline"]), BadModelIndex, "whole pipeline"
    ),
    "a pipeline that a config names": Trick(_inner_pipeline, UnsafeModel, "unet/config.json has DiffusionPipeline"),
    # configs: code and kernels
    "code of another repository": Trick(
        _config(TEXT, auto_map={"AutoModel": ELSEWHERE}), UnsafeModel, "not in this repository"
    ),
    "the same, further inside": Trick(
        _config(TEXT, inner=[{"auto_map": {"AutoConfig": ELSEWHERE}}]), UnsafeModel, "not in this repository"
    ),
    "the same for a tokenizer": Trick(
        _config(TOKENIZER, auto_map={"AutoTokenizer": [None, ELSEWHERE]}), UnsafeModel, "not in this repository"
    ),
    "a kernel": Trick(_config(TEXT, attn_implementation="evil/kernel"), UnsafeModel, "asks for the kernel"),
    "a kernel, its private key": Trick(
        _config(TEXT, _attn_implementation="evil/kernel@main:f"), UnsafeModel, "asks for the kernel"
    ),
    "a kernel, further inside": Trick(
        _config(TEXT, text_config={"_attn_implementation": "evil/kernel"}), UnsafeModel, "asks for the kernel"
    ),
    "a kernel for pages": Trick(
        _config(TEXT, attn_implementation={"": "paged|evil/kernel"}), UnsafeModel, "asks for the kernel"
    ),
    "a kernel for experts": Trick(
        _config(TEXT, experts_implementation="evil/kernel"), UnsafeModel, "asks for the kernel"
    ),
    "a config that trusts itself": Trick(
        _config(TOKENIZER, trust_remote_code=True), UnsafeModel, "the key trust_remote_code"
    ),
    "code inside of a processor": Trick(
        lambda model: model.processor(tokenizer_class="Evil", auto_map={"AutoTokenizer": ["evil.Evil", None]}),
        ModelError,
        r"feature_extractor/tokenizer_config.json maps to code .* which transformers would run",
    ),
    # configs: weights and files from elsewhere
    "a tokenizer for sound from elsewhere": Trick(_audio_tokenizer, UnsafeModel, "audio_tokenizer_name_or_path"),
    "a backbone from elsewhere": Trick(
        _config(TEXT, backbone="evil/model", use_pretrained_backbone=True), UnsafeModel, "'evil/model' for backbone"
    ),
    "a vocabulary that climbs": Trick(
        _config(TOKENIZER, vocab_file="../../outside/token"), UnsafeModel, "not in its folder"
    ),
    "a tokenizer that climbs": Trick(
        _config(TOKENIZER, fast_tokenizer_files=["../../outside/tokenizer.1.0.json"]), UnsafeModel, "not in its folder"
    ),
    "weights that climb": Trick(
        _config(TEXT, transformers_weights="../../outside/x.safetensors"), UnsafeModel, "not in its folder"
    ),
    # configs: what stops whatever reads it
    "steps without end": Trick(
        _config(SCHEDULER, num_train_timesteps=2147483648), UnsafeModel, "2147483648 for num_train_timesteps"
    ),
    "steps without end, as a float": Trick(
        _config(SCHEDULER, num_train_timesteps=1e12), UnsafeModel, "for num_train_timesteps"
    ),
    "layers without end": Trick(_config(TEXT, num_hidden_layers=900_000), UnsafeModel, "for num_hidden_layers"),
    "channels without end": Trick(_config(UNET, block_out_channels=[8, 2**40]), UnsafeModel, "for block_out_channels"),
    "a config without bottom": Trick(_deep(SCHEDULER), UnsafeModel, "nested too deep"),
    "a tokenizer without bottom": Trick(_deep("tokenizer/tokenizer.json"), ModelError, "tokenizer.json is damaged"),
    "a key twice": Trick(_twice(UNET), UnsafeModel, "twice in one object"),
    "a config that is a list": Trick(lambda model: model.put(SCHEDULER, "[1]"), UnsafeModel, "no JSON object"),
    "no number": Trick(_text(SCHEDULER, "0.00085", "NaN"), UnsafeModel, "has NaN"),
    "a key of Python's own in a config": Trick(_config(UNET, __class__="X"), UnsafeModel, "the key '__class__'"),
    # weights
    "shards that climb": Trick(_shards("../../outside/x.safetensors"), UnsafeModel, "names the shard"),
    "shards with a place of their own": Trick(_shards("{outside}/x.safetensors"), UnsafeModel, "names the shard"),
    "shards that are pickles": Trick(_shards("pytorch_model.bin"), UnsafeModel, "no safetensors file"),
    "pickles where none are wanted": Trick(_pickle_only, OptionError, "unet has no .safetensors", safe=True),
    # links
    "a chat template that is a token": Trick(_link("tokenizer/chat_template.jinja"), UnsafeModel, "is a link to"),
    "an index that is a token": Trick(_link(INDEX), BadModelIndex, "is a link to"),
    "a config that is a pipe": Trick(_pipe, ModelError, "scheduler"),
    "a config that is a token": Trick(_link(UNET), UnsafeModel, "is a link to"),
    "a vocabulary that is a token": Trick(_link("tokenizer/merges.txt"), UnsafeModel, "is a link to"),
    "weights that are elsewhere": Trick(
        _link("unet/diffusion_pytorch_model.safetensors", "x.safetensors"), UnsafeModel, "is a link to"
    ),
    "a component that is elsewhere": Trick(_linked_folder, UnsafeModel, "unet is a link to"),
    "a link to a link": Trick(_chain, UnsafeModel, "is a link to"),
    "a token that lies among blobs": Trick(_false_blob, UnsafeModel, "is a link to"),
}
