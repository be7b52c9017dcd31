"""Which class a call of ``from_pretrained`` means."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

import diffusers

from gremio.errors import BadModelIndex, EntryNotFound, OptionError
from gremio.loading.components import ModelIndex
from gremio.loading.modules import LoadedCode
from gremio.loading.modules.provenance import CodeProvenance
from gremio.loading.pipelines.classes import approved_class, named_class
from gremio.loading.pipelines.request import LoadRequest
from gremio.loading.pipelines.standard import BASE, is_explicit
from gremio.sources.model import ModelHome, code_of
from gremio.sources.record import recorded_before
from gremio.trust import CodeRequest


@dataclass(frozen=True)
class Chosen:
    """The pipeline class, and where it came from if it is a community class."""

    cls: type
    provenance: CodeProvenance | None = None


def choose(cls: type, index: ModelIndex, home: ModelHome, request: LoadRequest) -> Chosen:
    """The community class that is named, else the explicit class, else the one that the repository brings or names.

    Raises:
        NotTrusted, CodeChanged: its code may not run.
        BadModelIndex: the repository names a class that isn't there.
        OptionError: an explicit class was to be replaced by another.
    """
    if request.code.ref is not None:
        loaded = named_class(request.code, access=request.access, settings=request.settings)
        return _fitting(cls, loaded, request.code.ref.text)
    if is_explicit(cls):
        return Chosen(cls)
    if index.module is not None:
        return _from_repository(index, home, request)
    return Chosen(_standard_class(index, home))


def _fitting(cls: type, loaded: LoadedCode, ref: str) -> Chosen:
    """An explicit class may be narrowed by ``custom_pipeline``, never replaced."""
    if is_explicit(cls) and not issubclass(loaded.cls, cls):
        raise OptionError(
            f"{loaded.cls.__name__} is not a {cls.__name__}",
            ref=ref,
            next_step=f"Call DiffusionPipeline.from_pretrained for the community class, or leave out custom_pipeline"
            f" for {cls.__name__}.",
        )
    return Chosen(loaded.cls, CodeProvenance.of(loaded, ref=ref, entry=loaded.code.tree.entry))


def _from_repository(index: ModelIndex, home: ModelHome, request: LoadRequest) -> Chosen:
    entry = f"{str(index.module).replace('.', '/')}.py"
    try:
        tree = code_of(home, entry)
    except EntryNotFound as error:
        raise BadModelIndex(
            f'the index names ["{index.module}", "{index.class_name}"], and there is no {entry}',
            ref=home.name,
            next_step="Pass custom_pipeline= with the code, or ask the author to upload the file.",
        ) from error
    name = request.code.class_name or index.class_name
    wanted = CodeRequest(home.name, tree, request.code.grant, role="found")
    loaded = approved_class(wanted, entry, name, settings=request.settings, mend=request.code.mend)
    before = recorded_before(index.raw, "")
    return Chosen(loaded.cls, CodeProvenance.of(loaded, ref=home.name, entry=entry, before=before))


def _standard_class(index: ModelIndex, home: ModelHome) -> type:
    found = getattr(diffusers, index.class_name, None)
    if isinstance(found, type) and issubclass(found, BASE):
        return found
    if isinstance(found, type) and hasattr(found, "from_pretrained"):
        # A placeholder: diffusers has the class, and a package that it needs is missing. Its own words say which.
        found.from_pretrained(home.name)
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
