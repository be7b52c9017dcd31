"""What lies at the root of a repository that is a single component."""

from __future__ import annotations

import json
from typing import Any

from gremio.machine.settings import Settings
from gremio.publishing.proof.request import ProofSubject
from gremio.sources import Access
from gremio.sources.model import CONFIGS, MODEL_CONFIG, ModelHome, open_model
from gremio.sources.weights import Weights


def root_config(subject: ProofSubject) -> tuple[str, dict[str, Any]] | None:
    """Its name and what it says; None for a component that has none."""
    home = home_of(subject)
    name = next((each for each in CONFIGS if each in home.paths()), None)
    return (name, json.loads(home.read([name])[name])) if name else None


def is_class_alone(subject: ProofSubject, config: tuple[str, dict[str, Any]] | None) -> bool:
    """Whether there is nothing to make an object from: no config, or that of a model and no weights."""
    if config is None:
        return True
    return config[0] == MODEL_CONFIG and not any(Weights.of(path) for path in home_of(subject).paths())


def home_of(subject: ProofSubject) -> ModelHome:
    """The repository at its commit, or the folder."""
    settings = Settings.from_environment()
    return open_model(subject.name, revision=subject.revision or None, access=Access.of(settings), settings=settings)
