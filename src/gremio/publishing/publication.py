"""What is to be published: files by their path in the repository, and what they are."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from gremio.code import CodeTree
from gremio.code.review import Review
from gremio.sources.record import CodeSource
from gremio.sources.repository import hexdigest

Kind = Literal["pipeline", "code", "component", "blocks"]
"""A pipeline with its weights, a pipeline's code alone, a single component, modular blocks."""

CARD = "README.md"


@dataclass(frozen=True)
class LeftOut:
    """A file of the folder that is not published, and why."""

    path: str
    why: str


@dataclass(frozen=True)
class Edit:
    """A line of the author's code that reads otherwise where it is published."""

    path: str
    line: int
    before: str
    after: str


def bytes_of(content: bytes | Path) -> bytes:
    """What a file of a publication holds."""
    return content if isinstance(content, bytes) else content.read_bytes()


@dataclass(frozen=True)
class Publication:
    """Everything that would be uploaded but the card.

    Attributes:
        kind: what it is.
        class_name: the pipeline, component or blocks class.
        files: contents, or the file on disk that has them, by path in the repository.
        tree: the Python files and their data as whoever loads it will see them; None where there is no code. Its
            digest is what pins the code.
        review: what the code is and needs; None where there is none.
        sources: where the code came from, by piece.
        model: the repository that the weights were loaded from, and its commit; empty if none is known.
        edits: what reads otherwise than in the author's files.
        limits: why plain diffusers can't load it, in words; empty where it can.
        left_out: what was in the folder and stays there.
        card: the card that lies in the folder; None where there is none.
    """

    kind: Kind
    class_name: str
    files: Mapping[str, bytes | Path] = field(repr=False)
    tree: CodeTree | None = None
    review: Review | None = None
    sources: tuple[CodeSource, ...] = ()
    model: tuple[str, str] = ("", "")
    edits: tuple[Edit, ...] = ()
    limits: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    card: str | None = field(default=None, repr=False)

    def size(self, path: str) -> int:
        """Bytes of one file."""
        content = self.files[path]
        return content.stat().st_size if isinstance(content, Path) else len(content)

    @cached_property
    def hashes(self) -> Mapping[str, str]:
        """The SHA-256 of every file, in hex; weights are read once for all who ask."""
        return {path: hexdigest(content) for path, content in self.files.items()}

    @cached_property
    def digest(self) -> str:
        """64 hex digits over every file, weights and code alike, the card apart."""
        whole = hashlib.sha256(b"gremio publication 1\n")
        for path in sorted(self.files):
            name = path.encode("utf-8", "surrogatepass")
            whole.update(b"%d %s %s\n" % (len(name), name, self.hashes[path].encode()))
        return whole.hexdigest()

    @property
    def tag(self) -> str:
        """The git tag under which exactly these files can be had: a commit can't be named by a file that is in it."""
        return f"gremio-{self.digest[:12]}"
