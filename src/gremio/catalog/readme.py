"""What the page of Diffusers' community folder says of each file, and what a card says of its repository."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from gremio.catalog.markdown import Section, anchor, links, plain_text, rows, sections, shortened

_PY = re.compile(r"\b(\w+)\.py\b")
_NAMED = re.compile(
    r"custom_pipeline\s*=\s*[rf]?[\"']([^\"']+)[\"']|^\s*from\s+(?:[\w.]*\.)?(\w+)\s+import", re.MULTILINE
)
_MOST_PICTURES = 3
_PARTS = ("example", "usage", "sample")
"""Headings that begin so are parts of a section, whatever their level."""
# What half of the files have in their names tells nothing.
_COMMON = {
    *("pipeline", "stable", "diffusion", "sd", "xl", "sdxl", "controlnet"),
    *("img2img", "txt2img", "inpaint", "image", "video", "and", "to"),
}


@dataclass(frozen=True)
class Told:
    """What people wrote of a pipeline; ``snippets`` are blocks of Python that may use it."""

    title: str = ""
    description: str = ""
    authors: tuple[str, ...] = ()
    snippets: tuple[str, ...] = ()
    pictures: tuple[str, ...] = ()


def of_folder(readme: str, names: Collection[str]) -> dict[str, Told]:
    """What the page of the community folder says of the files that have these names, without ``.py``.

    A file's section is the one whose code or text names it, or whose title is its name. Its row in the table is the one
    that leads to that section; without a section, the one that has all the words of its name that are not everybody's.
    """
    table = [row for row in map(_Row.of, rows(readme)) if row]
    by_anchor = {row.anchor: row for row in table}
    found: dict[str, Told] = {}
    for section, named in _sections(readme, frozenset(names), by_anchor):
        row = by_anchor.get(anchor(section.title))
        for name in named:
            found.setdefault(name, _told(section, row, name))
    for name in names:
        row = _alike(name, table) if name not in found else None
        if row:
            found[name] = Told("", row.description, row.authors)
    return found


def of_card(card: str) -> Told:
    """What a model card says: its first heading, its first paragraph, its code and pictures."""
    text = re.sub(r"\A---[ \t]*\r?\n.*?^---[ \t]*$", "", card, count=1, flags=re.DOTALL | re.MULTILINE)
    found = sections(text)
    titled = next((each for each in found if each.title), Section("", ()))
    return Told(
        title=titled.title,
        description=shortened(next((each.prose for each in found if each.prose), "")),
        snippets=tuple(block for each in found for block in each.code),
        pictures=tuple(picture for each in found for picture in each.pictures)[:_MOST_PICTURES],
    )


@dataclass(frozen=True)
class _Row:
    title: str
    description: str
    authors: tuple[str, ...]
    anchor: str

    @classmethod
    def of(cls, cells: list[str]) -> _Row | None:
        """A row with a title, a description and a link to a section of the page."""
        inner = [target for cell in cells[2:] for _, target in links(cell) if target.startswith("#")]
        if len(cells) < 3 or not inner:
            return None
        authors = _authors(cells[4]) if len(cells) > 4 else ()
        return cls(plain_text(cells[0]), shortened(plain_text(cells[1])), authors, anchor(inner[0]))


def _authors(cell: str) -> tuple[str, ...]:
    named = [label for label, _ in links(cell) if label] or re.split(r",| and |&", plain_text(cell))
    cleaned = (name.strip(" .-") for name in named)
    return tuple(name for name in cleaned if name)


def _told(section: Section, row: _Row | None, name: str) -> Told:
    naming = tuple(block for block in section.code if name in block)
    told = Told(
        title=section.title,
        description=shortened(section.prose),
        snippets=naming or tuple(section.code),
        pictures=tuple(section.pictures)[:_MOST_PICTURES],
    )
    if row:
        told = replace(told, title=row.title, description=row.description or told.description, authors=row.authors)
    return told


def _sections(
    readme: str, names: frozenset[str], anchors: Collection[str]
) -> Iterator[tuple[Section, tuple[str, ...]]]:
    """The sections of files, with the files. A lower heading, or one of no other file, goes on with the last."""
    last, mentioned = Section("", (), 9), tuple[str, ...]()
    by_key = {_key(name): name for name in names}
    for section in sections(readme):
        every = _named(section, names, by_key)
        named = tuple(name for name in every if name not in mentioned)
        own = section.level <= last.level and named and not section.title.lower().startswith(_PARTS)
        if anchor(section.title) in anchors or own:
            yield last, mentioned
            last, mentioned = section, tuple(every)
        else:
            last = Section(last.title, (*last.lines, "", *section.lines), last.level)
            mentioned += named
    yield last, mentioned


def _named(section: Section, names: frozenset[str], by_key: Mapping[str, str]) -> list[str]:
    """The files that the code of a section uses, then those that its title and its text name."""
    used = [given or module for block in section.code for given, module in _NAMED.findall(block)]
    titled = [by_key[key] for key in [_key(section.title)] if key in by_key]
    stems = [each.rpartition("/")[2].removesuffix(".py") for each in used]
    found = [*stems, *titled, *_PY.findall("\n".join(section.lines))]
    return [name for name in dict.fromkeys(found) if name in names]


def _key(title: str) -> str:
    return anchor(title).replace("pipeline", "")


def _alike(name: str, table: list[_Row]) -> _Row | None:
    """The one row that has every word of a file's name that not many have, one of them in its title."""
    own = [word for word in name.lower().split("_") if word not in _COMMON]
    having = [
        row
        for row in table
        if set(own) & set(re.split(r"\W+", row.title.lower()))
        and all(word in f"{row.title} {row.description}".lower() for word in own)
    ]
    return having[0] if len(having) == 1 else None
