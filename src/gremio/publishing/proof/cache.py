"""Proofs of before: what was proven stays so while nothing changes that it depends on."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from gremio.code.libraries.packages import version_of
from gremio.machine.records import Records
from gremio.machine.settings import Settings
from gremio.publishing.proof.exchange import ProofSubject
from gremio.publishing.proof.facts import Facts
from gremio.publishing.proof.proof import Attempt, Proof
from gremio.publishing.publication import Publication
from gremio.version import __version__

_KIND = "proofs"
_TOLD = ("diffusers", "transformers", "torch")
_LOADERS = (*_TOLD, "accelerate", "safetensors", "huggingface_hub")


@dataclass(frozen=True)
class RememberedProofs:
    """Of one publication in one repository: the last proof that was good."""

    publication: Publication
    repo_id: str
    settings: Settings

    def find(self) -> tuple[Proof, Facts] | None:
        """The proof and what was loaded; None where there is none, or something that it depends on has changed."""
        record = Records(self.settings.home).get(_KIND, self._key)
        if record is None or record.get("with") != self._conditions():
            return None
        try:
            attempts = tuple(map(_attempt, record["attempts"]))
            return Proof(ProofSubject(**record["subject"]), attempts, record["made"]), Facts.from_dict(record["facts"])
        except (KeyError, TypeError, ValueError):
            # Whatever wrote that, it is no proof.
            return None

    def keep(self, proof: Proof, facts: Facts) -> None:
        """Remember a proof that is good, and what it found.

        Raises:
            StoreError: it can't be written.
        """
        conditions = self._conditions()
        versions = ", ".join(f"{name} {conditions[name]}" for name in ("gremio", *_TOLD, "python"))
        record = {
            "subject": asdict(proof.subject),
            "attempts": [asdict(each) for each in proof.attempts],
            "facts": facts.as_dict(),
            "made": f"{datetime.now(UTC).date().isoformat()} with {versions}",
            "with": conditions,
        }
        Records(self.settings.home).put(_KIND, self._key, record)

    @property
    def _key(self) -> str:
        return f"{self.settings.endpoint} {self.repo_id} {self.publication.digest}"

    def _conditions(self) -> Mapping[str, Any]:
        """What the answer depends on beside the files: versions, what may run here, what is asked of the loaders."""
        review = self.publication.review
        needed = [item.package or item.name for item in review.requirements] if review else []
        return {
            "gremio": __version__,
            "python": platform.python_version(),
            **{name: version_of(name) for name in (*_LOADERS, *needed)},
            "policy": f"{self.settings.policy} {self.settings.remote_code_disabled}",
            "class": f"{self.publication.kind} {self.publication.class_name}",
            "limits": list(self.publication.limits),
        }


def _attempt(told: Mapping[str, Any]) -> Attempt:
    return Attempt(told["loader"], told["verdict"], tuple(told["reasons"]), told["error"], seconds=told["seconds"])
