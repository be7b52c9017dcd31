"""The catalogue's file: one SQLite database in Gremio's home, with a full-text index.

Each change is one transaction, so a reader sees all of it or nothing, and an interruption leaves what was there. What
is in it can be made again by a sync, but for the results of checks; another version of the format keeps those alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from gremio.catalog.entry import Entry
from gremio.catalog.words import COLUMNS, columns_of
from gremio.errors import StoreError
from gremio.machine.settings import Settings
from gremio.machine.writing import store_errors

FILE = "catalog.sqlite"
_FORMAT = 1
_PATIENCE = 30.0  # seconds that one waits while another commits
_RESULTS = """
CREATE TABLE IF NOT EXISTS results (
    digest TEXT NOT NULL, versions TEXT NOT NULL, outcome TEXT NOT NULL, date TEXT NOT NULL,
    PRIMARY KEY (digest, versions)
) WITHOUT ROWID
"""
_TABLES = (
    """
CREATE TABLE entries (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, key TEXT NOT NULL, stamp TEXT NOT NULL, ref TEXT NOT NULL,
    source TEXT NOT NULL, digest TEXT NOT NULL, current INTEGER NOT NULL, UNIQUE (place, key)
)""",
    # Apart, so that what is looked through for every search stays small.
    "CREATE TABLE documents (id INTEGER PRIMARY KEY, document TEXT NOT NULL)",
    "CREATE INDEX entries_in_order ON entries (current, source DESC, ref)",
    "CREATE INDEX entries_by_ref ON entries (ref)",
    "CREATE INDEX entries_by_digest ON entries (digest)",
    """
CREATE TABLE facets (
    kind TEXT NOT NULL, value TEXT NOT NULL, entry INTEGER NOT NULL, PRIMARY KEY (kind, value, entry)
) WITHOUT ROWID""",
    "CREATE TABLE places (name TEXT PRIMARY KEY, stamp TEXT NOT NULL, title TEXT NOT NULL) WITHOUT ROWID",
    # The texts are in the documents already; the index alone is a third of the size.
    f"CREATE VIRTUAL TABLE words USING fts5({', '.join(COLUMNS)}, content='', prefix='3',"
    " tokenize='unicode61 remove_diacritics 2')",
)
_NAMES = ("words", "facets", "documents", "entries", "places")


class Store:
    """The file of one home, for one thread."""

    def __init__(self, settings: Settings) -> None:
        self.path = settings.home / FILE

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection that can't write; None where nothing was ever kept here in this format.

        Raises:
            StoreError: the file can't be read.
        """
        if not self.path.exists():
            yield None
            return
        with self._connected("ro") as connection:
            yield connection if _format(connection) == _FORMAT else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction of its own, which ends with the block: kept if it ends well.

        Raises:
            StoreError: the disk is full, the file is damaged or can't be written.
        """
        with store_errors(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._connected("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                _prepare(connection)
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        connection = None
        try:
            address = f"{self.path.absolute().as_uri()}?mode={mode}"
            connection = sqlite3.connect(address, uri=True, timeout=_PATIENCE, isolation_level=None)
            yield connection
        except sqlite3.Error as error:
            raise self._explained(error) from error
        finally:
            if connection is not None:
                connection.close()

    def _explained(self, error: sqlite3.Error) -> StoreError:
        if "full" in str(error):
            step = "Free some space, or point GREMIO_HOME at a larger disk. What was there is still there."
        elif isinstance(error, sqlite3.OperationalError):
            step = "Check its permissions, or point GREMIO_HOME elsewhere."
        else:
            step = f"Remove {self.path} and call `gremio catalog sync`, which makes it anew."
        return StoreError(f"the catalogue at {self.path} can't be used: {error}", next_step=step)


def _format(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _prepare(connection: sqlite3.Connection) -> None:
    """Have the tables of this format; those of another are dropped."""
    if _format(connection) == _FORMAT:
        return
    for name in _NAMES:
        connection.execute(f"DROP TABLE IF EXISTS {name}")
    for statement in (*_TABLES, _RESULTS):
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {_FORMAT}")


def put(connection: sqlite3.Connection, place: str, key: str, stamp: str, entry: Entry) -> None:
    """Keep an entry under its place and key, instead of what was there. ``stamp`` says what it was read from."""
    remove(connection, place, [key])
    row = (place, key, stamp, entry.ref, entry.source, entry.digest, entry.current)
    marks = ",".join("?" * len(row))
    columns = "place, key, stamp, ref, source, digest, current"
    rowid = connection.execute(f"INSERT INTO entries ({columns}) VALUES ({marks})", row).lastrowid
    connection.execute("INSERT INTO documents VALUES (?, ?)", (rowid, entry.document()))
    connection.executemany("INSERT INTO facets VALUES (?, ?, ?)", [(*facet, rowid) for facet in facets_of(entry)])
    names = ", ".join(COLUMNS)
    values = (rowid, *columns_of(entry))
    connection.execute(f"INSERT INTO words (rowid, {names}) VALUES ({','.join('?' * len(values))})", values)


def remove(connection: sqlite3.Connection, place: str, keys: Iterable[str]) -> None:
    """Forget some entries of a place."""
    names = ", ".join(COLUMNS)
    for key in keys:
        sql = "SELECT id, document FROM entries JOIN documents USING (id) WHERE place = ? AND key = ?"
        found = connection.execute(sql, (place, key))
        for rowid, document in found.fetchall():
            entry = Entry.read(document)
            values = ("delete", rowid, *columns_of(entry))
            # An index without the texts has to be told what it has to forget.
            marks = ",".join("?" * len(values))
            connection.execute(f"INSERT INTO words (words, rowid, {names}) VALUES ({marks})", values)
            facets = [(*facet, rowid) for facet in facets_of(entry)]
            connection.executemany("DELETE FROM facets WHERE kind = ? AND value = ? AND entry = ?", facets)
            for table in ("entries", "documents"):
                connection.execute(f"DELETE FROM {table} WHERE id = ?", (rowid,))


def stamps(connection: sqlite3.Connection, place: str) -> dict[str, str]:
    """What each entry of a place was read from, by key."""
    return dict(connection.execute("SELECT key, stamp FROM entries WHERE place = ?", (place,)).fetchall())


def facets_of(entry: Entry) -> set[tuple[str, str]]:
    """What can be filtered by: kind and value."""
    found = {("task", task) for task in entry.tasks or ("unknown",)}
    found.add(("family", entry.family or "unknown"))
    return found | {("package", each.name) for each in entry.required}
