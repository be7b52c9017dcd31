"""Which files beside the code belong to a model and go along, and which must not travel."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from posixpath import basename

from gremio.errors import ModelError
from gremio.publishing.publication import LeftOut
from gremio.sources.weights import FOREIGN, ONNX, PICKLED, SAFE

_UNSAFE = (*PICKLED, *FOREIGN, ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz")
_SAFE = (*SAFE, *ONNX, ".gguf")
_UNSAFE_INDEXES = (".bin.index.json", ".h5.index.json", ".msgpack.index.json")
_ROOT_FILES = re.compile(r"(LICEN[CS]E|NOTICE|COPYING|CITATION)(\.\w+)?|requirements\.txt", re.IGNORECASE)
_LINKED = re.compile(r"\]\(\s*<?([^)\s>#]+)|(?:src|href)=[\"']([^\"'#]+)")


def is_weights(path: str) -> bool:
    """Whether a file holds tensors, in a format that may be published or not."""
    return path.endswith((*_SAFE, *_UNSAFE))


def publishable(files: Sequence[str], *, ref: str) -> tuple[list[str], list[LeftOut]]:
    """Of the files of one component: those that go, and those that stay because safetensors hold the same.

    Raises:
        ModelError: its weights are pickles alone.
    """
    bad = [path for path in files if path.endswith(_UNSAFE)]
    if bad and not any(path.endswith(_SAFE) for path in files):
        raise ModelError(
            f"{', '.join(bad[:3])} {'are' if len(bad) > 1 else 'is'} no safetensors, and what is published must be:"
            " whoever loads a pickle runs what is in it",
            ref=ref,
            next_step="Load the model and save it anew: gremio.save_pretrained(pipe, folder) writes safetensors.",
        )
    stay = [path for path in files if path.endswith((*_UNSAFE, *_UNSAFE_INDEXES))]
    left = [LeftOut(path, "the same weights go as safetensors") for path in stay]
    return [path for path in files if path not in stay], left


def companions(root_files: Collection[str], everything: Collection[str], card: str) -> list[str]:
    """What goes along from outside of the model: licences, requirements, and what the card shows."""
    linked = {(one or other).removeprefix("./") for one, other in _LINKED.findall(card)}
    chosen = {path for path in root_files if _ROOT_FILES.fullmatch(basename(path))}
    return sorted(path for path in chosen | (linked & set(everything)) if not path.endswith(".py"))
