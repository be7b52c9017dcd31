"""Where a name of diffusers or transformers lives now."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gremio.code.libraries.library import Library, library

LIBRARIES = ("diffusers", "transformers")
"""What the first half of an index's entry may be, beside packages of pipelines in diffusers and files."""
_PIPELINES = "diffusers.pipelines"
Kind = Literal["in-tree", "moved", "renamed"]

RENAMES = {
    # diffusers 0.28: the hub client's own constant, which this was an alias of
    "diffusers.DIFFUSERS_CACHE": "huggingface_hub.constants.HF_HUB_CACHE",
    # diffusers 0.15: one class took over from two
    "diffusers.CrossAttention": "diffusers.models.attention_processor.Attention",
    "diffusers.CrossAttnProcessor": "diffusers.models.attention_processor.AttnProcessor",
    "diffusers.XFormersCrossAttnProcessor": "diffusers.models.attention_processor.XFormersAttnProcessor",
    # diffusers 0.25
    "diffusers.CaptionProjection": "diffusers.models.embeddings.PixArtAlphaTextProjection",
    "diffusers.CombinedTimestepSizeEmbeddings": "diffusers.models.embeddings.PixArtAlphaCombinedTimestepSizeEmbeddings",
    # diffusers 0.26
    "diffusers.MLPProjection": "diffusers.models.embeddings.IPAdapterFullImageProjection",
    "diffusers.PositionNet": "diffusers.models.embeddings.GLIGENTextBoundingboxProjection",
    # diffusers 0.30
    "diffusers.LoraLoaderMixin": "diffusers.loaders.StableDiffusionLoraLoaderMixin",
    # diffusers 0.21
    "diffusers.FromCkptMixin": "diffusers.loaders.FromSingleFileMixin",
    # diffusers 0.28
    "diffusers.FromOriginalVAEMixin": "diffusers.loaders.FromOriginalModelMixin",
    "diffusers.FromOriginalControlnetMixin": "diffusers.loaders.FromOriginalModelMixin",
    # transformers 4.26 to 5.0: feature extractors of images became image processors
    "transformers.BlipFeatureExtractor": "transformers.BlipImageProcessor",
    "transformers.CLIPFeatureExtractor": "transformers.CLIPImageProcessor",
    "transformers.ConvNextFeatureExtractor": "transformers.ConvNextImageProcessor",
    "transformers.DPTFeatureExtractor": "transformers.DPTImageProcessor",
    "transformers.DetrFeatureExtractor": "transformers.DetrImageProcessor",
    "transformers.OwlViTFeatureExtractor": "transformers.OwlViTImageProcessor",
    "transformers.SegformerFeatureExtractor": "transformers.SegformerImageProcessor",
    "transformers.ViTFeatureExtractor": "transformers.ViTImageProcessor",
    # transformers 5.0: these were subclasses of T5's that added nothing
    "transformers.MT5Tokenizer": "transformers.T5Tokenizer",
    "transformers.MT5TokenizerFast": "transformers.T5TokenizerFast",
}
"""Names that became other names of the same meaning, by library; looked up only when the old one is missing."""

REDEFINED = {
    "diffusers.prepare_mask_and_masked_image": "what has this name now takes and returns other things",
}
"""Names that are still defined somewhere, but no longer mean what the old ones did."""


@dataclass(frozen=True)
class Place:
    """Where a name is: ``from module import name``."""

    module: str
    name: str
    kind: Kind = "moved"


@dataclass(frozen=True)
class Nowhere:
    """No place, or several between which only a person can choose."""

    candidates: tuple[str, ...] = ()


