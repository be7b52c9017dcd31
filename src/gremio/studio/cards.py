"""What the start page shows: the shelf that comes along, and whatever the catalogue of this machine knows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gremio.catalog import Catalog, Entry, Query
from gremio.code.ref import PipelineRef
from gremio.code.review import read as read_tree
from gremio.demo.places import MODEL, shelf
from gremio.errors import GremioError, RefNotFound
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch

PICTURES = Path(__file__).with_name("pictures")
_MOST = 120
_TASKS = {"difference_map": "image-to-image", "prompt_walk": "text-to-video"}


@dataclass(frozen=True)
class Card:
    """One thing to open. ``picture`` is a file that comes with this package, None where there is none."""

    entry: Entry
    model: str
    picture: Path | None = None
    on_shelf: bool = False


@cache
def on_shelf(settings: Settings) -> tuple[Card, ...]:
    """The pipelines that come along, each with the demo's model; none where they were not installed."""
    try:
        folder = shelf()
    except RefNotFound:
        return ()
    return tuple(_card(each, settings) for each in sorted(folder.iterdir()) if (each / "pipeline.py").is_file())


def cards(words: str, task: str | None, *, runs: bool, settings: Settings) -> tuple[list[Card], bool]:
    """The cards that have these words, the shelf first; and whether there are more than are shown.

    Raises:
        StoreError: the catalogue can't be read.
    """
    own = [card for card in on_shelf(settings) if _has(card.entry, words) and (not task or task in card.entry.tasks)]
    query = Query(words, task=task or None, runs=runs or None, limit=_MOST)
    found = Catalog(settings).find(query)
    known = {card.entry.digest for card in own}
    others = [Card(entry, entry.model) for entry in found.entries if entry.kind == "pipeline" and entry.class_name]
    return [*own, *(card for card in others if card.entry.digest not in known)], found.more


def tasks(settings: Settings) -> list[str]:
    """What can be filtered by."""
    own = {task for card in on_shelf(settings) for task in card.entry.tasks}
    return sorted(own | {task for task in Catalog(settings).values("task") if task != "unknown"})


def _card(folder: Path, settings: Settings) -> Card:
    access = Access.of(settings, local_files_only=True)
    tree = fetch(PipelineRef.parse(folder), revision=None, access=access, settings=settings)
    review = read_tree(tree)
    lines = [line for line in review.docstring.splitlines() if line.strip()]
    entry = Entry(
        ref=str(folder),
        source="local",
        name=folder.name,
        title=folder.name.replace("_", " ").capitalize(),
        description=lines[0] if lines else "",
        tasks=(_TASKS.get(folder.name, "text-to-image"),),
        family="stable-diffusion",
        kind="pipeline",
        class_name=review.class_name or "",
        arguments=tuple(each.name for each in review.call if each.name != "self"),
        digest=str(tree.digest),
    )
    picture = PICTURES / f"{folder.name}.webp"
    return Card(entry, str(MODEL), picture if picture.is_file() else None, on_shelf=True)


def _has(entry: Entry, words: str) -> bool:
    text = " ".join([entry.name, entry.title, entry.description, *entry.tasks, *entry.arguments]).lower()
    return all(word in text for word in words.lower().split())


def compared(settings: Settings) -> Iterator[tuple[str, str]]:
    """Pipelines to see beside another: heading and ref."""
    for card in on_shelf(settings):
        yield card.entry.heading, card.entry.ref
    try:
        found = Catalog(settings).find(Query("", limit=_MOST)).entries
    except GremioError:
        return
    for entry in found:
        if entry.kind == "pipeline" and entry.class_name:
            yield entry.heading, entry.ref
