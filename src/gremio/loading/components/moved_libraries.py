"""Components whose library diffusers has moved since the model was published."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from importlib import import_module

from gremio.code.libraries.moved_names import moved_package
from gremio.code.mends import Repair
from gremio.loading.components.custom import by_module, is_standard
from gremio.loading.components.index import ComponentEntry, ModelIndex
from gremio.sources.model import INDEX

MEND = "moved-library"


def moved_components(index: ModelIndex, paths: Collection[str], wanted: Iterable[str]) -> dict[str, str]:
    """The wanted components whose entry names a package of pipelines that lies elsewhere now, and where.

    ``["unclip", "UnCLIPTextProjModel"]`` is ``diffusers.pipelines.deprecated.unclip`` since diffusers 0.38. A file of
    the repository comes first, and so does a library that is where it was.
    """
    found = {}
    for name in wanted:
        entry = index.components.get(name)
        if entry is not None and not entry.is_null and not _is_here(entry, paths):
            module = moved_package(str(entry.library), str(entry.class_name))
            if module:
                found[name] = module
    return found


def moved_class(entry: ComponentEntry, module: str) -> type:
    """The class that a moved entry means."""
    found: type = getattr(import_module(module), str(entry.class_name))
    return found


def moved_repair(entry: ComponentEntry, module: str) -> Repair:
    """How it is reported."""
    return Repair(MEND, INDEX, 0, str(entry), f'"{entry.name}": ["{module}", "{entry.class_name}"]')


def _is_here(entry: ComponentEntry, paths: Collection[str]) -> bool:
    return is_standard(str(entry.library)) or by_module(entry, paths) is not None
