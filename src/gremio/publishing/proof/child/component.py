"""A repository that is a single component: what lies at its root, and its class where that comes with a library."""

from __future__ import annotations

import json
from typing import Any

import diffusers
import transformers

from gremio.errors import NoClass
from gremio.machine.settings import Settings
from gremio.publishing.proof.exchange import ProofSubject
from gremio.sources import Access
from gremio.sources.model import CONFIGS, MODEL_CONFIG, ModelHome, open_model
from gremio.sources.weights import Weights

Config = tuple[str, dict[str, Any]]


def root_config(subject: ProofSubject) -> Config | None:
    """Its name and what it says; None for a component that has none."""
    home = home_of(subject)
    name = next((each for each in CONFIGS if each in home.paths()), None)
    return (name, json.loads(home.read([name])[name])) if name else None


def is_class_alone(subject: ProofSubject, config: Config | None) -> bool:
    """Whether there is nothing to make an object from: no config, or that of a model and no weights."""
    if config is None:
        return True
    return config[0] == MODEL_CONFIG and not any(Weights.of(path) for path in home_of(subject).paths())


def home_of(subject: ProofSubject) -> ModelHome:
    """The repository at its commit, or the folder."""
    settings = Settings.from_environment()
    return open_model(subject.name, revision=subject.revision or None, access=Access.of(settings), settings=settings)


def standard_class(subject: ProofSubject, config: Config | None) -> type:
    """The class of a library that the subject, or its config, names.

    Raises:
        NoClass: no library has it.
    """
    name = subject.class_name or str(config[1].get("_class_name", "") if config else "")
    for library in (diffusers, transformers):
        found = getattr(library, name, None) if name else None
        if isinstance(found, type):
            return found
    raise NoClass(f"neither diffusers nor transformers has a class {name!r}", ref=subject.name)
