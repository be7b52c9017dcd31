"""From words and filters to entries, best first. Reads one file; asks no network and loads nothing heavy."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from gremio.catalog import results
from gremio.catalog.entry import Entry, Source
from gremio.catalog.store import Store
from gremio.catalog.words import COLUMNS, match
from gremio.catalog.words import words as words_of
from gremio.code import Digest
from gremio.code.libraries.packages import is_installed
from gremio.machine.settings import Settings
from gremio.trust.approvals import Approvals

_RANK = f"bm25(words, {', '.join(map(str, COLUMNS.values()))})"
# Mirror, local, hub, approved.
_ORDER = "e.source DESC, e.ref"
_RANKED = 3000
"""How many of those that have the words are ranked. The catalogue's order has the community folder first."""
_ONE_IS_MISSING = (
    "e.id IN (SELECT entry FROM facets WHERE kind = 'package' AND value IN (SELECT value FROM json_each(?)))"
)
_RUNS = "e.id IN (SELECT id FROM results JOIN entries USING (digest) WHERE versions = ? AND outcome = 'runs')"


@dataclass(frozen=True)
class Query:
    """What is looked for; without words and filters, everything.

    ``runs``: only what a check found to run here, with what is installed now; False for the rest.
    ``missing_packages``: only what needs packages that are not installed; False for what needs none.
    ``source``: ``mirror``, ``hub``, ``local``, or ``approved`` for what was approved here, wherever it lies.
    ``every_revision``: older code of the same name as well.
    """

    words: str = ""
    task: str | None = None
    family: str | None = None
    runs: bool | None = None
    missing_packages: bool | None = None
    source: Source | None = None
    every_revision: bool = False
    limit: int = 50


@dataclass(frozen=True)
class Found:
    """``every``: whether each has all of the words, and not only some. ``more``: whether there are others."""

    entries: tuple[Entry, ...]
    every: bool = True
    more: bool = False


def search(words: str = "", *, settings: Settings | None = None, **filters: object) -> tuple[Entry, ...]:
    """What has these words, best first; ``filters`` are those of ``Query``.

    Raises:
        StoreError: the catalogue can't be read.
    """
    query = Query(words, **filters)  # type: ignore[arg-type]
    return Catalog(settings or Settings.from_environment()).find(query).entries


