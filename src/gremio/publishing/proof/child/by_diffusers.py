"""One load by diffusers alone, as somebody without Gremio would."""

from __future__ import annotations

from typing import Any

import diffusers
from diffusers.utils.dynamic_modules_utils import get_class_from_dynamic_module

from gremio.errors import NoClass
from gremio.publishing.proof.child.home import SubjectHome
from gremio.publishing.proof.exchange import ProofSubject
from gremio.sources.model import ENTRY


def load(subject: ProofSubject) -> Any:
    """The pipeline, component, blocks or class that the subject is."""
    pinned: dict[str, Any] = {"trust_remote_code": True, **subject.at}
    if subject.kind == "pipeline":
        return diffusers.DiffusionPipeline.from_pretrained(subject.name, **pinned)
    if subject.kind == "code":
        # diffusers knows no other name for it, and takes whatever pipeline class the file has.
        cls = get_class_from_dynamic_module(subject.name, ENTRY, **pinned)
        if cls is None:
            raise NoClass(f"diffusers finds no pipeline class in {ENTRY}", ref=subject.name)
        return cls
    if subject.kind == "blocks":
        return _blocks(subject, pinned)
    return _component(subject, pinned)


def _blocks(subject: ProofSubject, pinned: dict[str, Any]) -> Any:
    names = SubjectHome.of(subject).own_components
    if names is None:
        return diffusers.ModularPipelineBlocks.from_pretrained(subject.name, **pinned)
    pipeline = diffusers.ModularPipeline.from_pretrained(subject.name, **pinned)
    # It takes components from the branch unless it is told again.
    for name in names:
        # It refuses trust that a component has no use for, and then goes on without it.
        pipeline.load_components(name, **subject.at)
        if getattr(pipeline, name) is None:
            pipeline.load_components(name, **pinned)
    return pipeline


def _component(subject: ProofSubject, pinned: dict[str, Any]) -> Any:
    home = SubjectHome.of(subject)
    if home.is_model and not home.is_class_alone:
        # It refuses trust that it has no use for.
        return diffusers.AutoModel.from_pretrained(subject.name, **(pinned if subject.digest else subject.at))
    cls: Any = _mapped(subject, home.config[1], pinned) if home.config else None
    cls = cls or home.standard_class()
    return cls if home.is_class_alone else cls.from_pretrained(subject.name, **subject.at)


def _mapped(subject: ProofSubject, config: dict[str, Any], pinned: dict[str, Any]) -> type | None:
    """diffusers' automatic class is for models; for the rest this is what its documentation leaves one to do."""
    for target in dict(config.get("auto_map") or {}).values():
        if isinstance(target, str):
            module, _, name = target.rpartition(".")
            found: type = get_class_from_dynamic_module(subject.name, f"{module}.py", class_name=name, **pinned)
            return found
    return None
