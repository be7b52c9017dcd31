"""What an update of a lock entry would change, for the person who decides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gremio.code import CodeTree, Difference
from gremio.trust.findings import Finding, by_weight, scan, without
from gremio.workspace.entry import LockEntry


@dataclass(frozen=True)
class Changes:
    """``commits`` are ``place: old → new``; ``code`` is the diff; ``came`` and ``went`` are findings of the review.

    ``files`` are the model's files that differ, by path.
    """

    name: str
    commits: tuple[str, ...] = ()
    code: Difference | None = None
    came: tuple[Finding, ...] = ()
    went: tuple[Finding, ...] = ()
    files: tuple[str, ...] = ()

    @classmethod
    def between(cls, before: LockEntry, after: LockEntry, old: Sequence[CodeTree], new: Sequence[CodeTree]) -> Changes:
        """From one entry to another; ``old`` and ``new`` are the code of each, as far as it is here."""
        was, now = _files(old), _files(new)
        code = Difference.between(was, now) if was != now else None
        found, known = (_findings(trees) if code else () for trees in (new, old))
        return cls(
            after.name,
            tuple(dict.fromkeys(_commits(before, after))),
            code,
            without(found, known),
            without(known, found),
            tuple(_changed_files(before, after)),
        )

    def __bool__(self) -> bool:
        """Whether anything would change."""
        return bool(self.commits or self.code or self.files)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def _commits(before: LockEntry, after: LockEntry) -> Iterator[str]:
    for place, commit in _places(after).items():
        was = _places(before).get(place, "")
        if was != commit:
            yield f"{place}: {was or 'nothing'} → {commit}"


def _places(entry: LockEntry) -> dict[str, str]:
    found = {code.origin.repo: code.origin.commit for code in entry.codes}
    return found | ({entry.weights.repo: entry.weights.commit} if entry.weights else {})


def _changed_files(before: LockEntry, after: LockEntry) -> list[str]:
    was, now = (entry.weights.files if entry.weights else {} for entry in (before, after))
    return sorted(path for path in {*was, *now} if was.get(path) != now.get(path))


def _files(trees: Sequence[CodeTree]) -> dict[str, bytes]:
    return {path: data for tree in trees for path, data in tree.files.items()}


def _findings(trees: Sequence[CodeTree]) -> tuple[Finding, ...]:
    return by_weight(dict.fromkeys(each for tree in trees for each in scan(tree)))
