"""Who looked at which code and found that it may run: kept per user here, per project in the lock."""

from __future__ import annotations

import getpass
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from gremio.code import CodeTree, Digest
from gremio.errors import OptionError
from gremio.machine.records import Records
from gremio.machine.settings import Settings
from gremio.sources.trees import Trees

_KIND = "approvals"


@dataclass(frozen=True)
class Approval:
    """One person's word for the bytes with one digest.

    ``at`` is an ISO date; ``findings`` are what the review found and the person accepted, one line each; ``ref`` is
    what was looked at, and ``place`` where it lies: the next code of that place is compared with this one.
    """

    digest: Digest
    by: str
    at: str
    note: str = ""
    findings: tuple[str, ...] = ()
    ref: str = ""
    place: str = ""

    @classmethod
    def now(
        cls,
        digest: Digest,
        *,
        by: str = "",
        note: str = "",
        findings: Iterable[str] = (),
        ref: str = "",
        place: str = "",
    ) -> Approval:
        """Made today, by whoever runs this process if nobody else is named."""
        today = datetime.now(UTC).date().isoformat()
        return cls(digest, by or getpass.getuser(), today, note, tuple(findings), ref, place)

    def __str__(self) -> str:
        """``approved by maria on 2026-11-26``."""
        return f"approved by {self.by} on {self.at}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON; what is empty is left out."""
        found = {name: value for name, value in asdict(self).items() if value}
        return found | {"digest": str(self.digest), "findings": list(self.findings)}


class Approvals:
    """What the user of this machine approved, by digest."""

    def __init__(self, settings: Settings) -> None:
        self._records = Records(settings.home)
        self._trees = Trees(settings.home)

    def get(self, digest: Digest) -> Approval | None:
        """The approval of exactly these bytes."""
        record = self._records.get(_KIND, digest.hex)
        return _approval(record) if record else None

    def all(self) -> list[Approval]:
        """Every approval, the newest first."""
        found = [_approval(record) for record in self._records.all(_KIND)]
        return sorted(found, key=lambda each: (each.at, each.digest), reverse=True)

    def latest(self, place: str) -> Approval | None:
        """What was last approved of a place."""
        return next((each for each in self.all() if each.place == place), None)

    def add(self, approval: Approval, tree: CodeTree | None = None) -> None:
        """Remember an approval, and the code itself where it is at hand, so that its successor can be compared.

        Raises:
            StoreError: it can't be written.
        """
        if tree is not None:
            self._trees.keep(tree)
        self._records.put(_KIND, approval.digest.hex, approval.as_dict())

    def revoke(self, digest: Digest) -> Approval:
        """Take an approval back; from now on a worker process can't import the code on the strength of it either.

        Raises:
            OptionError: there is none.
        """
        found = self.get(digest)
        if found is None:
            raise OptionError(
                "nobody approved this code here",
                ref=str(digest),
                next_step="`gremio approvals` lists what is approved.",
            )
        self._records.remove(_KIND, digest.hex)
        self._records.remove("approved", digest.hex)
        return found


def place_of(tree: CodeTree) -> str:
    """Where code lies, whatever its revision."""
    origin = tree.origin
    inside = "" if origin.source == "mirror" else origin.path
    return f"{origin.source} {origin.repo}:{inside}/{tree.entry}"


def _approval(record: dict[str, Any]) -> Approval:
    texts = {name: str(record.get(name, "")) for name in ("by", "at", "note", "ref", "place")}
    return Approval(Digest.parse(str(record["digest"])), findings=tuple(map(str, record.get("findings", ()))), **texts)
