"""What ``gremio check`` found on this machine, by the digest of the code."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from gremio.catalog.entry import Run
from gremio.catalog.store import Store
from gremio.code.libraries.packages import version_of
from gremio.machine.settings import Settings

_PACKAGES = ("diffusers", "torch", "transformers")


def remember(settings: Settings, outcomes: Mapping[str, str]) -> None:
    """Keep what checks of today came to with what is installed: a word such as ``runs``, by digest (``sha256:…``).

    Raises:
        StoreError: it can't be written.
    """
    told, today = installed(), datetime.now(UTC).date().isoformat()
    rows = [(digest, told, outcome, today) for digest, outcome in outcomes.items() if digest]
    if rows:
        with Store(settings).writing() as connection:
            connection.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?)", rows)


def installed() -> str:
    """The installed versions that a result depends on, as the file keeps them."""
    return json.dumps({name: version_of(name) or "none" for name in _PACKAGES}, sort_keys=True)


def found(connection: sqlite3.Connection, digests: Iterable[str]) -> dict[str, Run]:
    """The result of each digest that has one: with the installed versions if there is one, else the newest."""
    runs: dict[str, Run] = {}
    here = ""
    for digest in set(digests) - {""}:
        asked = connection.execute("SELECT versions, outcome, date FROM results WHERE digest = ?", (digest,))
        rows = asked.fetchall()
        if rows:
            here = here or installed()
            versions, outcome, date = max(rows, key=lambda row: (row[0] == here, row[2]))
            runs[digest] = Run(outcome, date, json.loads(versions), versions == here)
    return runs
