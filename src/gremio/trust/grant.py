"""What a caller grants with ``trust_remote_code``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from gremio.code import CodeTree, Digest
from gremio.errors import OptionError


@dataclass(frozen=True)
class Grant:
    """``named`` grants what the call names as code; ``places`` repo ids and folders; ``digests`` exact code."""

    named: bool = False
    places: frozenset[str] = frozenset()
    digests: frozenset[Digest] = frozenset()

    @classmethod
    def parse(cls, value: object) -> Grant:
        """Read the argument: a bool, a repo id or digest, or several of them.

        Raises:
            OptionError: it is something else.
        """
        if value is None or isinstance(value, bool):
            return cls(named=bool(value))
        items = [value] if isinstance(value, str | os.PathLike) else value
        if not isinstance(items, Iterable):
            raise _bad(value)
        texts = []
        for item in items:
            if not isinstance(item, str | os.PathLike):
                raise _bad(value)
            texts.append(str(os.fspath(item)))
        digests = frozenset(Digest.parse(text) for text in texts if Digest.is_digest(text))
        return cls(places=frozenset(t for t in texts if not Digest.is_digest(t)), digests=digests)

    def names_place(self, tree: CodeTree) -> bool:
        """Whether the tree's repository or folder is among the places."""
        origin = tree.origin
        if origin.source == "local":
            return any(os.path.realpath(os.path.expanduser(place)) == origin.repo for place in self.places)  # noqa: PTH111
        return origin.repo in self.places


def _bad(value: object) -> OptionError:
    return OptionError(
        f"trust_remote_code is {value!r}",
        next_step="Pass True, or a list of repo ids and digests that may run.",
    )
