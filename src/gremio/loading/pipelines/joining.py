"""A pipeline class and a model's components, put together by diffusers' own loading."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from gremio.loading.components import (
    check_standard,
    is_standard,
    moved_class,
    moved_components,
    moved_repair,
    stage,
)
from gremio.loading.components.constructor import ConstructorParameters
from gremio.loading.components.library import as_library, has_known_base
from gremio.loading.components.staging import for_diffusers
from gremio.loading.modules import LoadedCode
from gremio.loading.modules.provenance import CodeProvenance, Provenance, note
from gremio.loading.pipelines.choosing import Chosen
from gremio.loading.pipelines.classes import execute
from gremio.loading.pipelines.failures import Attempt
from gremio.loading.pipelines.guarded import guarded
from gremio.loading.pipelines.options import Placement, dtype_argument, for_component
from gremio.loading.pipelines.resolving import Resolved, approve_components, choose_files
from gremio.loading.pipelines.schedulers import use_own_schedulers
from gremio.loading.pipelines.standard import load_with
from gremio.sources.record import recorded_before
from gremio.trust.model_files import is_pipeline


class Joining:
    """Puts a class and a model's components together."""

    def __init__(self, chosen: Chosen, resolved: Resolved, placement: Placement) -> None:
        self._chosen = chosen
        self._index = index = resolved.index
        self._home = home = resolved.home
        self._request = request = resolved.request
        self._resolved = resolved
        self._placement = placement
        self._parameters = ConstructorParameters.of(chosen.cls)
        self._passed = [name for name in self._parameters.components if name in request.rest]
        demanded = self._parameters.components - set(self._passed)
        self._wanted = [name for name in index.components if name in demanded and index.has(name)]
        self._moved = moved_components(index, set(home.paths()), self._wanted) if request.code.mend else {}

    def pipeline(self) -> Any:
        """Fetch what is wanted, load the custom classes, and let diffusers load the components into the class."""
        cls, ref = self._chosen.cls, self._home.name
        absent = self._parameters.absent(self._index, self._passed, ref=ref, class_name=cls.__name__)
        onnx = getattr(cls, "_is_onnx", False)
        paths = choose_files(self._resolved, self._wanted, passed=self._passed, onnx=onnx)
        approved = approve_components(self._resolved, [n for n in self._wanted if n not in self._moved])
        check_standard(self._index, [n for n in self._wanted if n not in self._moved and n not in approved], ref=ref)
        loaded = {name: execute(each) for name, each in approved.items()}
        folder = self._home.fetch(paths)
        attempt = Attempt(cls, self._home, folder, paths, self._wanted, absent)
        with attempt.explained(), guarded():
            place, direct = self._place(folder, paths, loaded)
            pipeline = load_with(cls, place, {**self._arguments(), **dict.fromkeys(absent), **direct})
        self._finish(pipeline, loaded)
        return pipeline

    def _place(self, folder: Path, paths: list[str], loaded: Mapping[str, LoadedCode]) -> tuple[Path, dict[str, Any]]:
        """The folder for diffusers, with what was selected and nothing else, and the components that it can't load."""
        request = self._request
        libraries, foreign = self._moved_libraries(), [*self._replaced(), *self._null_settings()]
        for name, code in loaded.items():
            if has_known_base(code.cls):
                libraries[name] = (self._as_library(code), code.cls.__name__)
            else:
                foreign.append(name)
        index = for_diffusers(self._index, class_name=self._chosen.cls.__name__, libraries=libraries)
        staged = stage(request.settings.home, folder, {k: v for k, v in index.items() if k not in foreign}, paths)
        own = [name for name in foreign if name in loaded]
        return staged, {name: self._load_foreign(name, loaded[name], staged / name) for name in own}

    def _as_library(self, code: LoadedCode) -> str:
        tree = code.code.tree
        return as_library(code.cls, digits=tree.digest.hex, path=tree.entry, ref=self._home.name)

    def _moved_libraries(self) -> dict[str, tuple[str, str]]:
        libraries = {}
        for name, module in self._moved.items():
            cls = moved_class(self._index.components[name], module)
            place = module.replace(".", "/")
            libraries[name] = (as_library(cls, digits="installed", path=place, ref=self._home.name), cls.__name__)
        return libraries

    def _replaced(self) -> list[str]:
        """Components that the caller brings where the index names code, or what can't be a component.

        diffusers would look for it, to compare.
        """
        entries = (self._index.components.get(name) for name in self._passed)
        named = [entry for entry in entries if entry is not None and not entry.is_null]
        return [e.name for e in named if not is_standard(str(e.library)) or is_pipeline(str(e.class_name))]

    def _null_settings(self) -> list[str]:
        """Settings that are None, which a plain save writes as a component; the pair would reach the constructor."""
        return [e.name for e in self._index.components.values() if e.is_null and e.name in self._parameters.settings]

    def _load_foreign(self, name: str, code: LoadedCode, folder: Path) -> Any:
        self._as_library(code)
        made = code.cls.from_pretrained(str(folder))  # type: ignore[attr-defined]
        if isinstance(made, torch.nn.Module):
            device = self._placement.device_map
            made.to(dtype=for_component(self._placement.dtype, name), device=None if device == "balanced" else device)
        return made

    def _arguments(self) -> dict[str, Any]:
        device = self._placement.device_map
        placed = {"device_map": device} if device and not self._places_later() else {}
        return {**self._request.rest, **dtype_argument(self._placement.dtype), **placed}

    def _places_later(self) -> bool:
        """diffusers takes a kind of device for ``device_map``, not one of several of that kind, as ``cuda:1``."""
        return ":" in (self._placement.device_map or "")

    def _finish(self, pipeline: Any, loaded: Mapping[str, LoadedCode]) -> None:
        home = self._home
        if self._places_later():
            pipeline.to(self._placement.device_map)
        pipeline.register_to_config(_name_or_path=home.name)
        components = {
            name: CodeProvenance.of(
                code, ref=home.name, entry=code.code.tree.entry, before=recorded_before(self._index.raw, name)
            )
            for name, code in loaded.items()
        }
        mends = tuple(moved_repair(self._index.components[name], module) for name, module in self._moved.items())
        if self._request.code.mend:
            mends += use_own_schedulers(pipeline)
        note(pipeline, Provenance(home.name, home.origin.commit, self._chosen.provenance, components, mends))
