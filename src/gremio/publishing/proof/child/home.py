"""Where the subject of a proof lies, and what it says there of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import diffusers
import transformers

from gremio.errors import EntryNotFound, NoClass
from gremio.loading.modular.index import ModularIndex
from gremio.machine.settings import Settings
from gremio.publishing.proof.exchange import ProofSubject
from gremio.sources import Access
from gremio.sources.model import CONFIGS, MODEL_CONFIG, MODULAR_INDEX, ModelHome, code_of, open_model
from gremio.sources.weights import Weights


@dataclass(frozen=True)
class SubjectHome:
    """The repository at its commit, or the folder; opened once."""

    subject: ProofSubject
    files: ModelHome

    @classmethod
    def of(cls, subject: ProofSubject) -> SubjectHome:
        """Open it."""
        settings = Settings.from_environment()
        access = Access.of(settings)
        return cls(
            subject, open_model(subject.name, revision=subject.revision or None, access=access, settings=settings)
        )

    @cached_property
    def config(self) -> tuple[str, dict[str, Any]] | None:
        """Of a single component: its name and what it says; None where there is none."""
        name = next((each for each in CONFIGS if each in self.files.paths()), None)
        return (name, json.loads(self.files.read([name])[name])) if name else None

    @property
    def is_model(self) -> bool:
        """Whether the config is a model's."""
        return self.config is not None and self.config[0] == MODEL_CONFIG

    @property
    def is_class_alone(self) -> bool:
        """Whether there is nothing to make an object from: no config, or that of a model and no weights."""
        return self.config is None or (self.is_model and not any(Weights.of(path) for path in self.files.paths()))

    @property
    def own_entry(self) -> str:
        """The file that everybody enters the code at; empty where there is none."""
        try:
            return code_of(self.files).entry
        except EntryNotFound:
            return ""

    @property
    def own_components(self) -> list[str] | None:
        """The components of a modular index that lie here, as they were published; None where it is blocks alone."""
        paths = self.files.paths()
        index = ModularIndex.of(self.files) if MODULAR_INDEX in paths else None
        if index is None:
            return None
        folders = {path.rpartition("/")[0] for path in paths}
        return sorted(name for name, entry in index.entries.items() if entry.folder and entry.folder in folders)

    def standard_class(self) -> type:
        """The class of a library that the subject, or its config, names.

        Raises:
            NoClass: no library has it.
        """
        name = self.subject.class_name or str(self.config[1].get("_class_name", "") if self.config else "")
        for library in (diffusers, transformers):
            found = getattr(library, name, None) if name else None
            if isinstance(found, type):
                return found
        raise NoClass(f"neither diffusers nor transformers has a class {name!r}", ref=self.subject.name)