class Catalog:
    """The catalogue of one home, to be read. Each call sees one state of it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store = Store(settings)

    def __len__(self) -> int:
        """How many entries; none where nothing was synced."""
        with self._store.reading() as file:
            return int(file.execute("SELECT count(*) FROM entries").fetchone()[0]) if file else 0

    def find(self, query: Query) -> Found:
        """See ``Query``. Where nothing has all of the words, what has some of them.

        Raises:
            StoreError: the catalogue can't be read.
        """
        with self._store.reading() as file:
            if file is None:
                return Found(())
            rows = self._rows(file, query, every=True)
            # Words that were there, but none that could be looked for: nothing has them.
            every = bool(rows) or len(words_of(query.words)) < 2
            if not every:
                rows = self._rows(file, query, every=False)
            entries = map(Entry.read, rows[: query.limit])
            return Found(self._with_here(file, entries), every, len(rows) > query.limit)

    def get(self, ref: str) -> Entry | None:
        """The entry of a ref as it is written in the catalogue; the current one of its name."""
        return self._first("ref = ? ORDER BY current DESC, id", ref)

    def by_digest(self, digest: str) -> Entry | None:
        """The entry of exactly this code."""
        return self._first("digest = ? ORDER BY current DESC, id", digest)

    def refs(self, beginning: str = "", *, limit: int = 1000) -> list[tuple[str, str]]:
        """Refs that begin so, each with its heading; for completions."""
        with self._store.reading() as file:
            if file is None:
                return []
            sql = (
                "SELECT document FROM entries JOIN documents USING (id)"
                " WHERE current = 1 AND ref >= ? AND ref < ? ORDER BY ref LIMIT ?"
            )
            rows = file.execute(sql, (_storable(beginning), _storable(beginning) + "\U0010ffff", limit)).fetchall()
        return [(entry.ref, entry.heading) for entry in (Entry.read(document) for (document,) in rows)]

    def values(self, kind: str) -> dict[str, int]:
        """The values of ``task`` or ``family`` that there are, with how many current entries have each."""
        with self._store.reading() as file:
            if file is None:
                return {}
            sql = (
                "SELECT f.value, count(*) FROM facets f JOIN entries e ON e.id = f.entry"
                " WHERE f.kind = ? AND e.current = 1 GROUP BY f.value ORDER BY count(*) DESC, f.value"
            )
            return dict(file.execute(sql, (kind,)).fetchall())

    def _first(self, condition: str, value: str) -> Entry | None:
        with self._store.reading() as file:
            if file is None:
                return None
            sql = f"SELECT document FROM entries JOIN documents USING (id) WHERE {condition}"
            row = file.execute(sql, (_storable(value),)).fetchone()
            return next(iter(self._with_here(file, [Entry.read(row[0])])), None) if row else None

    def _rows(self, file: sqlite3.Connection, query: Query, *, every: bool) -> list[str]:
        conditions, values = self._conditions(file, query)
        table, order = "entries e", _ORDER
        if query.words.strip():
            wanted = match(query.words, every=every)
            if not wanted:
                return []
            # The words are where SQLite has to begin.
            table, order = "words CROSS JOIN entries e ON e.id = words.rowid", f"{_RANK}, e.ref"
            conditions, values = ["words MATCH ?", *conditions], [wanted, *values]
            # To rank takes ten times as long as to find.
            sql = f"SELECT e.id FROM {table} WHERE {' AND '.join(conditions)} LIMIT 1 OFFSET {_RANKED}"
            if last := file.execute(sql, values).fetchone():
                conditions.append(f"words.rowid < {last[0]}")
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        ids = file.execute(f"SELECT e.id FROM {table} {where} ORDER BY {order} LIMIT {query.limit + 1}", values)
        sql = "SELECT document FROM documents WHERE id = ?"
        return [file.execute(sql, found).fetchone()[0] for found in ids.fetchall()]

    def _conditions(self, file: sqlite3.Connection, query: Query) -> tuple[list[str], list[str]]:
        conditions = [] if query.every_revision else ["e.current = 1"]
        values: list[str] = []

        def also(condition: str, value: str, wanted: bool = True) -> None:
            conditions.append(condition if wanted else f"NOT {condition}")
            values.append(_storable(value))

        for kind in ("task", "family"):
            if value := getattr(query, kind):
                also(f"e.id IN (SELECT entry FROM facets WHERE kind = '{kind}' AND value = ?)", value)
        if query.source == "approved":
            digests = [str(each.digest) for each in Approvals(self._settings).all()]
            also("e.digest IN (SELECT value FROM json_each(?))", json.dumps(digests))
        elif query.source:
            also("e.source = ?", query.source)
        if query.runs is not None:
            also(_RUNS, results.installed(), query.runs)
        if query.missing_packages is not None:
            also(_ONE_IS_MISSING, json.dumps(_missing(file)), query.missing_packages)
        return conditions, values

    def _with_here(self, file: sqlite3.Connection, entries: Iterable[Entry]) -> tuple[Entry, ...]:
        """With what is known of this machine now."""
        found = list(entries)
        runs = results.found(file, (entry.digest for entry in found))
        approvals = Approvals(self._settings)
        there = cache(is_installed)
        told = []
        for entry in found:
            missing = tuple(each.package or each.name for each in entry.required if not there(each.name))
            approval = approvals.get(Digest.parse(entry.digest)) if entry.digest else None
            told.append(
                replace(entry, runs=runs.get(entry.digest), missing=missing, approved=str(approval) if approval else "")
            )
        return tuple(told)


def _missing(file: sqlite3.Connection) -> list[str]:
    """The packages that entries need and that are not installed here, by the names they are imported by."""
    names = file.execute("SELECT DISTINCT value FROM facets WHERE kind = 'package'").fetchall()
    return [name for (name,) in names if not is_installed(name)]


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
