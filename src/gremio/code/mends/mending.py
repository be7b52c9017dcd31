"""All mends, applied to one file."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from gremio.code.mends.clip_models import ClipModels
from gremio.code.mends.constructor import Constructor
from gremio.code.mends.cuda import Cuda
from gremio.code.mends.decoded_pictures import DecodedPictures
from gremio.code.mends.deprecations import Deprecations
from gremio.code.mends.empty_batches import EmptyBatches
from gremio.code.mends.features import Features
from gremio.code.mends.forwards import Forwards
from gremio.code.mends.lora_layers import LoraLayers
from gremio.code.mends.mend import Mend, Repair
from gremio.code.mends.model_cache import ModelCache
from gremio.code.mends.module_device import ModuleDevice
from gremio.code.mends.motion import Motion
from gremio.code.mends.offload import Offload
from gremio.code.mends.onnx_config import OnnxConfig
from gremio.code.mends.outputs import Outputs
from gremio.code.mends.pixel_values import PixelValues
from gremio.code.mends.positions import Positions
from gremio.code.mends.rewriting import Rewriter
from gremio.code.mends.time_ids import TimeIds
from gremio.code.mends.tokenizers import Tokenizers

MENDS: tuple[Mend, ...] = (
    ClipModels(),
    Features(),
    PixelValues(),
    Motion(),
    Positions(),
    TimeIds(),
    LoraLayers(),
    Cuda(),
    Offload(),
    Constructor(),
    OnnxConfig(),
    Outputs(),
    Deprecations(),
    Forwards(),
    ModuleDevice(),
    DecodedPictures(),
    EmptyBatches(),
    Tokenizers(),
    ModelCache(),
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
    needed = [mend for mend in mends if _pattern(mend.words).search(source) and mend.change.is_here]
    lines = _lines_with(source, tuple(mark for mend in needed for mark in mend.marks)) if needed else []
    if not lines:
        return Mended(module)
    rewriter = Rewriter(path, needed, lines)
    return Mended(rewriter.rewrite(module), tuple(rewriter.repairs))


def _lines_with(source: bytes, marks: tuple[str, ...]) -> list[int]:
    """The numbers of the lines that hold one of the marks, in order."""
    found: list[int] = []
    line, seen = 1, 0
    for match in _pattern(marks).finditer(source):
        line += source.count(b"\n", seen, match.start())
        seen = match.start()
        if not found or found[-1] != line:
            found.append(line)
    return found


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[bytes]:
    return re.compile(b"|".join(re.escape(word.encode()) for word in words))
