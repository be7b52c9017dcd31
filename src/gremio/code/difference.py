"""What changed between two trees, for a person: each file with its counts, then the lines."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_LONGEST = 200  # lines


@dataclass(frozen=True)
class FileChange:
    """How many lines of a file came and went."""

    path: str
    added: int
    removed: int

    def __str__(self) -> str:
        """``pipeline.py  +3 -1``."""
        return f"{self.path}  +{self.added} -{self.removed}"


@dataclass(frozen=True)
class Difference:
    """The changed files, and a unified diff of them that is cut where it gets long."""

    files: tuple[FileChange, ...]
    diff: str

    @classmethod
    def between(
        cls, before: Mapping[str, bytes], after: Mapping[str, bytes], *, names: tuple[str, str] = ("before", "now")
    ) -> Difference:
        """From one tree's files to another's; ``names`` are what the diff calls the two."""
        changes, lines = [], []
        for path in sorted(before.keys() | after.keys()):
            if before.get(path) != after.get(path):
                one = list(_diff(path, before.get(path, b""), after.get(path, b""), names))
                added = sum(line.startswith("+") for line in one[2:])
                changes.append(FileChange(path, added, sum(line.startswith("-") for line in one[2:])))
                lines += one
        if len(lines) > _LONGEST:
            lines = [*lines[:_LONGEST], f"… and {len(lines) - _LONGEST} more lines"]
        return cls(tuple(changes), "\n".join(lines))

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def _diff(path: str, before: bytes, after: bytes, names: tuple[str, str]) -> list[str]:
    old, new = (data.decode("utf-8", "replace").splitlines() for data in (before, after))
    first, second = names
    return list(difflib.unified_diff(old, new, f"{first}/{path}", f"{second}/{path}", lineterm="", n=2))
