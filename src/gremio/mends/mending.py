"""All mends, applied to one file."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from gremio.mends.clip_models import ClipModels
from gremio.mends.constructor import Constructor
from gremio.mends.cuda import Cuda
from gremio.mends.features import Features
from gremio.mends.lora_layers import LoraLayers
from gremio.mends.mend import Mend, Repair
from gremio.mends.motion import Motion
from gremio.mends.offload import Offload
from gremio.mends.pixel_values import PixelValues
from gremio.mends.positions import Positions
from gremio.mends.rewriting import Rewriter

MENDS: tuple[Mend, ...] = (
    ClipModels(),
    Features(),
    PixelValues(),
    Motion(),
    Positions(),
    LoraLayers(),
    Cuda(),
    Offload(),
    Constructor(),
)


@dataclass(frozen=True)
class Mended:
    """The syntax tree to compile, and what was repaired in it."""

    module: ast.Module
    repairs: tuple[Repair, ...] = ()


def mended(module: ast.Module, source: bytes, path: str, *, mends: Sequence[Mend] = MENDS) -> Mended:
    """Repair one file. The tree that is given stays as it is, and so do line numbers.

    A file that holds no word of any mend that this installation needs is not walked.
    """
    needed = [mend for mend in mends if _any(mend.words, source) and mend.change.is_here]
    if not needed:
        return Mended(module)
    marks = [mark for mend in needed for mark in mend.marks]
    lines = [number for number, line in enumerate(source.splitlines(), 1) if _any(marks, line)]
    rewriter = Rewriter(path, needed, lines)
    return Mended(rewriter.rewrite(module), tuple(rewriter.repairs))


def _any(words: Sequence[str], text: bytes) -> bool:
    return any(word.encode() in text for word in words)
