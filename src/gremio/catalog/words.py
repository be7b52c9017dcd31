"""From what a person types to a query of SQLite's full-text index; no text is an error there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from gremio.catalog.entry import Entry

COLUMNS: Mapping[str, float] = MappingProxyType(
    {
        "name": 10.0,
        "title": 8.0,
        "kinds": 6.0,
        "about": 2.0,
        "authors": 4.0,
        "arguments": 1.0,
        "packages": 2.0,
        "licence": 2.0,
        "findings": 1.0,
        "digest": 1.0,
    }
)
"""The columns of the index, and how much a word counts in each."""

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_ENDINGS = ("ings", "ing", "ed", "es", "s")
_SHORTEST_STEM = 4
_SHORTEST_PREFIX = 3
# What people write for the same thing, beyond the Hub's names of tasks and the families' own.
_ALSO = {
    "text-to-image": "txt2img text2img t2i",
    "image-to-image": "img2img image2image i2i edit",
    "image-to-video": "img2vid i2v animate animation",
    "text-to-video": "txt2vid t2v animate animation",
    "video-to-video": "vid2vid v2v",
    "inpainting": "inpaint fill mask",
    "upscaling": "upscale super-resolution superresolution sr",
    "depth-estimation": "depth",
    "stable-diffusion": "sd sd1 sd15",
    "stable-diffusion-xl": "sdxl xl",
    "stable-diffusion-3": "sd3",
}


def columns_of(entry: Entry) -> tuple[str, ...]:
    """What the index has of an entry, in the order of ``COLUMNS``."""
    kinds = [*entry.tasks, entry.family, entry.kind]
    packages = [text for each in entry.packages for text in (each.name, each.package)]
    found = {
        "name": f"{entry.ref} {entry.name} {entry.class_name} {_split(entry.class_name)}",
        "title": entry.title,
        "kinds": " ".join([*kinds, *(_ALSO.get(kind, "") for kind in kinds)]),
        "about": entry.description,
        "authors": " ".join(entry.authors),
        "arguments": " ".join((*entry.arguments, *entry.components)),
        "packages": " ".join(packages),
        "licence": entry.licence,
        "findings": " ".join(entry.findings),
        "digest": entry.digest.removeprefix("sha256:"),
    }
    return tuple(_storable(found[name]) for name in COLUMNS)


def match(text: str, *, every: bool = True) -> str:
    """The query for these words, each also as the beginning of a longer one; empty where there is no word in it.

    ``every`` asks for all of them, else for any.
    """
    return (" AND " if every else " OR ").join(map(_one, words(text)))


def words(text: str) -> list[str]:
    """The words of a text that the index can know, each once."""
    parts = _storable(text).replace('"', " ").split()
    return list(dict.fromkeys(part for part in parts if any(letter.isalnum() for letter in part)))


def _one(word: str) -> str:
    forms = [word, *_stems(word)]
    return f"({' OR '.join(map(_quoted, dict.fromkeys(forms)))})"


def _quoted(word: str) -> str:
    # A quoted string is taken apart as the texts were, so nothing in it is syntax; a star after it means a prefix.
    return f'"{word}"*' if sum(map(str.isalnum, word)) >= _SHORTEST_PREFIX else f'"{word}"'


def _stems(word: str) -> Iterator[str]:
    lower = word.lower()
    for ending in _ENDINGS:
        if lower.endswith(ending) and len(lower) - len(ending) >= _SHORTEST_STEM:
            yield lower.removesuffix(ending)
            return


def _split(name: str) -> str:
    return _CAMEL.sub(" ", name)


def _storable(text: str) -> str:
    """The text as SQLite takes it: no end of string inside, no half of a character."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
