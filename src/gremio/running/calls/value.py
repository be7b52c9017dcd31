"""A value as a person gave it: as text, and as what the text may mean."""

from __future__ import annotations

import ast
import json
import warnings
from dataclasses import dataclass
from typing import Any

from gremio.running.calls.attachment import read

_WORDS = {"true": True, "false": False, "null": None, "none": None}
_NO_LITERAL = object()


@dataclass(frozen=True)
class Given:
    """``value`` is the text read as a Python literal or as JSON, or the text itself when it is neither.

    ``text`` is None where there is no text to fall back to: a picture, an array, JSON from a file, an element of a
    list.
    """

    value: Any
    text: str | None = None

    @classmethod
    def parse(cls, text: str) -> Given:
        """Read what stands after ``name=``: a literal, JSON or text; ``@file`` reads a file, ``@@`` is a plain ``@``.

        Raises:
            OptionError: the file can't be read, or is of no kind that is read here.
        """
        if text.startswith("@@"):
            return cls.plain(text[1:])
        if text.startswith("@"):
            content = read(text[1:])
            return cls.plain(content) if isinstance(content, str) else cls(content)
        value = _literal(text)
        return cls(text if value is _NO_LITERAL else value, text)

    @classmethod
    def plain(cls, text: str) -> Given:
        """Text that is nothing else, such as a prompt."""
        return cls(text, text)

    @property
    def is_image(self) -> bool:
        """Whether the value is a PIL image."""
        return hasattr(self.value, "getbands")

    @property
    def is_array(self) -> bool:
        """Whether the value is a NumPy array."""
        return hasattr(self.value, "__array_interface__") and not self.is_image

    def shown(self) -> str:
        """A short form for a message."""
        if self.is_array:
            return f"an array of shape {tuple(self.value.shape)}"
        shown = "a picture" if self.is_image else repr(self.value if self.text is None else self.text)
        return shown if len(shown) <= 60 else shown[:57] + "..."


def _literal(text: str) -> object:
    if text.strip().lower() in _WORDS:
        return _WORDS[text.strip().lower()]
    for parse in (_python, json.loads):
        try:
            value = parse(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
        if isinstance(value, (bool, int, float, str, list, tuple, dict)):
            return value
    return _NO_LITERAL


def _python(text: str) -> object:
    with warnings.catch_warnings():
        # Text such as '\d' is a person's own; Python's opinion on its escapes is of no use to them.
        warnings.simplefilter("ignore")
        return ast.literal_eval(text)
