"""``from_pretrained``: one resolution, one gate, then diffusers' own loading."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import diffusers
import torch

from gremio.components import CustomComponent, ModelIndex, Selection, custom_components, damage, stage
from gremio.components.demands import Demands
from gremio.components.library import as_library, has_known_base
from gremio.components.staging import for_diffusers
from gremio.errors import BadModelIndex, ComponentMissing, EntryNotFound, GremioError, ModelError, OptionError
from gremio.modules import LoadedCode
from gremio.pipelines.classes import approved_class, named_class
from gremio.pipelines.options import dtype_argument
from gremio.pipelines.provenance import CodeProvenance, Provenance, note
from gremio.pipelines.request import LoadRequest
from gremio.pipelines.standard import BASE, is_explicit, load_with
from gremio.sources.model import INDEX, ModelHome, code_of, open_model, read_index
from gremio.trust import CodeRequest


@dataclass(frozen=True)
class Chosen:
    """The pipeline class, and where it came from if it is a community class."""

    cls: type
    provenance: CodeProvenance | None = None


def load_pipeline(cls: type, model: Any, arguments: dict[str, Any]) -> Any:
    """Load the model's components into the pipeline class that the call means."""
    request = LoadRequest.parse(model, arguments)
    home = open_model(request.model, revision=request.revision, access=request.access, settings=request.settings)
    index = ModelIndex.parse(read_index(home), ref=home.name)
    chosen = _choose(cls, index, home, request)
    return _Joining(chosen, index, home, request).pipeline()


def _choose(cls: type, index: ModelIndex, home: ModelHome, request: LoadRequest) -> Chosen:
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
    loaded = approved_class(wanted, entry, name, settings=request.settings, kind="pipeline")
    return Chosen(loaded.cls, CodeProvenance.of(loaded, ref=home.name, entry=entry))


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


