"""The port that every kind of place implements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gremio.catalog.entry import Entry, Source
from gremio.catalog.reading import Code


@dataclass(frozen=True)
class Item:
    """Something that a place has: its key there, what changes when it does, and what finds it.

    What is found is code, to be read into an entry, or an entry of what has none that can be read. With ``classes``,
    code without a class of any kind is no entry: a helper, or a test of something else.
    """

    key: str
    stamp: str
    find: Callable[[], Code | Entry]
    classes: bool = False


@dataclass(frozen=True)
class Plan:
    """What a place has now: so many items, which may be found one by one as they are looked at. ``prepare`` has all at
    hand that finding some of them takes, in one go.

    ``whole`` is whether this is all of it. Where only what is cached can be read, items may be unavailable, and what is
    not among them may be there all the same.
    """

    stamp: str
    items: Iterable[Item]
    amount: int
    whole: bool = True
    prepare: Callable[[Sequence[Item]], None] = lambda items: None


class Place(Protocol):
    """Something that has entries."""

    name: str
    """For the catalogue's file: the same for the same place."""
    title: str
    """For people."""
    source: Source

    def plan(self, before: str) -> Plan | None:
        """What it has now; None where that is what it had when its stamp was ``before``.

        Raises:
            RefNotFound: it is not there any more.
            GremioError: it can't be reached.
        """
