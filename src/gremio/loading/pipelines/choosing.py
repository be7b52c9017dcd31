"""Which class a call of ``from_pretrained`` means."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import diffusers

from gremio.errors import BadModelIndex, OptionError
from gremio.loading.components import ModelIndex
from gremio.loading.modules.provenance import CodeProvenance
from gremio.loading.pipelines.classes import execute
from gremio.loading.pipelines.resolving import Resolved
from gremio.loading.pipelines.standard import BASE, is_explicit
from gremio.sources.model import ModelHome


@dataclass(frozen=True)
class Chosen:
    """The pipeline class, and where it came from if it is a community class."""

    cls: type
    provenance: CodeProvenance | None = None


def choose(cls: type, resolved: Resolved) -> Chosen:
    """The class of the code that was found, executed now; else the explicit class; else the one that the index names.

    Raises:
        CodeFailed: the code raised.
        BadModelIndex: the index names a class that isn't there.
        OptionError: an explicit class was to be replaced by another.
    """
    found, ref = resolved.found, resolved.request.code.ref
    if found is None:
        return Chosen(cls) if is_explicit(cls) else Chosen(_standard_class(resolved.index, resolved.home))
    loaded = execute(found)
    if ref is not None:
        _require_fitting(cls, loaded.cls, ref.text)
    return Chosen(
        loaded.cls, CodeProvenance.of(loaded, ref=found.ref, entry=found.code.tree.entry, before=found.before)
    )


def _require_fitting(cls: type, community: type, ref: str) -> None:
    """An explicit class may be narrowed by ``custom_pipeline``, never replaced."""
    if is_explicit(cls) and not issubclass(community, cls):
        raise OptionError(
            f"{community.__name__} is not a {cls.__name__}",
            ref=ref,
            next_step=f"Call DiffusionPipeline.from_pretrained for the community class, or leave out custom_pipeline"
            f" for {cls.__name__}.",
        )


def _standard_class(index: ModelIndex, home: ModelHome) -> type:
    found = getattr(diffusers, index.class_name, None)
    if isinstance(found, type) and issubclass(found, BASE):
        return found
    if isinstance(found, type) and found.__module__.startswith("diffusers.utils.dummy"):
        # A placeholder: diffusers has the class, and a package that it needs is missing. Its own words say which.
        found()
    near = get_close_matches(index.class_name, [n for n in dir(diffusers) if n.endswith("Pipeline")], n=2)
    step = f"Did it mean {' or '.join(near)}? " if near else ""
    files = [p for p in home.paths() if p.endswith(".py") and "/" not in p]
    if files:
        step += f"The repository has {', '.join(files[:4])}: pass custom_pipeline={home.name!r} to use its code. "
    raise BadModelIndex(
        f"diffusers {diffusers.__version__} has no pipeline {index.class_name}",
        ref=home.name,
        next_step=step + "Or pass custom_pipeline= with a class for this model.",
    )
