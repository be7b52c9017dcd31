"""From places to the catalogue's file: what is new or has changed is read, what is gone is forgotten.

What was read is kept a few items at a time, so an interruption leaves the old and what was read since, and the next
sync goes on from there. A place that can't be reached leaves what is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from gremio.catalog.entry import SOURCES, Entry, Source
from gremio.catalog.places.approved import ApprovedPlace
from gremio.catalog.places.community import CommunityPlace
from gremio.catalog.places.folder import FolderPlace
from gremio.catalog.places.hub import HubPlace
from gremio.catalog.places.place import Item, Place, Plan
from gremio.catalog.readers import Readers, readers
from gremio.catalog.reading import Code
from gremio.catalog.store import Store, put, remove, stamps
from gremio.code.syntax.parsing import no_collection
from gremio.errors import GremioError, RefNotFound, Unavailable
from gremio.machine.settings import Settings
from gremio.machine.writing import store_errors
from gremio.sources import Access

_AT_ONCE = 20  # items between two commits
_FOLDER = "folder "


@dataclass(frozen=True)
class Synced:
    """What became of one place. ``entries`` are there now; ``problem`` says why it was not read to its end."""

    title: str
    source: Source
    entries: int
    new: int = 0
    changed: int = 0
    gone: int = 0
    problem: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Options:
    """What to sync: sources (all if none is named), folders beside those that were synced before.

    ``every_revision``: older versions of the community folder too; None for what was asked last.
    """

    sources: tuple[Source, ...] = ()
    folders: tuple[Path, ...] = ()
    every_revision: bool | None = None


Progress = Callable[[str, int, int], None]
"""Told the title of a place, how many of its items are done, and how many there are."""


def sync(
    settings: Settings,
    access: Access,
    options: Options = Options(),
    *,
    progress: Progress = lambda title, done, items: None,
    waiting: Callable[[], None] = lambda: None,
) -> Iterator[Synced]:
    """Bring the catalogue up to date, place by place, approvals last. Two at once take turns; ``waiting`` is told.

    Raises:
        StoreError: the catalogue can't be written.
    """
    store = Store(settings)
    with _alone(store, waiting):
        for place in _places(store, settings, access, options):
            yield _Sync(store, place, progress).run()


class _Sync:
    """The sync of one place."""

    def __init__(self, store: Store, place: Place, progress: Progress) -> None:
        self._store = store
        self._place = place
        self._progress = progress
        self._counts = {"new": 0, "changed": 0, "gone": 0}
        self._problem: GremioError | None = None

    def run(self) -> Synced:
        """Do it; a problem with the place itself is told, not raised."""
        with self._store.writing() as file:
            known = stamps(file, self._place.name)
            before = file.execute("SELECT stamp FROM places WHERE name = ?", (self._place.name,)).fetchone()
        plan = self._planned(before[0] if before else "")
        if plan is not None:
            self._take(plan, known)
        elif isinstance(self._problem, RefNotFound) and self._place.source == "local":
            self._forget(known)
        return self._told()

    def _planned(self, before: str) -> Plan | None:
        try:
            with no_collection():
                return self._place.plan(before)
        except GremioError as error:
            self._problem = error
            return None

    def _take(self, plan: Plan, known: dict[str, str]) -> None:
        wanted = [item for item in plan.items if known.get(item.key) != item.stamp]
        with readers(len(wanted)) as reading:
            for start in range(0, len(wanted), _AT_ONCE):
                some = wanted[start : start + _AT_ONCE]
                self._progress(self._place.title, start, len(wanted))
                self._keep(self._read(plan, some, reading), known)
                if self._problem:
                    return
        if wanted:
            self._progress(self._place.title, len(wanted), len(wanted))
        if plan.whole:
            self._finish(plan, known)

    def _finish(self, plan: Plan, known: dict[str, str]) -> None:
        gone = sorted(known.keys() - {item.key for item in plan.items})
        with self._store.writing() as file:
            remove(file, self._place.name, gone)
            row = (self._place.name, plan.stamp, self._place.title)
            file.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", row)
        self._counts["gone"] += len(gone)

    def _read(self, plan: Plan, items: Sequence[Item], reading: Readers) -> list[tuple[Item, Entry]]:
        """The entries of those that are found, up to the first that can't be reached."""
        found: list[tuple[Item, Code | Entry]] = []
        try:
            plan.prepare(items)
            for item in items:
                try:
                    found.append((item, item.find()))
                except Unavailable:
                    if plan.whole:
                        raise
        except GremioError as error:
            self._problem = error
        read = iter(reading.read([each for _, each in found if isinstance(each, Code)]))
        return [(item, next(read) if isinstance(each, Code) else each) for item, each in found]

    def _keep(self, read: Iterable[tuple[Item, Entry]], known: dict[str, str]) -> None:
        with self._store.writing() as file:
            for item, entry in read:
                if item.classes and entry.kind == "other":
                    remove(file, self._place.name, [item.key])
                    continue
                put(file, self._place.name, item.key, item.stamp, entry)
                self._counts["changed" if item.key in known else "new"] += 1

    def _forget(self, known: dict[str, str]) -> None:
        """A folder that is gone is no place any more."""
        with self._store.writing() as file:
            remove(file, self._place.name, known)
            file.execute("DELETE FROM places WHERE name = ?", (self._place.name,))
        self._counts["gone"] = len(known)

    def _told(self) -> Synced:
        with self._store.reading() as file:
            assert file is not None
            sql = "SELECT count(*) FROM entries WHERE place = ?"
            entries = int(file.execute(sql, (self._place.name,)).fetchone()[0])
        problem, step = (self._problem.message, self._problem.next_step) if self._problem else ("", "")
        return Synced(self._place.title, self._place.source, entries, **self._counts, problem=problem, next_step=step)


def _places(store: Store, settings: Settings, access: Access, options: Options) -> Iterator[Place]:
    sources = options.sources or (("local",) if options.folders else SOURCES)
    with store.writing() as file:
        known = dict(file.execute("SELECT name, stamp FROM places").fetchall())
    if "mirror" in sources:
        yield CommunityPlace(settings, access, every_revision=_every(known, settings, access, options))
    if "local" in sources:
        remembered = [Path(name.removeprefix(_FOLDER)) for name in known if name.startswith(_FOLDER)]
        folders = options.folders or remembered
        for folder in dict.fromkeys(each.expanduser().resolve() for each in folders):
            yield FolderPlace(folder, settings, access)
    # Offline nobody can be asked for lists.
    if "hub" in sources and (not access.local_files_only or options.sources):
        yield HubPlace(settings, access)
    if "approved" in sources:
        yield ApprovedPlace(settings)


def _every(known: dict[str, str], settings: Settings, access: Access, options: Options) -> bool:
    if options.every_revision is not None:
        return options.every_revision
    name = CommunityPlace(settings, access, every_revision=False).name
    return " True " in known.get(name, "")


@contextmanager
def _alone(store: Store, waiting: Callable[[], None]) -> Iterator[None]:
    place = store.path.with_name(f".{store.path.name}.lock")
    with store_errors(place):
        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            waiting()
            lock.acquire()
    try:
        yield
    finally:
        lock.release()
