"""The pages of the documentation, and the blocks of code in them."""

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Block:
    """The text between two fences; `note` is what stands after the language, `line` where the text begins."""

    language: str
    note: str
    text: str
    line: int


def documents():
    """Every Markdown file of the project."""
    # Environments and caches have tens of thousands of files, so they are not walked.
    places = [path for path in ROOT.iterdir() if not path.name.startswith(".") and path.name not in ("out", "work")]
    files = [file for place in places for file in (place.rglob("*.md") if place.is_dir() else [place])]
    return sorted(file.relative_to(ROOT) for file in files if file.suffix == ".md")


def pages():
    """Those that are for users of Gremio."""
    return [f for f in documents() if str(f) == "README.md" or (f.parts[0] == "docs" and "adr" not in f.parts)]


def blocks(page, *languages):
    """The blocks of a page in these languages."""
    found, opened, lines = [], None, []
    for number, line in enumerate((ROOT / page).read_text().splitlines(), start=1):
        if not line.startswith("```"):
            lines.append(line)
        elif opened is None:
            opened, lines = (line[3:].partition(" "), number + 1), []
        else:
            (language, _, note), start = opened
            found.append(Block(language, note, "\n".join(lines) + "\n", start))
            opened = None
    assert opened is None, f"{page}: a fence is not closed"
    return [block for block in found if block.language in languages]


def prose(page):
    """The page without its blocks."""
    inside, kept = False, []
    for line in (ROOT / page).read_text().splitlines():
        if line.startswith("```"):
            inside = not inside
        elif not inside:
            kept.append(line)
    return "\n".join(kept)


def section(page, title):
    """What stands below a heading of the second level."""
    _, _, rest = (ROOT / page).read_text().partition(f"\n## {title}\n")
    assert rest, f"{page} has no section {title!r}"
    return rest.partition("\n## ")[0]
