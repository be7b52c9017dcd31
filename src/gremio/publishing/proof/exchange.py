"""What the process of a proof is told, and what it answers."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from gremio.machine.processes import Trouble, last_object
from gremio.publishing.proof.facts import Facts
from gremio.publishing.publication import Kind

Loader = Literal["gremio", "diffusers"]
LOADERS: tuple[Loader, ...] = ("gremio", "diffusers")


@dataclass(frozen=True)
class ProofSubject:
    """A repository at a revision, or a folder.

    Attributes:
        name: ``owner/repo``, or the folder.
        kind: a pipeline with weights, its code alone, a single component, or modular blocks.
        revision: a full commit on the Hub; empty for a folder.
        class_name: which class of the entry file, where it defines several.
        entry: the file with the class; empty for the one that the repository itself names.
        digest: the code that may run under Gremio, ``sha256:…``; empty for none.
    """

    name: str
    kind: Kind
    revision: str = ""
    class_name: str = ""
    entry: str = ""
    digest: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it lies on this machine. What has a revision doesn't, whatever lies in the current directory."""
        return not self.revision and Path(self.name).is_dir()

    @property
    def at(self) -> dict[str, str]:
        """The argument that pins it, as every ``from_pretrained`` takes it."""
        return {"revision": self.revision} if self.revision else {}

    def arguments(self, loader: Loader) -> list[str]:
        """For the command line of ``python -m gremio.publishing.proof.child``, which runs elsewhere."""
        name = str(Path(self.name).absolute()) if self.is_folder else self.name
        return [loader, json.dumps({**asdict(self), "name": name})]


@dataclass(frozen=True)
class ProofReport:
    """What was loaded, or why nothing was."""

    facts: Facts | None = None
    error: Trouble | None = None

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why nothing was loaded, in words; empty if something was."""
        return tuple(each for each in (str(self.error), self.error.hint) if each) if self.error else ()

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_output(cls, text: str) -> ProofReport:
        """The report at the end of what the process printed.

        Raises:
            ValueError: there is none.
        """
        values = last_object(text)
        try:
            facts = Facts.from_dict(values["facts"]) if values["facts"] is not None else None
            return cls(facts, Trouble(**values["error"]) if values["error"] else None)
        except (KeyError, TypeError) as error:
            raise ValueError("what the process printed does not end with a proof's report") from error
