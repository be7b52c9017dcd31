"""What is to be loaded in a process of its own, and how that process is told."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

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
        """For the command line of ``python -m gremio.publishing.proof.child``."""
        given = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "name"}
        options = {name.replace("_", "-"): value for name, value in given.items() if value}
        # The process runs elsewhere.
        name = str(Path(self.name).absolute()) if self.is_folder else self.name
        return [f"--loader={loader}", *(f"--{option}={value}" for option, value in options.items()), "--", name]
