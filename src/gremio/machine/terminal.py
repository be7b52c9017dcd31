"""Text that somebody else wrote, made safe to print."""

from __future__ import annotations


def plain(text: str) -> str:
    """The text with everything that could steer a terminal, or hide on it, spelled out."""
    return "".join(c if c in "\n\t" or c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def plain_line(text: str) -> str:
    """The same for text that has to stay on one line, so that it can't pass for another."""
    return plain(text).replace("\n", "\\n").replace("\t", "    ")
