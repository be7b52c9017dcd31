"""Which components' classes lie in the model's own repository, and where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from gremio.code.libraries.moved_names import LIBRARIES, is_component_library, library_of
from gremio.errors import BadModelIndex
from gremio.loading.components.index import ComponentEntry, ModelIndex
from gremio.sources.model import CONFIGS, ModelHome
from gremio.trust.model_files import is_pipeline, read_document

_MAPPING = (*CONFIGS, "processor_config.json")
_OF_TEXTS_AND_PICTURES = ("AutoTokenizer", "AutoProcessor", "AutoImageProcessor", "AutoFeatureExtractor")


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
    entries = (index.components.get(name) for name in wanted)
    found = {entry.name: custom_component(entry, home) for entry in entries if entry is not None and not entry.is_null}
    return {name: custom for name, custom in found.items() if custom}


def custom_component(entry: ComponentEntry, home: ModelHome) -> CustomComponent | None:
    """The same for one entry; None where no code of the repository is needed."""
    paths = set(home.paths())
    return by_module(entry, paths) or _by_auto_map(entry, home, paths)


def check_standard(index: ModelIndex, names: Iterable[str], *, ref: str) -> None:
    """Refuse what diffusers must not load by itself.

    Raises:
        BadModelIndex: an entry names a library that isn't allowed, or a class that is no component.
    """
    for name in names:
        entry = index.components.get(name)
        if entry is not None and not entry.is_null:
            check_entry(entry, ref)


def by_module(entry: ComponentEntry, paths: Collection[str]) -> CustomComponent | None:
    """The component, where its entry names a file of the repository rather than a library."""
    library = str(entry.library)
    file = f"{library.replace('.', '/')}.py"
    path = next((path for path in (entry.place(file), file) if path in paths), None)
    return CustomComponent(entry.name, path, str(entry.class_name)) if path and not is_standard(library) else None


def _by_auto_map(entry: ComponentEntry, home: ModelHome, paths: set[str]) -> CustomComponent | None:
    if not _may_be_mapped(entry):
        return None
    configs = (_json(home, path) for path in map(entry.place, _MAPPING) if path in paths)
    mappings = [(config["auto_map"], config) for config in configs if isinstance(config.get("auto_map"), dict)]
    # Where a model and its processor lie in one folder each has a config there: first the one that says this very name.
    exact = (_first(mapping.get(entry.class_name)) for mapping, _ in mappings)
    likely = (_likely(entry, mapping, config) for mapping, config in mappings)
    target = next(filter(None, exact), None) or next(filter(None, likely), None)
    return _from_target(entry, target, home.name, paths) if target else None


def _may_be_mapped(entry: ComponentEntry) -> bool:
    """Only where the library itself has no such class, or leaves the choice to the config."""
    library, name = str(entry.library), str(entry.class_name)
    return name.startswith("Auto") or (library in LIBRARIES and not _exports(library, name))


def _json(home: ModelHome, path: str) -> Mapping[str, Any]:
    document = read_document(home.read([path])[path], path, "config")
    if document.value is None:
        raise BadModelIndex(f"{path} {document.flaws[0].what}", ref=home.name)
    found: dict[str, Any] = document.value
    return found


def _likely(entry: ComponentEntry, mapping: Mapping[str, Any], config: Mapping[str, Any]) -> str | None:
    """The class that a mapping means for an entry which it does not name."""
    wanted = str(entry.class_name)
    if wanted.startswith(_OF_TEXTS_AND_PICTURES):
        return None
    targets = {key: target for key, value in mapping.items() if (target := _first(value))}
    exact = [t for t in targets.values() if t.rpartition(".")[2] in (wanted, config.get("_class_name"))]
    models = {key: t for key, t in targets.items() if not key.startswith(("AutoConfig", *_OF_TEXTS_AND_PICTURES))}
    tokenizer = None if wanted.startswith("Auto") else targets.get("AutoTokenizer")
    sole = next(iter(models.values())) if len(models) == 1 else None
    return next(filter(None, (*exact, targets.get("AutoModel"), tokenizer, sole)), None)


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
    for path in (entry.place(file), file):
        if path in paths:
            return CustomComponent(entry.name, path, class_name)
    raise BadModelIndex(f"{entry} is mapped to {target}, and there is no {file}", ref=ref)


def check_entry(entry: ComponentEntry, ref: str) -> None:
    """The same for one entry."""
    library, class_name = str(entry.library), str(entry.class_name)
    if not is_standard(library):
        raise BadModelIndex(
            f"the entry {entry} names neither a library that components may come from"
            f" ({', '.join(LIBRARIES)}, a package of diffusers' pipelines) nor a file {entry.name}/{library}.py of the"
            " repository",
            ref=ref,
            next_step=f"Put the code there, or load the component yourself and pass {entry.name}=.",
        )
    found = in_library(library, class_name)
    if found is not None and not (isinstance(found, type) and callable(getattr(found, "from_pretrained", None))):
        raise BadModelIndex(
            f"the entry {entry} names something that is not a component",
            ref=ref,
            next_step=f"Load the component yourself and pass {entry.name}=.",
        )
    if is_pipeline(class_name):
        raise BadModelIndex(
            f"the entry {entry} of model_index.json names a whole pipeline where a component is meant",
            ref=ref,
            next_step=f"Load that pipeline by itself and pass what is needed of it, or pass {entry.name}=.",
        )


def is_standard(library: str) -> bool:
    """Whether diffusers itself may load components from this library."""
    return library in LIBRARIES or _pipeline_package(library)


def _pipeline_package(name: str) -> bool:
    if not is_component_library(name):
        return False
    # Some are there only where another package is.
    from diffusers import pipelines

    return hasattr(pipelines, name)


def _exports(module: str, name: str) -> bool:
    """Whether an installed library has that name, by reading it: a refusal of code should not wait for torch."""
    library = library_of(module)
    return library is not None and library.has(module, name)


def in_library(library: str, class_name: str) -> object:
    """The public class of that name; None if there is none, or if a package that it needs is missing."""
    import diffusers
    import transformers

    home = {"diffusers": diffusers, "transformers": transformers}.get(library)
    if home is None and _pipeline_package(library):
        home = getattr(diffusers.pipelines, library)
    try:
        return getattr(home, class_name, None)
    except (ImportError, RuntimeError):
        return None
