"""One load by Gremio, where nothing may run but the code with the digest that was granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gremio.errors import EntryNotFound
from gremio.loading.modular import ModularPipeline, load_blocks
from gremio.loading.pipelines import DiffusionPipeline, load_class
from gremio.publishing.proof.child.component import home_of, is_class_alone, root_config, standard_class
from gremio.publishing.proof.child.modular import own_components
from gremio.publishing.proof.exchange import ProofSubject
from gremio.sources.model import code_of


def load(subject: ProofSubject) -> Any:
    """The pipeline, component, blocks or class that the subject is."""
    if subject.kind == "pipeline":
        return DiffusionPipeline.from_pretrained(subject.name, trust_remote_code=_grant(subject), **subject.at)
    if subject.kind == "code":
        return _class(subject)
    if subject.kind == "blocks":
        return _blocks(subject)
    config = root_config(subject)
    cls: Any = _class(subject) if subject.digest else standard_class(subject, config)
    return cls if is_class_alone(subject, config) else cls.from_pretrained(subject.name, **subject.at)


def _class(subject: ProofSubject) -> Any:
    return load_class(_ref(subject), **_named(subject))


def _blocks(subject: ProofSubject) -> Any:
    """The blocks; a whole modular pipeline where components were published with them."""
    names = own_components(subject)
    if names is None:
        return load_blocks(_ref(subject), **_named(subject))
    pipeline = ModularPipeline.from_pretrained(subject.name, trust_remote_code=_grant(subject), **subject.at)
    pipeline.load_components(names)
    return pipeline


def _ref(subject: ProofSubject) -> str | Path:
    """As people write it, where that leads to the right file."""
    entry = subject.entry if subject.entry != _own_entry(subject) else ""
    if subject.is_folder:
        return Path(subject.name, entry)
    at = f"@{subject.revision}" if subject.revision else ""
    return f"hub:{subject.name}{at}:{entry}" if entry else f"hub:{subject.name}{at}"


def _named(subject: ProofSubject) -> dict[str, Any]:
    return {"class_name": subject.class_name or None, "trust_remote_code": _grant(subject)}


def _own_entry(subject: ProofSubject) -> str:
    try:
        return code_of(home_of(subject)).entry
    except EntryNotFound:
        return ""


def _grant(subject: ProofSubject) -> list[str] | None:
    return [subject.digest] if subject.digest else None