class _Joining:
    """Puts a class and a model's components together."""

    def __init__(self, chosen: Chosen, index: ModelIndex, home: ModelHome, request: LoadRequest) -> None:
        self._chosen = chosen
        self._index = index
        self._home = home
        self._request = request
        self._demands = Demands.of(chosen.cls)
        self._passed = [name for name in self._demands.components if name in request.rest]
        self._wanted = [
            name
            for name, entry in index.components.items()
            if name in self._demands.components and name not in self._passed and not entry.is_null
        ]

    def pipeline(self) -> Any:
        cls, ref = self._chosen.cls, self._home.name
        absent = self._demands.absent(self._index, self._passed, ref=ref, class_name=cls.__name__)
        custom = custom_components(self._index, self._home, self._wanted)
        loaded = self._load_classes(custom)
        paths = self._paths()
        folder = self._home.fetch(paths)
        with self._explained(folder, paths, absent):
            place, direct = self._place(folder, paths, loaded, custom)
            pipeline = load_with(cls, place, {**self._arguments(), **dict.fromkeys(absent), **direct})
        self._finish(pipeline, loaded, custom)
        return pipeline

    def _load_classes(self, custom: Mapping[str, CustomComponent]) -> dict[str, LoadedCode]:
        request = self._request
        loaded = {}
        for name, component in custom.items():
            tree = code_of(self._home, component.path)
            named = self._chosen.provenance
            sole = request.code.ref is None or (named is not None and named.digest == tree.digest)
            wanted = CodeRequest(self._home.name, tree, request.code.grant, role="found", sole=sole)
            loaded[name] = approved_class(
                wanted, component.path, component.class_name, settings=request.settings, kind="class"
            )
        return loaded

    def _paths(self) -> list[str]:
        """The files of the model that this load needs."""
        selection = self._request.selection
        if getattr(self._chosen.cls, "_is_onnx", False):
            selection = Selection(selection.variant, None, use_onnx=True)
        return selection.files(self._home.paths(), self._wanted, ref=self._home.name, passed=self._passed)

    def _place(
        self,
        folder: Path,
        paths: list[str],
        loaded: Mapping[str, LoadedCode],
        custom: Mapping[str, CustomComponent],
    ) -> tuple[Path, dict[str, Any]]:
        """The folder for diffusers, and the components that it can't load itself."""
        request, home = self._request, self._home
        if not loaded and self._index.module is None and not self._needs_cleaning(folder):
            return folder, {}
        libraries, foreign = {}, []
        for name, code in loaded.items():
            if has_known_base(code.cls):
                library = as_library(code.cls, digits=code.code.digest.hex, path=custom[name].path, ref=home.name)
                libraries[name] = (library, code.cls.__name__)
            else:
                foreign.append(name)
        index = for_diffusers(self._index, class_name=self._chosen.cls.__name__, libraries=libraries)
        staged = stage(request.settings.home, folder, {k: v for k, v in index.items() if k not in foreign}, paths)
        return staged, {name: self._load_foreign(loaded[name], custom[name], staged / name) for name in foreign}

    def _needs_cleaning(self, folder: Path) -> bool:
        """Whether the folder holds what must not reach diffusers: code, or entries whose names trip it.

        On disk, since others may have put code beside what was selected and downloaded.
        """
        entries = [p for name in self._index.components for p in (folder / name).glob("*")]
        trips = any(self._request.selection.trips_on(p.name) for p in entries)
        return trips or any(p.suffix == ".py" for p in [*entries, *folder.glob("*")])

    def _load_foreign(self, code: LoadedCode, component: CustomComponent, folder: Path) -> Any:
        as_library(code.cls, digits=code.code.digest.hex, path=component.path, ref=self._home.name)
        made = code.cls.from_pretrained(str(folder))  # type: ignore[attr-defined]
        if isinstance(made, torch.nn.Module):
            dtype, device = self._request.dtype, self._request.device_map
            wanted = dtype.get(component.name, dtype.get("default")) if isinstance(dtype, dict) else dtype
            made.to(dtype=wanted, device=None if device == "balanced" else device)
        return made

    def _arguments(self) -> dict[str, Any]:
        request = self._request
        placed = {"device_map": request.device_map} if request.device_map else {}
        return {**request.rest, **dtype_argument(request.dtype), **placed}

    @contextmanager
    def _explained(self, folder: Path, paths: list[str], absent: list[str]) -> Iterator[None]:
        """Where loading fails and we can see why, say that instead; whatever else failed comes out as it is.

        Raises:
            ModelError: a file is damaged, or a component has no folder.
            ComponentMissing: the class can't be built without what the model leaves out.
        """
        try:
            yield
        except GremioError:
            raise
        except Exception as error:
            for path, wrong in damage(folder, paths, self._home.size).items():
                raise self._damaged(folder / path, path, wrong) from error
            if lost := [name for name in self._wanted if not self._has_folder(name, paths)]:
                raise self._lost(lost[0]) from error
            if absent and isinstance(error, TypeError | AttributeError) and "None" in str(error):
                raise self._cannot_live_without(absent) from error
            raise

    def _has_folder(self, name: str, paths: list[str]) -> bool:
        """Whether there is a folder to load the component from; in a flat repository the root is."""
        flat = any("/" not in p and p.endswith(".json") and p != INDEX for p in paths)
        return flat or any(p.startswith(f"{name}/") for p in paths)

    def _lost(self, name: str) -> ModelError:
        return ModelError(
            f"its index names the component {name}, and there is no folder {name}",
            ref=self._home.name,
            next_step=f"Get a whole copy of the model, or load that component yourself and pass {name}=….",
        )

    def _damaged(self, file: Path, path: str, wrong: str) -> ModelError:
        again = "Pass force_download=True to download it again." if self._home.origin.remote else "Get a good copy."
        return ModelError(f"{path} is damaged: {wrong}", ref=self._home.name, next_step=f"{again} It lies at {file}.")

    def _cannot_live_without(self, absent: list[str]) -> ComponentMissing:
        return ComponentMissing(
            f"{self._chosen.cls.__name__} can't be built without {', '.join(absent)}, which the model leaves out",
            names=absent,
            ref=self._home.name,
            next_step=f"Pass {absent[0]}=… or use a model that has it.",
        )

    def _finish(self, pipeline: Any, loaded: Mapping[str, LoadedCode], custom: Mapping[str, CustomComponent]) -> None:
        home = self._home
        pipeline.register_to_config(_name_or_path=home.name)
        components = {
            name: CodeProvenance.of(code, ref=home.name, entry=custom[name].path) for name, code in loaded.items()
        }
        note(pipeline, Provenance(home.name, home.origin.commit, self._chosen.provenance, components))
