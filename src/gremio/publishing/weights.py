"""Which files beside the code belong to a model, and which must not travel."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from posixpath import basename

from gremio.errors import ModelError
from gremio.publishing.publication import LeftOut
from gremio.sources.weights import FOREIGN, ONNX, PICKLED, SAFE

_PICKLES = (*PICKLED, ".ckpt", ".pkl", ".pickle", ".joblib", ".npy", ".npz")
_UNSAFE = (*_PICKLES, *FOREIGN)
_SAFE = (*SAFE, *ONNX, ".gguf")
_ROOT_FILES = re.compile(r"(LICEN[CS]E|NOTICE|COPYING|CITATION)(\.\w+)?|requirements\.txt", re.IGNORECASE)
_LINKED = re.compile(r"\]\(\s*<?([^)\s>#]+)|(?:src|href)=[\"']([^\"'#]+)")


def is_weights(path: str) -> bool:
    """Whether a file holds tensors, in a format that may be published or not."""
    return path.endswith((*_SAFE, *_UNSAFE))


def publishable(paths: Iterable[str], *, ref: str) -> tuple[list[str], list[LeftOut]]:
    """Of the files of one component: those that go, and those that stay because safetensors hold the same.

    Raises:
        ModelError: its weights are pickles alone.
    """
    files = list(paths)
    bad = [path for path in files if path.endswith(_UNSAFE)]
    indexes = [
        path for path in files if path.endswith(tuple(f"{end}.index.json" for end in (".bin", ".h5", ".msgpack")))
    ]
    if bad and not any(path.endswith(_SAFE) for path in files):
        raise ModelError(
            f"{', '.join(bad[:3])} {'are' if len(bad) > 1 else 'is'} no safetensors, and what is published must be:"
            " whoever loads a pickle runs what is in it",
            ref=ref,
            next_step="Load the model and save it anew: gremio.save_pretrained(pipe, folder) writes safetensors.",
        )
    stay = {*bad, *indexes}
    left = [LeftOut(path, "the same weights go as safetensors") for path in files if path in stay]
    return [path for path in files if path not in stay], left


def companions(root_files: Collection[str], everything: Collection[str], card: str) -> list[str]:
    """What goes along from outside of the model: licences, requirements, and what the card shows."""
    linked = {(one or other).removeprefix("./") for one, other in _LINKED.findall(card)}
    chosen = {path for path in root_files if _ROOT_FILES.fullmatch(basename(path))}
    return sorted((chosen | (linked & set(everything))) - {path for path in everything if path.endswith(".py")})
