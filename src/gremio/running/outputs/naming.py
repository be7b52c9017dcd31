"""Which file each artifact goes to."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from gremio.errors import OptionError
from gremio.running.outputs.artifact import Artifact, Kind
from gremio.running.outputs.formats import FORMATS, check_fit, check_suffix, natural_suffix
from gremio.running.outputs.metadata import sidecar

_UNSAFE = re.compile(r"[^a-z0-9]+")
_LONGEST_STEM = 60


@dataclass(frozen=True)
class Target:
    """``path`` is the file to write; unless it ``is_given``, the first of ``candidates`` is. ``number`` 0 is none."""

    folder: Path
    stem: str
    number: int
    suffix: str
    is_given: bool

    @property
    def path(self) -> Path:
        """``hall.png``, or ``hall-2.png``."""
        return self._numbered(self.number)

    def candidates(self) -> Iterator[Path]:
        """``path`` and the same with each higher number, as far as these are free now."""
        return filter(_is_free, map(self._numbered, count(self.number)))

    def _numbered(self, number: int) -> Path:
        return self.folder / (f"{self.stem}-{number}{self.suffix}" if number else f"{self.stem}{self.suffix}")


@dataclass(frozen=True)
class Out:
    """What a person gave as ``-o``, or nothing: a folder, and maybe a stem and an extension."""

    folder: Path
    stem: str = ""
    suffix: str = ""

    @classmethod
    def parse(cls, out: str | Path | None) -> Out:
        """Read ``-o``: a folder that exists or a text that ends with ``/`` is a folder, anything else a file.

        Raises:
            OptionError: the extension is none that anything can be saved as here.
        """
        if out is None:
            return cls(Path())
        path = Path(out).expanduser()
        if str(out).endswith("/") or path.is_dir() or not path.name:
            return cls(path)
        suffix = path.suffix
        if suffix:
            check_suffix(suffix.lower())
        return cls(path.parent, path.name.removesuffix(suffix), suffix)

    def targets(self, artifacts: Sequence[Artifact], stem: str) -> list[Target]:
        """One target per artifact, see ``save``.

        Raises:
            OptionError: the extension fits none of them.
        """
        if self.suffix and not any(self._fits(artifact.kind) for artifact in artifacts):
            check_fit(artifacts[0].kind, self.suffix.lower())
        totals = Counter(artifact.kind for artifact in artifacts)
        seen: Counter[Kind] = Counter()
        targets = []
        for artifact in artifacts:
            seen[artifact.kind] += 1
            number = seen[artifact.kind] if totals[artifact.kind] > 1 else 0
            targets.append(self._target(artifact.kind, self.stem or safe_stem(stem), number))
        return targets

    def _target(self, kind: Kind, stem: str, number: int) -> Target:
        fits = self._fits(kind)
        suffix = self.suffix if fits else natural_suffix(kind)
        # The sound of a film saved as film.mp4 goes to film.wav, a name that nobody gave.
        is_given = bool(self.stem) and (fits or not self.suffix)
        return Target(self.folder, stem, number, suffix, is_given)

    def _fits(self, kind: Kind) -> bool:
        return self.suffix.lower() in FORMATS[kind]


def check_out(out: str | Path | None) -> None:
    """Refuse an ``-o`` that can't work, before anybody waits for a picture.

    Raises:
        OptionError: nothing can be saved under its extension, or its folder is a file or is not ours to write in.
    """
    folder = Out.parse(out).folder
    existing = next((each for each in (folder, *folder.parents) if each.exists()), Path())
    if not existing.is_dir():
        raise OptionError(f"{existing} is a file, so nothing can be saved in it", next_step="Choose another -o.")
    if not os.access(existing, os.W_OK):
        raise OptionError(f"you may not write in {existing}", next_step="Choose another -o.")


def safe_stem(stem: str) -> str:
    """A stem for every system and shell: ``a`` to ``z``, digits and ``-``, at most 60 of them."""
    plain = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode().lower()
    return _UNSAFE.sub("-", plain)[:_LONGEST_STEM].strip("-") or "gremio"


def _is_free(path: Path) -> bool:
    return not path.exists() and not path.is_symlink() and not sidecar(path).exists()
