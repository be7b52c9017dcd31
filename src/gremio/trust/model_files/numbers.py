"""Rules about numbers: what no file needs, and nothing could hold."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from gremio.trust.model_files.documents import Document
from gremio.trust.model_files.rule import Hit, Rule, Sample

_LARGEST = 2**31 - 1
_LARGEST_COUNT = 1_000_000
_MOST_LAYERS = 10_000
_COUNTS = ("num_", "n_")
_LAYERS = ("layers", "blocks", "depth", "depths", "layers_per_block")
# A tokenizer without a limit is saved with 10**30; the rest of these are no sizes.
_UNLIMITED = ("length", "seed", "param", "theta")


def _huge(document: Document) -> Iterator[Hit]:
    if document.kind == "shards":
        return
    for key, number in _numbers(document):
        limit = _limit(key)
        if limit is not None and abs(number) > limit:
            yield Hit(key, f"has {number} for {key}, where {limit} is already more than anything needs")


def _numbers(document: Document) -> Iterator[tuple[str, int | float]]:
    for trail, value in document.leaves:
        # A float is a coefficient, unless it stands where something is counted.
        key = trail[-1] if trail else ""
        counted = isinstance(value, float) and key.startswith(_COUNTS) and not math.isnan(value)
        if counted or (isinstance(value, int) and not isinstance(value, bool)):
            yield key, value


def _limit(key: str) -> int | None:
    if any(word in key for word in _UNLIMITED):
        return None
    if key.endswith(_LAYERS):
        return _MOST_LAYERS
    return _LARGEST_COUNT if key.startswith(_COUNTS) else _LARGEST


def largest_number(documents: Iterable[Document]) -> tuple[str, str, int | float] | None:
    """The file, the key and the number where the largest size of all configs stands."""
    found = [
        (document.file, key, number)
        for document in documents
        if document.kind == "config"
        for key, number in _numbers(document)
        if _limit(key) is not None and math.isfinite(number)
    ]
    return max(found, key=lambda each: each[2], default=None)


NUMBERS = (
    Rule(
        code="config/huge-number",
        severity="high",
        why="Building the component would take all memory, or never end.",
        benign="None for a size or a count.",
        find=_huge,
        bad=(
            Sample('{"num_train_timesteps": 2147483648}', "scheduler/scheduler_config.json"),
            Sample('{"num_train_timesteps": 1e12}', "scheduler/scheduler_config.json"),
            Sample('{"inner": {"block_out_channels": [8, 100000000000]}}'),
            Sample('{"num_hidden_layers": 900000}', "text_encoder/config.json"),
        ),
        good=(
            Sample('{"model_max_length": 1000000000000000019884624838656}', "tokenizer/tokenizer_config.json"),
            Sample('{"num_train_timesteps": 1000, "lambda_min_clipped": -Infinity}', "scheduler/scheduler_config.json"),
            Sample('{"rope_theta": 100000000, "max_position_embeddings": 10485760, "mask_value": -3.4e38}'),
            Sample('{"size": {"longest_edge": 25165824}}', "processor/preprocessor_config.json"),
        ),
    ),
)
