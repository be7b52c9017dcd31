"""The few lines of Python that load a publication, for its card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from gremio.publishing.publication import Publication
from gremio.sources.model import MODEL_CONFIG, MODULAR_INDEX, SCHEDULER_CONFIG
from gremio.sources.weights import Weights, only_variant

_SOMEBODYS = "owner/model"


@dataclass(frozen=True)
class Usage:
    """How a publication is loaded.

    ``base`` is a model that code alone is for, ``tag`` what pins it; both may be empty.
    """

    publication: Publication
    repo_id: str
    base: str
    tag: str

    def with_gremio(self) -> str:
        """By Gremio, pinned to the commit and to the code."""
        tree = self.publication.tree
        code = {"trust_remote_code": f'["{tree.digest}"]'} if tree else {}
        if whole := self._pipeline("gremio", code, "pipe.load_components()"):
            return whole
        if self.publication.kind == "blocks":
            loaded = _call("blocks = load_blocks", self.repo_id, self._at("custom_revision") | code)
            return _imported("gremio", "load_blocks", loaded, self._init_pipeline())
        if tree is None:
            return self._of_a_library()
        loaded = _call(f"{self._name} = load_class", self.repo_id, self._at("custom_revision") | code)
        return _imported("gremio", "load_class", loaded, *self._from_class())

    def with_diffusers(self) -> str:
        """By plain Diffusers, pinned to the commit."""
        tree = self.publication.tree
        code = {"trust_remote_code": "True"} if tree else {}
        if whole := self._pipeline("diffusers", code, "pipe.load_components(trust_remote_code=True)"):
            return whole
        if self.publication.kind == "blocks":
            loaded = _call("blocks = ModularPipelineBlocks.from_pretrained", self.repo_id, self._at() | code)
            return _imported("diffusers", "ModularPipelineBlocks", loaded, self._init_pipeline())
        if tree is None:
            return self._of_a_library()
        if self._is_model and self._has_weights:
            arguments = self._at() | self._variant | code
            loaded = _call("component = AutoModel.from_pretrained", self.repo_id, arguments)
            return _imported("diffusers", "AutoModel", loaded)
        # Its automatic class is for models with weights; for the rest there is what it loads all code with.
        named = {"module_file": _quoted(tree.entry), "class_name": _quoted(self._name)}
        loaded = _call(f"{self._name} = get_class_from_dynamic_module", self.repo_id, named | self._at() | code)
        module = "diffusers.utils.dynamic_modules_utils"
        return _imported(module, "get_class_from_dynamic_module", loaded, *self._from_class())

    def _pipeline(self, module: str, code: dict[str, str], loading: str) -> str:
        """A whole pipeline; empty for anything else. ``loading`` has a modular one load its components."""
        kind, load = self.publication.kind, "pipe = DiffusionPipeline.from_pretrained"
        if kind == "pipeline":
            return _imported(module, "DiffusionPipeline", _call(load, self.repo_id, self._at() | self._variant | code))
        if kind == "code":
            named = {"custom_pipeline": _quoted(self.repo_id)} | self._at("custom_revision")
            return _imported(module, "DiffusionPipeline", _call(load, self.base or _SOMEBODYS, named | code))
        if kind == "blocks" and MODULAR_INDEX in self.publication.files:
            loaded = _call("pipe = ModularPipeline.from_pretrained", self.repo_id, self._at() | code)
            return _imported(module, "ModularPipeline", loaded, loading)
        return ""

    @property
    def _name(self) -> str:
        return self.publication.class_name

    @property
    def _is_model(self) -> bool:
        return MODEL_CONFIG in self.publication.files

    @cached_property
    def _has_weights(self) -> bool:
        return any(Weights.of(path) for path in self.publication.files)

    @cached_property
    def _variant(self) -> dict[str, str]:
        variant = only_variant(self.publication.files)
        return {"variant": _quoted(variant)} if variant else {}

    def _at(self, argument: str = "revision") -> dict[str, str]:
        return {argument: _quoted(self.tag)} if self.tag else {}

    def _of_a_library(self) -> str:
        """A component without any code of its own."""
        return _imported("diffusers", self._name, self._component(self._variant))

    def _from_class(self) -> list[str]:
        """What is made of the class that was loaded; nothing of a model's class without weights."""
        if self._is_model and not self._has_weights:
            return []
        return [self._component(self._variant if self._is_model else {})]

    def _component(self, more: dict[str, str]) -> str:
        thing = "pipe.scheduler" if SCHEDULER_CONFIG in self.publication.files else "component"
        return _call(f"{thing} = {self._name}.from_pretrained", self.repo_id, self._at() | more)

    def _init_pipeline(self) -> str:
        return f"pipe = blocks.init_pipeline({_quoted(self.base) if self.base else ''})"


def _imported(module: str, name: str, *lines: str) -> str:
    return "\n".join([f"from {module} import {name}", "", *lines])


def _call(function: str, first: str, arguments: Mapping[str, str]) -> str:
    lines = [f"    {_quoted(first)},", *(f"    {name}={value}," for name, value in arguments.items())]
    return "\n".join([f"{function}(", *lines, ")"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
