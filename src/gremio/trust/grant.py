"""What a caller grants with ``trust_remote_code``."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from gremio.code import CodeTree, Digest
from gremio.errors import OptionError


@dataclass(frozen=True)
class Grant:
    """``named`` grants what the call names as code; ``places`` repo ids and folders; ``digests`` exact code.

    ``said`` is what those digests were granted by, in words.
    """

    named: bool = False
    places: frozenset[str] = frozenset()
    digests: frozenset[Digest] = frozenset()
    said: str = "granted by digest"

    @classmethod
    def parse(cls, value: object) -> Grant:
        """Read the argument: a bool, a repo id, folder or digest, or several of them.

        In a list True stands for what the call names as code, so that more can be granted beside it.

        Raises:
            OptionError: it is something else.
        """
        if value is None or isinstance(value, bool):
            return cls(named=bool(value))
        items = [value] if isinstance(value, str | os.PathLike) else value
        if not isinstance(items, Iterable):
            raise _bad(value)
        items = list(items)
        if not all(isinstance(item, str | os.PathLike | bool) for item in items):
            raise _bad(value)
        texts = [str(os.fspath(item)) for item in items if not isinstance(item, bool)]
        digests = frozenset(Digest.parse(text) for text in texts if _means_digest(text))
        return cls(any(i is True for i in items), frozenset(t for t in texts if not _means_digest(t)), digests)

    def names_place(self, tree: CodeTree) -> bool:
        """Whether the tree's repository or folder is among the places."""
        origin = tree.origin
        if origin.source == "local":
            return any(os.path.realpath(os.path.expanduser(place)) == origin.repo for place in self.places)  # noqa: PTH111
        return origin.repo in self.places


def _means_digest(text: str) -> bool:
    """Whether it is a digest or was meant as one, so that a digest cut short is refused and not taken for a place."""
    return Digest.is_digest(text) or text.startswith("sha256:")


def _bad(value: object) -> OptionError:
    return OptionError(
        f"trust_remote_code is {value!r}",
        next_step="Pass True, or a list of repo ids and digests that may run.",
    )
