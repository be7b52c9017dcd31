"""Whether an entry of an index means a class of a library, by reading what is installed."""

from __future__ import annotations

from gremio.code.libraries.library import library
from gremio.code.libraries.moves import LIBRARIES, moved_package
from gremio.publishing.code.placing import means_library


def is_moved(module: str, class_name: str) -> bool:
    """Whether an entry names a package of pipelines that diffusers has moved; Gremio finds it, diffusers doesn't."""
    return not means_library(module) and moved_package(module, class_name) is not None


def has_class(name: str, class_name: str) -> bool:
    """Whether an installed library exports a class."""
    source = library(name)
    return source is not None and source.has(name, class_name)


def leaves_open(module: str, class_name: str) -> bool:
    """Whether the library lacks the class, or leaves it to the component's config which one it is."""
    if class_name.startswith("Auto"):
        return True
    is_read = module in LIBRARIES and library(module) is not None
    return is_read and not has_class(module, class_name)
