"""From a spec to where its component lies, which class it is of, and the code of that, allowed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import diffusers

from gremio.errors import BadModelIndex, ComponentMissing, GremioError, ModelError
from gremio.loading.components import ComponentEntry, ModelIndex
from gremio.loading.components.custom import check_entry, custom_component, in_library
from gremio.loading.modular.index import AUTO
from gremio.loading.modular.options import LoadOptions
from gremio.loading.modular.places import Places
from gremio.loading.modules import LoadedCode
from gremio.loading.pipelines.classes import execute
from gremio.loading.pipelines.resolving import approve
from gremio.sources.model import INDEX, ModelHome, code_of, read_index
from gremio.trust import CodeRequest


@dataclass(frozen=True)
class Found:
    """A component that can be loaded: its spec, its class, the code of that if it has any, and where its entry is.

    ``home`` is None for a checkpoint file, which diffusers finds itself. ``cls`` is None where diffusers reads in the
    component's config which of its classes it is.
    """

    name: str
    spec: Any
    home: ModelHome | None
    cls: Any
    code: LoadedCode | None = None
    entry: str = ""

    @property
    def folder(self) -> str:
        """Where in its repository it lies, the empty text being the top."""
        return str(self.spec.subfolder or "").strip("/")

    def paths(self) -> list[str]:
        """The files of its folder."""
        below = f"{self.folder}/" if self.folder else ""
        return [path for path in self.home.paths() if path.startswith(below)] if self.home is not None else []


class Finder:
    """Finds the components of one call: each repository is resolved once, and its code read once."""

    def __init__(self, places: Places, options: LoadOptions) -> None:
        self._places = places
        self._options = options
        self._homes: dict[tuple[str, str | None, bool], ModelHome] = {}

    def find(self, name: str, spec: Any, *, asked: bool) -> Found | None:
        """The component; None for one that nobody ``asked`` for by name and that is left out where it is said to be.

        Raises:
            ComponentMissing: nobody says where it lies.
            ModelError: it isn't there, or its class is none that can be loaded.
            NotTrusted, CodeChanged: its code may not run.
        """
        spec, by_caller = self._options.placed(name, spec)
        repo = spec.pretrained_model_name_or_path
        if not repo:
            raise _nowhere(name)
        if "://" in repo or (Path(repo).is_file() and (by_caller or not self._places.remote)):
            return Found(name, spec, None, spec.type_hint)
        found = Found(name, spec, self._home(name, spec, by_caller=by_caller), spec.type_hint)
        if found.paths():
            return self._classified(found, by_caller=by_caller)
        if not asked and spec.type_hint is None:
            # diffusers writes such specs for what an ordinary index leaves out.
            return None
        raise _not_there(found)

    def _home(self, name: str, spec: Any, *, by_caller: bool) -> ModelHome:
        places, repo = self._places, str(spec.pretrained_model_name_or_path)
        revision, own = spec.revision, places.home
        if own is not None:
            beside = not by_caller and places.has_own(name, spec.subfolder or "")
            here = places.is_own(repo) and revision in (None, own.origin.revision, own.origin.commit)
            if beside or here:
                return own
        revision = revision or places.commit_of(repo)
        key = (repo, revision, by_caller)
        if key not in self._homes:
            try:
                self._homes[key] = places.opened(name, repo, revision, self._options.access, by_caller=by_caller)
            except GremioError as error:
                error.message += f"; the component {name} is said to lie there"
                raise
        return self._homes[key]

    def _classified(self, found: Found, *, by_caller: bool) -> Found:
        hint, home = found.cls, found.home
        if home is None or not (hint is None or _is_auto(hint)):
            # A class of a library, one of the blocks' own code, which is allowed already, or one that the caller chose.
            return found
        entry = self._entry(found, by_caller=by_caller)
        custom = custom_component(entry, home)
        if custom is not None:
            code = self._approved(found, home, custom.path, custom.class_name)
            return replace(found, cls=code.cls, code=code, entry=custom.path)
        check_entry(entry, home.name)
        if (entry.library, entry.class_name) == AUTO:
            return replace(found, cls=None)
        return replace(found, cls=_library_class(entry, home))

    def _entry(self, found: Found, *, by_caller: bool) -> ComponentEntry:
        """What is said of the component's class: by the index, by its spec, or by the ordinary index where it lies."""
        said = self._places.entry(found.name, found.folder) if not by_caller else None
        if said is None or said.is_null or (said.library, said.class_name) == AUTO:
            hint = AUTO if found.cls is None else (found.cls.__module__.partition(".")[0], found.cls.__name__)
            said = ComponentEntry(found.name, hint[0], hint[1], found.folder)
        if (said.library, said.class_name) != AUTO:
            return said
        home = found.home
        assert home is not None
        if custom_component(said, home) is None and found.folder and INDEX in home.paths():
            told = ModelIndex.parse(read_index(home), ref=home.name).components.get(found.folder)
            return said if told is None or told.is_null else told
        return said

    def _approved(self, found: Found, home: ModelHome, path: str, class_name: str) -> LoadedCode:
        places, own = self._places, home is self._places.home
        grant = places.granted(self._options.granted)
        component = "" if own else found.name
        request = CodeRequest(home.name, code_of(home, path), grant, role="found", sole=own, component=component)
        return execute(approve(request, path, class_name, settings=places.settings, kind="class", mend=places.mend))


def _is_auto(hint: Any) -> bool:
    """Whether it is one of the classes that look into a config for which class is meant."""
    return hint is diffusers.AutoModel or hint.__module__.startswith("transformers.models.auto.")


def _library_class(entry: ComponentEntry, home: ModelHome) -> type:
    found = in_library(str(entry.library), str(entry.class_name))
    if isinstance(found, type):
        return found
    raise BadModelIndex(
        f"{entry}: the {entry.library} that is installed has no such class",
        ref=home.name,
        next_step=f"Install another version, or load it yourself and pass update_components({entry.name}=…).",
    )


def _nowhere(name: str) -> ComponentMissing:
    step = f"Say it: load_components({name!r}, pretrained_model_name_or_path=…), or pass update_components({name}=…)."
    return ComponentMissing(f"nothing says where the component {name} lies", names=[name], next_step=step)


def _not_there(found: Found) -> ModelError:
    home, where = found.home, f"no folder {found.folder}" if found.folder else "nothing in it"
    return ModelError(
        f"the component {found.name} is said to lie here, and there is {where}",
        ref=home.name if home is not None else "",
        next_step="Say where it lies: load_components("
        f"{found.name!r}, pretrained_model_name_or_path=…). Or load others alone: load_components([…]).",
    )
