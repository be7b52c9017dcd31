"""Which package of the installed library a file was written to live in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from gremio.code.libraries.library import Library, library
from gremio.code.libraries.moved_names import LIBRARIES
from gremio.code.syntax.imports import ImportedName
from gremio.code.syntax.layout import climb


def home_of(path: str, outside: Sequence[ImportedName]) -> str | None:
    """The installed package in which most of these relative imports would resolve; None when hardly any would.

    ``outside`` are the relative imports of ``path`` that its own tree can't answer. A file with
    ``from ...utils import x`` and ``from .pipeline_output import StableDiffusion3PipelineOutput`` was written for
    ``diffusers.pipelines.stable_diffusion_3``.
    """
    for name in LIBRARIES:
        source = library(name)
        home = _best(source, path, outside) if source and outside else None
        if home:
            return home
    return None


def _best(source: Library, path: str, outside: Sequence[ImportedName]) -> str | None:
    deepest = max(imported.level for imported in outside)
    stem = PurePosixPath(path).stem
    ranked = []
    for package in source.packages:
        parts = tuple(package.split("."))
        if len(parts) >= deepest:
            score = sum(_resolved(source, parts, imported) for imported in outside)
            named = parts[-1] in stem
            ranked.append((-score, len(parts) != deepest, not named, -len(parts[-1]) if named else 0, package))
    if not ranked:
        return None
    least = 1 if deepest > 1 else sum(len(imported.names) for imported in outside)
    best = min(ranked)
    return best[-1] if -best[0] >= least else None


def _resolved(source: Library, parts: tuple[str, ...], imported: ImportedName) -> int:
    module = rebased(".".join(parts), imported.level, imported.module)
    if module is None or source.file_of(module) is None:
        return 0
    if imported.names == ("*",):
        return int(imported.level > 1)
    return sum(source.has(module, name) for name in imported.names)


def rebased(home: str, level: int, module: str) -> str | None:
    """The absolute name of a relative import as seen from a module inside ``home``."""
    base = climb(tuple(home.split(".")), level)
    return ".".join([*base, module] if module else base) if base else None