class Finder:
    """Answers where names are now; builds an index only when something is missing."""

    def is_there(self, module: str, name: str) -> bool:
        """Whether the installed library has it where it is looked for; also when the library isn't installed."""
        source = library_of(module)
        return source is None or source.has(module, name)

    def has_module(self, module: str) -> bool:
        """Whether the installed library has such a module; also when the library isn't installed."""
        source = library_of(module)
        return source is None or source.file_of(module) is not None

    def find(self, module: str, name: str) -> Place | Nowhere:
        """Where the name is now that isn't at ``module`` any more."""
        source = library_of(module)
        if source is None:
            return Nowhere()
        renamed = _renamed(f"{source.name}.{name}")
        if renamed:
            return renamed
        if f"{source.name}.{name}" in REDEFINED:
            return Nowhere()
        if source.has(source.name, name):
            return Place(source.name, name)
        modules = source.defining([name])[name]
        if modules:
            return _choose(source, modules, module, name)
        return self._as_module(source, module, name)

    def find_module(self, module: str) -> str | None:
        """Where a module is now that isn't there any more."""
        source = library_of(module)
        if source is None:
            return None
        return _nearest(source.modules_named(module.rpartition(".")[2]), module)

    def _as_module(self, source: Library, module: str, name: str) -> Place | Nowhere:
        found = _nearest(source.modules_named(name), f"{module}.{name}")
        return Place(found.rpartition(".")[0], name) if found else Nowhere()


def moved_package(name: str, class_name: str) -> str | None:
    """Where a package of pipelines that an index names is now, where ``diffusers.pipelines`` has it no more.

    ``["unclip", "UnCLIPTextProjModel"]`` is ``diffusers.pipelines.deprecated.unclip`` since diffusers 0.38.
    """
    source = library("diffusers")
    if source is None or "." in name:
        return None
    packages = [each for each in source.modules_named(name) if source.is_package(each)]
    homes = [each for each in packages if each.startswith(f"{_PIPELINES}.") and source.has(each, class_name)]
    return homes[0] if len(homes) == 1 else None


def is_component_library(name: str) -> bool:
    """Whether an index may name it for a component: a library, or a package of pipelines in diffusers."""
    source = library("diffusers")
    return name in LIBRARIES or ("." not in name and source is not None and source.is_package(f"{_PIPELINES}.{name}"))


def library_of(module: str) -> Library | None:
    """The installed library that a module belongs to; None when it isn't installed, or is none that is read."""
    top = module.partition(".")[0]
    return library(top) if top in LIBRARIES else None


def _renamed(old: str) -> Place | None:
    new = RENAMES.get(old)
    if new is None:
        return None
    module, _, name = new.rpartition(".")
    source = library_of(module)
    return Place(module, name, "renamed") if source is None or source.has(module, name) else None


def _choose(source: Library, modules: tuple[str, ...], old: str, name: str) -> Place | Nowhere:
    """The module that a name moved to, if the sources leave no doubt."""
    kinds = {_kind(definition) for module in modules for definition in _definitions(source, module, name)}
    if len(modules) == 1:
        # A class keeps its name when it moves; a function of the same name far away may be another one.
        return Place(modules[0], name) if kinds == {"class"} or _shared(modules[0], old) > 1 else Nowhere(modules)
    last = old.rpartition(".")[2]
    same = tuple(module for module in modules if module.rpartition(".")[2] == last)
    best = _nearest(same or modules, old) if same or kinds == {"class"} else None
    if best is None and _all_alike(source, modules, name):
        best = max(modules, key=lambda module: (_shared(module, old), -len(module)))
    return Place(best, name) if best else Nowhere(modules)


def _definitions(source: Library, module: str, name: str) -> Iterator[ast.stmt]:
    tree = source.parse(module)
    for node in tree.body if tree else ():
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name:
            yield node


def _kind(node: ast.stmt) -> str:
    return "class" if isinstance(node, ast.ClassDef) else "function"


def _all_alike(source: Library, modules: tuple[str, ...], name: str) -> bool:
    """Whether all definitions are copies of one another, as diffusers' `# Copied from` makes them."""
    dumps = {ast.dump(node) for module in modules for node in _definitions(source, module, name)}
    return len(dumps) == 1


def _nearest(modules: tuple[str, ...], old: str) -> str | None:
    """The one whose path shares the most parts with the old path; None if two share as many."""
    ranked = sorted(modules, key=lambda module: -_shared(module, old))
    if not ranked or (len(ranked) > 1 and _shared(ranked[0], old) == _shared(ranked[1], old)):
        return None
    return ranked[0]


def _shared(module: str, old: str) -> int:
    return len(set(module.split(".")) & set(old.split(".")))
