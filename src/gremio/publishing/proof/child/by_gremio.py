"""One load by Gremio, where nothing may run but the code with the digest that was granted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gremio.loading.modular import ModularPipeline, load_blocks
from gremio.loading.pipelines import DiffusionPipeline, load_class
from gremio.publishing.proof.child.home import SubjectHome
from gremio.publishing.proof.exchange import ProofSubject


def load(subject: ProofSubject) -> Any:
    """The pipeline, component, blocks or class that the subject is."""
    if subject.kind == "pipeline":
        return DiffusionPipeline.from_pretrained(subject.name, trust_remote_code=_grant(subject), **subject.at)
    home = SubjectHome.of(subject)
    if subject.kind == "code":
        return _class(home)
    if subject.kind == "blocks":
        return _blocks(home)
    cls: Any = _class(home) if subject.digest else home.standard_class()
    return cls if home.is_class_alone else cls.from_pretrained(subject.name, **subject.at)


def _class(home: SubjectHome) -> Any:
    return load_class(_ref(home), **_named(home.subject))


def _blocks(home: SubjectHome) -> Any:
    """The blocks; a whole modular pipeline where components were published with them."""
    subject, names = home.subject, home.own_components
    if names is None:
        return load_blocks(_ref(home), **_named(subject))
    pipeline = ModularPipeline.from_pretrained(subject.name, trust_remote_code=_grant(subject), **subject.at)
    pipeline.load_components(names)
    return pipeline


def _ref(home: SubjectHome) -> str | Path:
    """As people write it, where that leads to the right file."""
    subject = home.subject
    entry = subject.entry if subject.entry != home.own_entry else ""
    if subject.is_folder:
        return Path(subject.name, entry)
    at = f"@{subject.revision}" if subject.revision else ""
    return f"hub:{subject.name}{at}:{entry}" if entry else f"hub:{subject.name}{at}"


def _named(subject: ProofSubject) -> dict[str, Any]:
    return {"class_name": subject.class_name or None, "trust_remote_code": _grant(subject)}


def _grant(subject: ProofSubject) -> list[str] | None:
    return [subject.digest] if subject.digest else None
