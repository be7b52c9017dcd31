"""Which file of a folder defines the class that an index names, and which classes are a library's."""

from __future__ import annotations

import json
from typing import Any

from gremio.code.libraries.library import library
from gremio.code.libraries.moved_names import LIBRARIES, moved_package
from gremio.code.review import entry_class
from gremio.errors import BadModelIndex
from gremio.publishing.code.placing import Piece, means_library
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.sources.model import ENTRY, INDEX
from gremio.trust.model_files import component_pairs


def pieces(folder: AuthorFolder, index: dict[str, Any]) -> list[Piece]:
    """The classes that need code: the pipeline's first, then the components' in the order of the index.

    Raises:
        BadModelIndex: one is neither in the folder nor a library's.
    """
    main = _main(folder, index.get("_class_name"))
    found = [folder.piece("", *main)] if main else []
    for name, (module, class_name) in component_pairs(index).items():
        path = _component(folder, name, module, class_name) if module and class_name else None
        if path:
            found.append(folder.piece(name, path, str(class_name)))
    return found


def last(value: Any) -> Any:
    """``Class`` of ``["module", "Class"]``, or of ``Class``."""
    return value[-1] if isinstance(value, list) and value else value


def has_class(name: str, class_name: str) -> bool:
    """Whether an installed library exports a class."""
    source = library(name)
    return source is not None and source.has(name, class_name)


def is_moved(module: str, class_name: str) -> bool:
    """Whether an entry names a package of pipelines that diffusers has moved; Gremio finds it, diffusers doesn't."""
    return not means_library(module) and moved_package(module, class_name) is not None


def _main(folder: AuthorFolder, named: Any) -> tuple[str, str] | None:
    """The file and class of the pipeline; None for one of diffusers' own."""
    name = folder.class_name or str(last(named))
    module = f"{str(named[0]).replace('.', '/')}.py" if isinstance(named, list) and named else ENTRY
    if path := folder.defining(name, [module, ENTRY, *folder.top_python]):
        return path, name
    if ENTRY in folder.top:
        # The author wrote a pipeline, and the index still names the class that the weights came with.
        return ENTRY, entry_class(folder.tree.with_entry(ENTRY), "pipeline", folder.class_name)
    if has_class("diffusers", name):
        return None
    raise BadModelIndex(
        f"{INDEX} names the pipeline {name!r}; diffusers has no such class, and no .py file at the top of the folder"
        " defines it",
        ref=folder.ref,
        next_step="Put the file that defines it at the top of the folder.",
    )


def _component(folder: AuthorFolder, name: str, module: str, class_name: str) -> str | None:
    """The file of a component's class; None for a class of a library."""
    is_auto = class_name.startswith("Auto")
    if means_library(module):
        # A class that the library lacks, or one that leaves it to the component's config which one it is.
        is_read = module in LIBRARIES and library(module) is not None
        if not is_auto and not (is_read and not has_class(module, class_name)):
            return None
        found = folder.mapped_file(name)
        if found or is_auto:
            return found[0] if found else None
    stem = module.rpartition(".")[2]
    inside = [path for path in folder.below(name) if path.endswith(".py")]
    likely = [f"{name}/{module.replace('.', '/')}.py", f"{name}/{stem}.py", f"{stem}.py"]
    if path := folder.defining(class_name, [*likely, *inside, *folder.top_python]):
        return path
    if is_moved(module, class_name):
        return None
    raise BadModelIndex(
        f'{INDEX} says "{name}": {json.dumps([module, class_name])}, and no .py file in {name}/ or at the top of the'
        f" folder defines {class_name}",
        ref=folder.ref,
        next_step=f"Put the file that defines it into {folder.place / name}.",
    )
