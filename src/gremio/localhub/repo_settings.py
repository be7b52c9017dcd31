"""What the Hub knows of a repository beyond its git history."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

Gate = Literal[False, "auto", "manual"]


def timestamp(seconds: float | None = None) -> str:
    """A moment (now, by default) as the Hub writes it: ISO 8601 with milliseconds, in UTC."""
    moment = datetime.now(UTC) if seconds is None else datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


@dataclass(frozen=True)
class PullRequest:
    """A pull request; its commits are those of ``refs/pr/<num>``."""

    num: int
    title: str
    author: str
    created_at: str = field(default_factory=timestamp)

    @property
    def ref(self) -> str:
        """The git reference that its commits are pushed to."""
        return f"refs/pr/{self.num}"


@dataclass(frozen=True)
class RepoSettings:
    """Visibility, gate, and the pull requests of a repository."""

    private: bool = False
    gated: Gate = False
    granted: tuple[str, ...] = ()
    created_at: str = field(default_factory=timestamp)
    pulls: tuple[PullRequest, ...] = ()

    @classmethod
    def load(cls, path: Path) -> RepoSettings:
        """Read what `save` wrote."""
        fields: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        pulls = tuple(PullRequest(**pull) for pull in fields.pop("pulls"))
        return cls(**{**fields, "granted": tuple(fields["granted"]), "pulls": pulls})

    def save(self, path: Path) -> None:
        """Replace the file at ``path``, all or nothing."""
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        temporary.write_text(json.dumps(asdict(self)), encoding="utf-8")
        temporary.replace(path)
