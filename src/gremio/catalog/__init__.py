"""What can be found: every pipeline that this machine knows of, searchable offline, without loading or running any.

In come places (Diffusers' community folder, the Hub's lists, folders, approvals), read once and kept in one SQLite
file in Gremio's home; out come ``Entry`` values, ranked.

    entry, store, search    one thing that can be found; the file; words and filters to entries
    results                 what ``gremio check`` found on this machine, by digest
    places, sync            where entries come from, and what has changed there
    reading, readers        from code and what people wrote to an entry; many of them, in several processes
    readme, markdown        what a page says of each file
    examples                lines that use a pipeline and work as they are printed

Open ``kinds.py`` for a task or a family, ``words.py`` for how words are understood, ``places/place.py`` for a new
place, ``entry.py`` for what is known of each.
"""

from gremio.catalog.entry import Entry, Example, Needed, Run
from gremio.catalog.search import Catalog, Query, search

__all__ = ["Catalog", "Entry", "Example", "Needed", "Query", "Run", "search"]
