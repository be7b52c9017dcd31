"""Artifacts into files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from gremio.errors import OptionError
from gremio.running.outputs.artifact import Artifact
from gremio.running.outputs.formats import FORMATS, can_write_mp4
from gremio.running.outputs.metadata import fits_inside, normalise, write_beside
from gremio.running.outputs.naming import Out, Target
from gremio.running.outputs.placing import place, place_new

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
    overwrite: bool | None = None,
) -> Saved:
    """Write each artifact to a file of its own, whole or not at all, and what made it into it (see ``metadata``).

    Names, with ``stem`` where the person gave none:

    - ``-o hall.png``: that file; of several artifacts of one kind, ``hall-1.png``, ``hall-2.png`` and so on.
    - ``-o hall``: with the extension that the kind has by nature: .png, .mp4 or .gif, .wav, .npy, .txt.
    - ``-o folder`` that exists, or ``-o folder/``, or none: the stem in that folder or the current one.
    - An extension that fits only some of the artifacts is used for those; the others have their own.

    Files that exist: names that the person gave are written over, as most tools do; other names are never, the next
    free number is taken. ``overwrite=False`` refuses the former, ``overwrite=True`` allows the latter.

    Raises:
        OptionError: the extension fits none of the artifacts, a file may not be replaced, or a path can't be used.
        GremioError: the disk is full, or fails.
    """
    if not artifacts:
        raise OptionError("there is nothing to save")
    normal = normalise(metadata or {})
    targets = Out.parse(out).targets(artifacts, stem)
    if overwrite is False:
        _check_free(targets)
    pairs = list(zip(artifacts, targets, strict=True))
    paths = tuple(_save_one(artifact, target, normal, overwrite=overwrite) for artifact, target in pairs)
    return Saved(paths, tuple(chain.from_iterable(map(_notes, artifacts, paths))))


def _save_one(artifact: Artifact, target: Target, metadata: Mapping[str, str], *, overwrite: bool | None) -> Path:
    write = FORMATS[artifact.kind][target.path.suffix.lower()](artifact, metadata)
    replaces = target.is_given or overwrite
    path = place(target.path, write) if replaces else place_new(target.candidates(), write)
    write_beside(path, {} if fits_inside(path.suffix.lower(), metadata) else metadata)
    return path


def _check_free(targets: Sequence[Target]) -> None:
    taken = [str(target.path) for target in targets if target.is_given and target.path.exists()]
    if taken:
        raise OptionError(f"{', '.join(taken)} exists already", next_step="Choose another -o.")


def _notes(artifact: Artifact, path: Path) -> Iterator[str]:
    if artifact.note:
        yield f"{path}: {artifact.note}"
    if artifact.kind == "frames" and path.suffix == ".gif" and not can_write_mp4():
        yield f"{path}: {_AS_GIF}"
