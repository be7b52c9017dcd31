"""What a pipeline's docstring says about each parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLOCK = re.compile(r"\s*(Args|Arguments|Parameters):\s*")
_ENTRY = re.compile(r"\*{0,2}(\w+)\s*(?=[:(])")
_SENTENCE = re.compile(r"(?<=[.!?])\s")


def parameter_texts(docstring: str) -> dict[str, str]:
    """What a Google-style ``Args:`` block says on each parameter, as Diffusers writes it:

    Args:
        strength (`float`, *optional*, defaults to 0.8):
            Indicates extent to transform the reference image. Must be between 0 and 1.
    """
    texts: dict[str, str] = {}
    for entry in _entries(docstring):
        named = _ENTRY.match(entry)
        if named:
            texts.setdefault(named[1], _after_type(entry[named.end() :]))
    return texts


def first_sentence(text: str) -> str:
    """As far as its first full stop."""
    return _SENTENCE.split(text, maxsplit=1)[0]


def _entries(docstring: str) -> Iterator[str]:
    """Each entry of the block on one line, whatever lines its type and its text run over."""
    entry: list[str] = []
    for line, is_first in _block_lines(docstring):
        if is_first and entry:
            yield " ".join(entry)
            entry = []
        entry.append(line)
    if entry:
        yield " ".join(entry)


def _block_lines(docstring: str) -> Iterator[tuple[str, bool]]:
    rest = iter(docstring.expandtabs().splitlines())
    heading = next((line for line in rest if _BLOCK.fullmatch(line)), None)
    if heading is None:
        return
    outside, inside = _indent(heading), -1
    for line in filter(str.strip, rest):
        if _indent(line) <= outside:
            return
        inside = _indent(line) if inside < 0 else inside
        yield line.strip(), _indent(line) <= inside


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _after_type(text: str) -> str:
    """What follows ``(type, *optional*):``, where the type may hold brackets of its own."""
    depth = 0
    for position, letter in enumerate(text):
        depth += (letter in "([") - (letter in ")]")
        if letter == ":" and depth <= 0:
            return text[position + 1 :].lstrip(" :")
    return ""
