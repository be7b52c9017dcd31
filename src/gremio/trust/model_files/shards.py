"""Rules about the index of weights in several files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from gremio.code import check_path
from gremio.errors import UnsafePath
from gremio.trust.model_files.documents import Document
from gremio.trust.model_files.rule import Hit, Rule, Sample

_INDEX = "text_encoder/model.safetensors.index.json"


def _shards(document: Document) -> list[str]:
    if document.kind != "shards" or document.value is None:
        return []
    found = document.value.get("weight_map")
    values = found.values() if isinstance(found, dict) else ()
    return sorted({value for value in values if isinstance(value, str)})


def _outside(document: Document) -> Iterator[Hit]:
    for shard in _shards(document):
        try:
            check_path(shard)
        except UnsafePath:
            yield Hit(shard, f"names the shard {shard!r}, which is not in its folder")


def _pickled(document: Document) -> Iterator[Hit]:
    if ".safetensors.index." in PurePosixPath(document.file).name:
        for shard in _shards(document):
            if not shard.endswith(".safetensors"):
                yield Hit(shard, f"names the shard {shard!r}, which is no safetensors file")


SHARDS = (
    Rule(
        code="files/shard-elsewhere",
        severity="high",
        why="Whatever lies there would be loaded as weights.",
        benign="None.",
        find=_outside,
        bad=(
            Sample('{"weight_map": {"w": "../../../outside/x.safetensors"}}', _INDEX),
            Sample('{"weight_map": {"w": "/etc/x.safetensors"}}', _INDEX),
            Sample('{"weight_map": {"w": "..\\\\x.safetensors"}}', _INDEX),
        ),
        good=(
            Sample('{"metadata": {"total_size": 9}, "weight_map": {"w": "model-00001-of-00002.safetensors"}}', _INDEX),
        ),
    ),
    Rule(
        code="pickles/shard",
        severity="high",
        why="An index of safetensors promises weights that can't execute code, and this one leads to a pickle.",
        benign="None.",
        find=_pickled,
        bad=(Sample('{"weight_map": {"w": "model-00001-of-00002.bin"}}', _INDEX),),
        good=(
            Sample('{"weight_map": {"w": "model-00001-of-00002.safetensors"}}', _INDEX),
            Sample('{"weight_map": {"w": "x-00001-of-00002.bin"}}', "unet/pytorch_model.bin.index.json"),
        ),
    ),
)
