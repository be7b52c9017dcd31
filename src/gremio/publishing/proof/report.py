"""What one load in a process of its own came to, as it prints it and as it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gremio.publishing.proof.facts import Facts


@dataclass(frozen=True)
class Trouble:
    """The exception that ended a load.

    ``kind`` is its class, ``where`` the file and line that raised it, ``hint`` what to do, if known.
    """

    kind: str
    message: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """``KeyError: 'x' (unet/layers.py:7)``."""
        where = f" ({self.where})" if self.where else ""
        return f"{self.kind}: {self.message}{where}"


@dataclass(frozen=True)
class ProofReport:
    """What was loaded, or why nothing was."""

    facts: Facts | None = None
    error: Trouble | None = None
    seconds: float = 0.0

    def to_json(self) -> str:
        """One line of ASCII, which no terminal and no encoding can spoil."""
        facts = None if self.facts is None else self.facts.as_dict()
        return json.dumps({"facts": facts, "error": self.error and asdict(self.error), "seconds": self.seconds})

    @classmethod
    def from_output(cls, text: str) -> ProofReport:
        """The report on the last line of what the process printed.

        Raises:
            ValueError: the last line is none.
        """
        try:
            values = json.loads(text.strip().rpartition("\n")[2] or "null")
            return cls(_facts(values["facts"]), _trouble(values["error"]), float(values["seconds"]))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("its output does not end with a report") from error


def _facts(values: Mapping[str, Any] | None) -> Facts | None:
    return None if values is None else Facts.from_dict(values)


def _trouble(values: Mapping[str, Any] | None) -> Trouble | None:
    return None if values is None else Trouble(**values)
