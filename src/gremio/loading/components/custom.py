"""Which components' classes lie in the model's own repository, and where."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gremio.code.libraries.moves import COMPONENT_LIBRARIES, library_of
from gremio.errors import BadModelIndex
from gremio.loading.components.index import ComponentEntry, ModelIndex
from gremio.sources.model import CONFIGS, ModelHome


@dataclass(frozen=True)
class CustomComponent:
    """A component whose class ``class_name`` is defined in the file ``path`` of the model's repository."""

    name: str
    path: str
    class_name: str


def custom_components(index: ModelIndex, home: ModelHome, wanted: Iterable[str]) -> dict[str, CustomComponent]:
    """The wanted components that need code of the repository. Nothing is imported to find out.

    Both conventions are read: ``["module", "Class"]`` in the index, and ``auto_map`` in the component's own config.

    Raises:
        BadModelIndex: an ``auto_map`` leads out of the repository, or nowhere.
    """
    paths = set(home.paths())
    found = {}
    for name in wanted:
        entry = index.components.get(name)
        if entry is None or entry.is_null:
            continue
        custom = by_module(entry, paths) or _by_auto_map(entry, home, paths)
        if custom:
            found[name] = custom
    return found


def check_standard(index: ModelIndex, names: Iterable[str], *, ref: str) -> None:
    """Refuse what diffusers must not load by itself.

    Raises:
        BadModelIndex: an entry names a library that isn't allowed, or a class that is no component.
    """
    for name in names:
        entry = index.components.get(name)
        if entry is not None and not entry.is_null:
            _check_standard(entry, ref)


def by_module(entry: ComponentEntry, paths: Collection[str]) -> CustomComponent | None:
    """The component, where its entry names a file of the repository rather than a library."""
    library = str(entry.library)
    file = f"{library.replace('.', '/')}.py"
    path = next((path for path in (f"{entry.name}/{file}", file) if path in paths), None)
    return CustomComponent(entry.name, path, str(entry.class_name)) if path and not is_standard(library) else None


def _by_auto_map(entry: ComponentEntry, home: ModelHome, paths: set[str]) -> CustomComponent | None:
    if not _may_be_mapped(entry):
        return None
    for config in (f"{entry.name}/{file}" for file in CONFIGS):
        if config in paths:
            target = _mapped(entry, _json(home, config))
            if target:
                return _from_target(entry, target, home.name, paths)
    return None


def _may_be_mapped(entry: ComponentEntry) -> bool:
    """Only where the library itself has no such class, or leaves the choice to the config."""
    library, name = str(entry.library), str(entry.class_name)
    return name.startswith("Auto") or (library in COMPONENT_LIBRARIES and not _exports(library, name))


def _json(home: ModelHome, path: str) -> Mapping[str, Any]:
    try:
        document = json.loads(home.read([path])[path])
    except ValueError as error:
        raise BadModelIndex(f"{path} is no JSON ({error})", ref=home.name) from error
    return document if isinstance(document, dict) else {}


def _mapped(entry: ComponentEntry, config: Mapping[str, Any]) -> str | None:
    mapping = config.get("auto_map")
    if not isinstance(mapping, dict):
        return None
    targets = {key: _first(value) for key, value in mapping.items()}
    exact = [t for t in targets.values() if t and t.rpartition(".")[2] in (entry.class_name, config.get("_class_name"))]
    for choice in (targets.get(str(entry.class_name)), *exact, targets.get("AutoModel"), targets.get("AutoTokenizer")):
        if choice:
            return choice
    models = [t for key, t in targets.items() if t and key != "AutoConfig"]
    return models[0] if len(models) == 1 else None


def _first(value: object) -> str | None:
    """A tokenizer's entry is a pair, slow and fast, either of which may be missing."""
    choices = value if isinstance(value, list) else [value]
    return next((v for v in reversed(choices) if isinstance(v, str)), None)


def _from_target(entry: ComponentEntry, target: str, ref: str, paths: set[str]) -> CustomComponent:
    module, _, class_name = target.rpartition(".")
    if "--" in module:
        raise BadModelIndex(
            f"{entry} is mapped to code of another repository ({target})",
            ref=ref,
            next_step=f"Load that component by itself and pass {entry.name}=.",
        )
    file = f"{module.replace('.', '/')}.py"
    for path in (f"{entry.name}/{file}", file):
        if path in paths:
            return CustomComponent(entry.name, path, class_name)
    raise BadModelIndex(f"{entry} is mapped to {target}, and there is no {file}", ref=ref)


def _check_standard(entry: ComponentEntry, ref: str) -> None:
    library, class_name = str(entry.library), str(entry.class_name)
    if not is_standard(library):
        raise BadModelIndex(
            f"the entry {entry} names neither a library that components may come from"
            f" ({', '.join(COMPONENT_LIBRARIES)}) nor a file {entry.name}/{library}.py of the repository",
            ref=ref,
            next_step=f"Put the code there, or load the component yourself and pass {entry.name}=.",
        )
    found = _in_library(library, class_name)
    if found is not None and not (isinstance(found, type) and callable(getattr(found, "from_pretrained", None))):
        raise BadModelIndex(f"the entry {entry} names something that is not a component", ref=ref)


def is_standard(library: str) -> bool:
    """Whether diffusers itself may load components from this library."""
    return library in COMPONENT_LIBRARIES or _pipeline_package(library)


def _pipeline_package(name: str) -> bool:
    """Whether diffusers has a pipeline of that name, from whose package components may come."""
    if "." in name or name.startswith("_") or not _exports("diffusers.pipelines", name):
        return False
    # Some are there only where another package is.
    from diffusers import pipelines

    return hasattr(pipelines, name)


def _exports(module: str, name: str) -> bool:
    """Whether an installed library has that name, by reading it: a refusal of code should not wait for torch."""
    library = library_of(module)
    return library is not None and library.has(module, name)


def _in_library(library: str, class_name: str) -> object:
    """The public class of that name; diffusers and transformers raise where it needs a package that is missing."""
    import diffusers
    import transformers

    home = {"diffusers": diffusers, "transformers": transformers}.get(library)
    if home is None and _pipeline_package(library):
        home = getattr(diffusers.pipelines, library)
    try:
        return getattr(home, class_name, None)
    except (ImportError, RuntimeError):
        return None
