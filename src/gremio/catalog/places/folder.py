"""A folder on this machine: the pipelines, components and blocks below it, each a folder or a file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path, PurePosixPath

from gremio.catalog.entry import Source
from gremio.catalog.places.place import Item, Plan
from gremio.catalog.reading import About, Code, reader, without_code
from gremio.catalog.readme import Told, of_card
from gremio.code import PipelineRef
from gremio.errors import GremioError, OptionError, RefNotFound
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.sources.folder import listed
from gremio.sources.model import BLOCKS, ENTRY, INDEX

_HOMES = (ENTRY, INDEX, BLOCKS)
"""What makes a folder one thing, with all that lies below it."""
_CARD = "README.md"
_MOST = 5000  # Python files
_LEFT_OUT = ("__init__.py", "setup.py", "conftest.py")


class FolderPlace:
    """Its items are the folders that are a pipeline, and other files that have a class of Diffusers' kinds."""

    source: Source = "local"

    def __init__(self, folder: Path, settings: Settings, access: Access) -> None:
        self._folder = folder.expanduser().resolve()
        self.name = f"folder {self._folder}"
        self.title = str(self._folder)
        self._settings = settings
        self._access = access

    def plan(self, before: str) -> Plan | None:
        """Looks at names, sizes and times of the files below, and into them where one of those has changed."""
        if not self._folder.is_dir():
            raise RefNotFound("there is no such folder", ref=str(self._folder), next_step="Name a folder.")
        paths = listed(self._folder)
        python = [path for path in paths if path.endswith(".py")]
        if len(python) > _MOST:
            step = "Name the folder that has your pipelines."
            raise OptionError(f"it has {len(python)} Python files", ref=str(self._folder), next_step=step)
        stamp = self._stamp(path for path in paths if path.endswith((".py", ".json", ".md")))
        if stamp == before:
            return None
        refs = _refs(paths)
        return Plan(stamp, map(self._item, refs), len(refs))

    def _stamp(self, paths: Iterator[str]) -> str:
        told = [reader()]
        for path in paths:
            try:
                facts = (self._folder / path).stat()
            except OSError:
                continue
            told.append(f"{path} {facts.st_size} {facts.st_mtime_ns}")
        return hashlib.sha256("\n".join(told).encode("utf-8", "replace")).hexdigest()

    def _item(self, path: str) -> Item:
        place = self._folder / path
        about = About(str(place), "local", place.stem if place.suffix == ".py" else place.name, _card(place))
        try:
            tree = fetch(PipelineRef.parse(place), revision=None, access=self._access, settings=self._settings)
        except GremioError as error:
            return Item(path, f"{error.message} {reader()}", partial(without_code, about, error.message))
        told = hashlib.sha256(repr(about.told).encode("utf-8", "replace")).hexdigest()
        return Item(path, f"{tree.digest} {tree.entry} {told} {reader()}", partial(Code, tree, about), classes=True)


def _refs(paths: list[str]) -> list[str]:
    """What is one thing each: folders with an entry or an index, and Python files that lie in none of those."""
    folders = {str(PurePosixPath(path).parent) for path in paths if PurePosixPath(path).name in _HOMES}
    homes = {each for each in folders if not any(str(above) in folders for above in _above(each))}
    files = [
        path
        for path in paths
        if path.endswith(".py")
        and PurePosixPath(path).name not in _LEFT_OUT
        and not any(str(above) in homes for above in _above(path))
    ]
    return sorted([*homes, *files])


def _above(path: str) -> list[PurePosixPath]:
    return list(PurePosixPath(path).parents) if path != "." else []


def _card(place: Path) -> Told:
    card = place / _CARD
    try:
        return of_card(card.read_text("utf-8", "replace")) if card.is_file() else Told()
    except OSError:
        return Told()
