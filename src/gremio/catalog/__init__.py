"""What can be found: every pipeline that this machine knows of, searchable offline, without loading or running any.

In come places (Diffusers' community folder, the Hub's lists, folders, approvals), read once and kept in one SQLite
file in Gremio's home; out come ``Entry`` values, ranked.

    entry, store, search    one thing that can be found; the file; words and filters to entries
    results                 what ``gremio check`` found on this machine, by digest

Open ``entry.py`` for what is known of each, ``words.py`` for how words are understood.
"""

from gremio.catalog.entry import Entry, Example, Needed, Run
from gremio.catalog.search import Catalog, Query, search

__all__ = ["Catalog", "Entry", "Example", "Needed", "Query", "Run", "search"]
