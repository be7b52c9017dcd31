"""From places to the catalogue's file: what is new or has changed is read, what is gone is forgotten.

What was read is kept a few items at a time, so an interruption leaves the old and what was read since, and the next
sync goes on from there. A place that can't be reached leaves what is known of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
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
        items, done = iter(plan.items), 0
        there: set[str] = set()
        finish: Callable[[], None] | None = None
        with readers(plan.amount) as reading:
            while not self._problem and (some := self._next(items)):
                self._progress(self._place.title, done, plan.amount)
                done += len(some)
                there.update(item.key for item in some)
                # What comes next is looked for while the last is read.
                begun = self._begin(plan, some, known, reading)
                if finish:
                    finish()
                finish = begun
            if finish:
                finish()
        if self._problem:
            return
        self._progress(self._place.title, done, plan.amount)
        if plan.whole:
            self._finish(plan, known.keys() - there)

    def _next(self, items: Iterator[Item]) -> list[Item]:
        with no_collection():
            return list(islice(items, _AT_ONCE))

    def _begin(self, plan: Plan, items: Sequence[Item], known: dict[str, str], reading: Readers) -> Callable[[], None]:
        """Find what is new among these, up to the first that can't be reached, and begin to read it."""
        wanted = [item for item in items if known.get(item.key) != item.stamp]
        found: list[tuple[Item, Code | Entry]] = []
        try:
            if wanted:
                plan.prepare(wanted)
            for item in wanted:
                try:
                    found.append((item, item.find()))
                except Unavailable:
                    if plan.whole:
                        raise
        except GremioError as error:
            self._problem = error
        read = reading.begin([each for _, each in found if isinstance(each, Code)])

        def finish() -> None:
            entries = iter(read())
            self._keep([(item, next(entries) if isinstance(each, Code) else each) for item, each in found], known)

        return finish

    def _finish(self, plan: Plan, gone: Set[str]) -> None:
        with self._store.writing() as file:
            remove(file, self._place.name, sorted(gone))
            row = (self._place.name, plan.stamp, self._place.title)
            file.execute("INSERT OR REPLACE INTO places VALUES (?, ?, ?)", row)
        self._counts["gone"] += len(gone)

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
