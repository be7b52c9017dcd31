"""Diffusers' community folder, by its mirror: each file as a name without a revision means it, older ones if asked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import PurePosixPath

from gremio.catalog.entry import Source
from gremio.catalog.places.place import Item, Plan
from gremio.catalog.reading import About, Code, reader
from gremio.catalog.readme import Told, of_folder
from gremio.code import CodeTree, Origin
from gremio.errors import Unavailable
from gremio.machine.settings import Settings
from gremio.sources import Access, Listing
from gremio.sources.mirror import MirrorSource, by_age

_README = "README.md"
_LICENCE = "apache-2.0"  # of the repository that the folder is a part of


class CommunityPlace:
    """Its items are files with the same bytes, whatever versions have them; what is cached is not asked for."""

    source: Source = "mirror"

    def __init__(self, settings: Settings, access: Access, *, every_revision: bool) -> None:
        self.name = f"mirror {access.endpoint} {settings.mirror}"
        self.title = f"Diffusers' community folder ({settings.mirror})"
        self._mirror = MirrorSource(settings, access)
        self._repo = settings.mirror
        self._every = every_revision
        self._offline = access.local_files_only

    def plan(self, before: str) -> Plan | None:
        """One request, and the page of the folder where something has changed."""
        listing, folder = self._mirror.newest()
        stamp = " ".join([listing.commit, folder, str(self._every), reader()])
        if stamp == before:
            return None
        state = _State(self._mirror, listing, folder, self._repo)
        files = state.files if self._every else [each for each in state.files if each.current]
        items = [Item(each.ref, state.stamp(each), partial(state.code, each)) for each in files]
        by_key = dict(zip((item.key for item in items), files, strict=True))

        def prepare(some: Sequence[Item]) -> None:
            state.fetch([by_key[item.key] for item in some])

        # Without the network there is only what is cached, and each by itself.
        if self._offline:
            return Plan(stamp, items, len(items), whole=False)
        return Plan(stamp, items, len(items), prepare=prepare)


@dataclass(frozen=True)
class _File:
    """A file of some name with the same bytes in some versions, the newest first."""

    name: str
    folders: tuple[str, ...]
    blob: str
    current: bool
    newest: bool

    @property
    def ref(self) -> str:
        """Versions change places in time, so an old file is named by the newest that has it."""
        return self.name if self.current else f"mirror:{self.name}@{self.folders[0]}"

    @property
    def path(self) -> str:
        """Where it lies in the mirror."""
        return f"{self.folders[0]}/{self.name}.py"


@dataclass
class _State:
    """The mirror at one commit."""

    mirror: MirrorSource
    listing: Listing
    folder: str
    repo: str
    _data: dict[str, bytes] = field(default_factory=dict)
    _pages: dict[str, Mapping[str, Told]] = field(default_factory=dict)

    @cached_property
    def files(self) -> list[_File]:
        """Every file of every version, those with the same name and bytes as one."""
        paths = [PurePosixPath(path) for path in self.listing.matching("*/*.py")]
        ages = {folder: age for age, folder in enumerate(by_age({path.parts[0] for path in paths}))}
        same: dict[tuple[str, str], list[str]] = {}
        for path in sorted((path for path in paths if len(path.parts) == 2 and path.parts[0] in ages), key=str):
            facts = self.listing.files[str(path)]
            same.setdefault((path.stem, facts.blob or facts.sha256 or str(path)), []).append(path.parts[0])

        def order(folder: str) -> tuple[bool, int]:
            return folder != self.folder, ages[folder]

        newest: dict[str, str] = {}
        for (name, _), folders in same.items():
            newest[name] = min([*folders, *filter(None, [newest.get(name)])], key=order)
        found = []
        for (name, blob), folders in same.items():
            ordered = tuple(sorted(folders, key=order))
            found.append(_File(name, ordered, blob, self.folder in folders, newest[name] in folders))
        return found

    def stamp(self, file: _File) -> str:
        """What an entry depends on: bytes, what the page says of it, versions, how it is read."""
        told = json.dumps([file.blob, file.folders, repr(self._told(file)), file.newest, reader()])
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()

    def fetch(self, files: Sequence[_File]) -> None:
        """Have their bytes at hand, with one download for all that are not cached."""
        self._data = self.mirror.read(self.listing, [file.path for file in files])

    def code(self, file: _File) -> Code:
        """A file, and what is known of it."""
        data = self._data.get(file.path)
        if data is None:
            data = self.mirror.read(self.listing, [file.path])[file.path]
        folder = file.folders[0]
        origin = Origin("mirror", self.repo, self.listing.commit, folder, folder)
        about = About(
            ref=file.ref,
            source="mirror",
            name=file.name,
            told=self._told(file),
            licence=_LICENCE,
            revision=folder,
            versions=file.folders,
            current=file.newest,
        )
        return Code(CodeTree({f"{file.name}.py": data}, f"{file.name}.py", origin), about)

    def _told(self, file: _File) -> Told:
        """What the page of today says, else that of the version."""
        pages = (self._page(folder) for folder in dict.fromkeys([self.folder, file.folders[0]]))
        return next((page[file.name] for page in pages if file.name in page), Told())

    def _page(self, folder: str) -> Mapping[str, Told]:
        if folder not in self._pages:
            self._pages[folder] = of_folder(self._readme(folder), self._names(folder))
        return self._pages[folder]

    def _names(self, folder: str) -> list[str]:
        return [file.name for file in self.files if folder in file.folders]

    def _readme(self, folder: str) -> str:
        path = f"{folder}/{_README}"
        if path not in self.listing.files:
            return ""
        try:
            return self.mirror.read(self.listing, [path])[path].decode("utf-8", "replace")
        except Unavailable:
            return ""
