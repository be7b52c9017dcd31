"""The few lines of Python that load a publication, for its card. ``base`` is a model that code alone is for."""

from __future__ import annotations

from collections.abc import Mapping

from gremio.publishing.publication import Publication
from gremio.sources.weights import Weights, only_variant

MODEL = "config.json"
SCHEDULER = "scheduler_config.json"


def with_gremio(publication: Publication, repo_id: str, base: str) -> str:
    """How it is loaded by Gremio, pinned to the commit and to the code."""
    code = {"trust_remote_code": f'["{publication.tree.digest}"]'} if publication.tree else {}
    at = {"revision": _quoted(publication.tag)}
    custom = {"custom_revision": _quoted(publication.tag)}
    if publication.kind == "pipeline":
        loaded = _call("pipe = DiffusionPipeline.from_pretrained", repo_id, at | _variant(publication) | code)
        return _import("gremio", "DiffusionPipeline") + loaded
    if publication.kind == "code":
        arguments = {"custom_pipeline": _quoted(repo_id)} | custom | code
        loaded = _call("pipe = DiffusionPipeline.from_pretrained", base or "owner/model", arguments)
        return _import("gremio", "DiffusionPipeline") + loaded
    loaded = _call(f"{publication.class_name} = load_class", repo_id, custom | code)
    return _import("gremio", "load_class") + "\n".join([loaded, *_from_class(publication, repo_id, base)])


def with_diffusers(publication: Publication, repo_id: str, base: str) -> str:
    """How somebody without Gremio loads it, pinned to the commit."""
    code = {"trust_remote_code": "True"} if publication.tree else {}
    arguments = {"revision": _quoted(publication.tag)} | _variant(publication) | code
    match publication.kind:
        case "pipeline":
            loaded = _call("pipe = DiffusionPipeline.from_pretrained", repo_id, arguments)
            text = _import("diffusers", "DiffusionPipeline") + loaded
        case "code":
            custom = {"custom_pipeline": _quoted(repo_id), "custom_revision": _quoted(publication.tag)} | code
            loaded = _call("pipe = DiffusionPipeline.from_pretrained", base or "owner/model", custom)
            text = _import("diffusers", "DiffusionPipeline") + loaded
        case "component":
            text = _component_plainly(publication, repo_id, base, arguments)
        case "blocks":
            loaded = _call("blocks = ModularPipelineBlocks.from_pretrained", repo_id, arguments)
            text = f"{_import('diffusers', 'ModularPipelineBlocks')}{loaded}\n{_init_pipeline(base)}"
    return text


def _component_plainly(publication: Publication, repo_id: str, base: str, arguments: dict[str, str]) -> str:
    """diffusers' automatic class is for models with weights; for the rest there is what it loads all code with."""
    if _is_model(publication) and _has_weights(publication):
        return _import("diffusers", "AutoModel") + _call("component = AutoModel.from_pretrained", repo_id, arguments)
    if publication.tree is None:
        name = publication.class_name
        at = {"revision": _quoted(publication.tag)}
        return _import("diffusers", name) + _call(f"component = {name}.from_pretrained", repo_id, at)
    given = {"module_file": _quoted(publication.tree.entry), "class_name": _quoted(publication.class_name)}
    loaded = _call(f"{publication.class_name} = get_class_from_dynamic_module", repo_id, given | arguments)
    text = _import("diffusers.utils.dynamic_modules_utils", "get_class_from_dynamic_module") + loaded
    return "\n".join([text, *_from_class(publication, repo_id, base)])


def _from_class(publication: Publication, repo_id: str, base: str) -> list[str]:
    """What is made of the class that was loaded; nothing of a model's class without weights."""
    name, at = publication.class_name, {"revision": _quoted(publication.tag)}
    if publication.kind == "blocks":
        return [f"blocks = {name}()", _init_pipeline(base)]
    if not _is_model(publication):
        thing = "pipe.scheduler" if SCHEDULER in publication.files else "component"
        return [_call(f"{thing} = {name}.from_pretrained", repo_id, at)]
    return [_call(f"component = {name}.from_pretrained", repo_id, at | _variant(publication))] * _has_weights(
        publication
    )


def _init_pipeline(base: str) -> str:
    return f"pipe = blocks.init_pipeline({_quoted(base) if base else ''})"


def _is_model(publication: Publication) -> bool:
    return MODEL in publication.files


def _has_weights(publication: Publication) -> bool:
    return any(Weights.of(path) for path in publication.files)


def _variant(publication: Publication) -> dict[str, str]:
    variant = only_variant(publication.files)
    return {"variant": _quoted(variant)} if variant else {}


def _import(module: str, name: str) -> str:
    return f"from {module} import {name}\n\n"


def _call(function: str, first: str, arguments: Mapping[str, str]) -> str:
    lines = [f"    {_quoted(first)},", *(f"    {name}={value}," for name, value in arguments.items())]
    return "\n".join([f"{function}(", *lines, ")"])


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
