"""One file of a tree: its bytes, its syntax tree, its lines."""

from __future__ import annotations

import ast
import io
import textwrap
import tokenize
from dataclasses import dataclass
from functools import cached_property

from gremio.code.syntax.parsing import parse_source
from gremio.errors import UnreadableCode

_LONGEST = 160  # characters of a line in a snippet
_LINES = 3  # of a snippet


@dataclass(frozen=True, eq=False)
class Source:
    """A file, read. ``module`` is None where ``problem`` says why it is not Python; ``line`` is where."""

    path: str
    data: bytes
    module: ast.Module | None = None
    problem: str = ""
    line: int = 1

    @classmethod
    def read(cls, path: str, data: bytes) -> Source:
        """Parse it, if it can be."""
        try:
            return cls(path, data, parse_source(data, path))
        except UnreadableCode as error:
            return cls(path, data, None, error.message.partition(": ")[2], error.line)

    @cached_property
    def encoding(self) -> str:
        """What the file says it is written in, as Python reads it; ``unknown`` where Python knows no such thing."""
        try:
            return tokenize.detect_encoding(io.BytesIO(self.data).readline)[0]
        except (SyntaxError, UnicodeDecodeError):
            return "unknown"

    @cached_property
    def text(self) -> str:
        """The file as text; bytes that are none stand as replacement characters."""
        encoding = "utf-8" if self.encoding == "unknown" else self.encoding
        try:
            return self.data.decode(encoding, "replace")
        except LookupError:
            return self.data.decode("utf-8", "replace")

    @cached_property
    def lines(self) -> list[str]:
        """Its lines, counted as Python counts them."""
        return self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def snippet(self, line: int, column: int = 0, end: int = 0) -> str:
        """Some lines without their common indentation, three at most; of a long one, what lies around the column."""
        lines = self.lines[line - 1 : max(line, min(end, line + _LINES - 1))] if line > 0 else []
        if any(len(text) > _LONGEST for text in lines):
            lines = [_around(lines[0], column)]
        return textwrap.dedent("\n".join(lines)).strip()


def _around(text: str, column: int) -> str:
    start = max(0, min(column - _LONGEST // 4, len(text) - _LONGEST))
    before, after = "…" if start else "", "…" if start + _LONGEST < len(text) else ""
    return f"{before}{text[start : start + _LONGEST].strip()}{after}"
