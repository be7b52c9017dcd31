"""What a Markdown page says, taken apart: headings with what is below them, tables, code, pictures, plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"\s*(```+|~~~+)\s*([\w+-]*)")
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_RULE = re.compile(r"\s*\|?\s*:?-{2,}")
_IMAGE = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)[^)]*\)|<img\s[^>]*?src=[\"']([^\"']+)", re.IGNORECASE)
_LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)]*\)")
_ADDRESS = re.compile(r"<(https?://[^<>\s]+)>")
_TAG = re.compile(r"<[^<>]*>")
_MARKS = re.compile(r"(\*\*|__|`|(?<!\w)[*_]|[*_](?!\w))")
_LONGEST = 400  # characters of a description


@dataclass(frozen=True)
class Section:
    """A heading as plain text (empty before the first), the lines below it, and its level, 1 the highest."""

    title: str
    lines: tuple[str, ...]
    level: int = 1

    @property
    def code(self) -> list[str]:
        """The blocks of Python in it, and those that don't say what they are."""
        return [text for language, text in _fenced(self.lines) if language in ("", "py", "python", "python3")]

    @property
    def prose(self) -> str:
        """The first of its paragraphs that says something, as plain text."""
        return next(filter(_says_something, map(plain_text, _paragraphs(self.lines))), "")

    @property
    def pictures(self) -> list[str]:
        """Addresses of the pictures that it shows."""
        found = _IMAGE.findall("\n".join(self.lines))
        addresses = [one or other for one, other in found]
        return [each for each in addresses if each.startswith("https://") and "badge" not in each]


def sections(text: str) -> list[Section]:
    """The page in order; a line that begins with ``#`` inside of code is no heading."""
    found: list[tuple[str, list[str], int]] = [("", [], 1)]
    fence = ""
    for line in text.splitlines():
        fence = _fence_after(line, fence)
        heading = None if fence else _HEADING.match(line)
        if heading:
            found.append((plain_text(heading[2]), [], len(heading[1])))
        else:
            found[-1][1].append(line)
    return [Section(title, tuple(lines), level) for title, lines, level in found]


def rows(text: str) -> list[list[str]]:
    """The cells of every row of its tables, headings included, as Markdown."""
    lines = text.splitlines()
    return [_cells(line) for line in lines if line.count("|") >= 2 and not _RULE.match(line)]


def links(text: str) -> list[tuple[str, str]]:
    """Text and target of each link."""
    return [(plain_text(label), target) for label, target in re.findall(r"\[([^\]]*)\]\(([^)\s]*)\)", text)]


def plain_text(text: str) -> str:
    """Without marks, links, pictures and tags, on one line."""
    text = _IMAGE.sub("", text)
    for _ in range(2):  # a picture in a link
        text = _LINK.sub(r"\1", text)
    text = html.unescape(_TAG.sub("", _ADDRESS.sub(r"\1", text)))
    return " ".join(_MARKS.sub("", text).replace("\\", "").split()).lstrip("-* ")


def shortened(text: str, longest: int = _LONGEST) -> str:
    """Whole sentences up to a length, or else whole words."""
    if len(text) <= longest:
        return text
    cut = text[:longest]
    end = max(cut.rfind(". "), cut.rfind("! "), cut.rfind("? "))
    return cut[: end + 1] if end > longest // 3 else f"{cut.rpartition(' ')[0] or cut}…"


def anchor(text: str) -> str:
    """What is left of a heading, or of a link to it, when only letters and digits count."""
    return "".join(letter for letter in text.lower() if letter.isalnum())


def _fence_after(line: str, fence: str) -> str:
    """Which fence is open after this line; empty where none is."""
    opened = _FENCE.match(line)
    if not opened:
        return fence
    if not fence:
        return opened[1]
    closes = opened[1].startswith(fence) and not opened[2]
    return "" if closes else fence


def _fenced(lines: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    fence, language, inside = "", "", list[str]()
    for line in lines:
        after = _fence_after(line, fence)
        if after and not fence:
            opened = _FENCE.match(line)
            language, inside = (opened[2].lower() if opened else ""), []
        elif fence and not after:
            yield language, "\n".join(inside) + "\n"
        elif fence:
            inside.append(line)
        fence = after


def _paragraphs(lines: tuple[str, ...]) -> Iterator[str]:
    fence, paragraph = "", list[str]()
    for line in (*lines, ""):
        after = _fence_after(line, fence)
        if fence or after or not line.strip() or line.lstrip().startswith(("|", ">")):
            if paragraph:
                yield "\n".join(paragraph)
            paragraph = []
        else:
            paragraph.append(line)
        fence = after


def _says_something(text: str) -> bool:
    return text.count(" ") >= 4 and not text.startswith(("http", "import ", "from ", "|"))


def _cells(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|")
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", inner)]
