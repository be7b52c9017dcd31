"""What became of a row, as the manifest has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class File:
    """A file by its name in the output, the SHA-256 of its bytes, and how many these are."""

    file: str
    sha256: str
    size: int


@dataclass(frozen=True)
class Made:
    """One row: its files, or why it has none.

    ``call`` is the fingerprint of what it asked for, ``code`` the digest of the pipeline's code, ``seconds`` what it
    took on the clock; ``error`` is empty where nothing went wrong. An error that is ``passing`` may not come again.
    ``note`` is what a person should know of its files.
    """

    row: str
    files: tuple[File, ...] = ()
    seed: int = 0
    code: str = ""
    call: str = ""
    seconds: float = 0.0
    error: str = ""
    note: str = ""
    passing: bool = False

    def as_dict(self) -> dict[str, Any]:
        """As a line of the manifest has it."""
        found = asdict(self)
        del found["passing"]
        return found | {"files": [asdict(each) for each in self.files], "seconds": round(self.seconds, 3)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> Made:
        """From a line of the manifest, or from a worker.

        Raises:
            TypeError, KeyError: it is none.
        """
        return cls(**{**told, "files": tuple(File(**each) for each in told["files"])})

    def sent(self) -> dict[str, Any]:
        """As a worker tells it."""
        return self.as_dict() | {"passing": self.passing}
