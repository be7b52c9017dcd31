"""Artifacts into files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

from gremio.errors import OptionError
from gremio.machine.placing import place, place_new
from gremio.running.outputs.artifact import Artifact
from gremio.running.outputs.formats import FORMATS, can_write_mp4
from gremio.running.outputs.metadata import fits_inside, normalise, write_beside
from gremio.running.outputs.naming import Out, Target

_AS_GIF = 'saved as a GIF, for MP4 needs the extra `video`: pip install "gremio[video]"'


@dataclass(frozen=True)
class Saved:
    """``paths`` has one file per artifact, in their order; ``notes`` what a person should know about them."""

    paths: tuple[Path, ...]
    notes: tuple[str, ...] = ()


def save(
    artifacts: Sequence[Artifact],
    out: str | Path | None = None,
    *,
    metadata: Mapping[str, str] | None = None,
    stem: str = "gremio",
) -> Saved:
    """Write each artifact to a file of its own, whole or not at all, and what made it into it (see ``metadata``).

    Names, with ``stem`` where the person gave none:

    - ``-o hall.png``: that file; of several artifacts of one kind, ``hall-1.png``, ``hall-2.png`` and so on.
    - ``-o hall``: with the extension that the kind has by nature: .png, .mp4 or .gif, .wav, .npy, .txt.
    - ``-o folder`` that exists, or ``-o folder/``, or none: the stem in that folder or the current one.
    - An extension that fits only some of the artifacts is used for those; the others have their own.

    Files that exist: names that the person gave are written over, as most tools do; other names are never, the next
    free number is taken.

    Raises:
        OptionError: the extension fits none of the artifacts, or a path can't be used.
        GremioError: the disk is full, or fails.
    """
    if not artifacts:
        raise OptionError("there is nothing to save")
    normal = normalise(metadata or {})
    targets = Out.parse(out).targets(artifacts, stem)
    paths = tuple(_save_one(each, target, normal) for each, target in zip(artifacts, targets, strict=True))
    return Saved(paths, tuple(chain.from_iterable(map(_notes, artifacts, paths))))


def _save_one(artifact: Artifact, target: Target, metadata: Mapping[str, str]) -> Path:
    write = partial(FORMATS[artifact.kind][target.path.suffix.lower()], artifact, metadata)
    path = place(target.path, write) if target.is_given else place_new(target.candidates(), write)
    write_beside(path, {} if fits_inside(path.suffix.lower(), metadata) else metadata)
    return path


def _notes(artifact: Artifact, path: Path) -> Iterator[str]:
    if artifact.note:
        yield f"{path}: {artifact.note}"
    if artifact.kind == "frames" and path.suffix == ".gif" and not can_write_mp4():
        yield f"{path}: {_AS_GIF}"
