"""A model as a worker has it: the files that the parent has looked at and chosen, wherever they lie."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gremio.code import Origin


class ToldModel:
    """``told`` has ``name``, ``origin`` and ``files``, places by path; ``code`` are the bytes of those that run."""

    def __init__(self, told: Mapping[str, Any], code: Mapping[str, bytes]) -> None:
        self.name: str = told["name"]
        self.origin = Origin(**told["origin"])
        self._places = {path: Path(place) for path, place in told["files"].items()}
        self._code = code

    def paths(self) -> list[str]:
        """Every file that was told."""
        return sorted({*self._places, *self._code})

    def size(self, path: str) -> int | None:
        """Bytes."""
        return len(self._code[path]) if path in self._code else self._places[path].stat().st_size

    def links(self, paths: Iterable[str]) -> dict[str, str]:
        """None: where files lie was looked at before they were told."""
        return {}

    def read(self, paths: Iterable[str]) -> dict[str, bytes]:
        """The contents of some files."""
        return {path: self._code.get(path) or self._places[path].read_bytes() for path in paths}

    def fetch(self, paths: Iterable[str]) -> Path:
        """A folder with links to these files."""
        folder = Path(tempfile.mkdtemp(prefix="model-"))
        for path in paths:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            if path in self._code:
                (folder / path).write_bytes(self._code[path])
            else:
                (folder / path).symlink_to(self._places[path])
        return folder
