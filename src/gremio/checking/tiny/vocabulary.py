"""The few words that all tokenizers know; the rest they spell."""

from __future__ import annotations

WORDS = (
    *("a", "an", "the", "of", "on", "in", "with", "and", "red", "blue", "green", "cat", "dog", "fish", "fox"),
    *("house", "tree", "star", "moon", "photo", "painting", "make", "it", "snow", "low", "quality", "blurry"),
)
LETTERS = tuple(map(chr, range(33, 127)))


def byte_symbols() -> list[str]:
    """The printable characters by which byte-level BPE names the 256 bytes."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + place) for place in range(len(others))]


def joins(pieces: tuple[str, ...]) -> list[tuple[str, str]]:
    """The merges of BPE that make one token of these pieces, from left to right."""
    return [("".join(pieces[:count]), pieces[count]) for count in range(1, len(pieces))]


def numbered(tokens: list[str]) -> dict[str, int]:
    """A vocabulary: each token once, in this order."""
    return {token: number for number, token in enumerate(dict.fromkeys(tokens))}
