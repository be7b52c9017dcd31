"""Which file of a folder defines the class that an index names."""

from __future__ import annotations

import json
from typing import Any

from gremio.code.review import entry_class
from gremio.errors import BadModelIndex
from gremio.publishing.code.placing import Piece, means_library
from gremio.publishing.folder.author import AuthorFolder, last
from gremio.publishing.folder.libraries import has_class, is_moved, leaves_open
from gremio.sources.model import CONFIGS, ENTRY, INDEX, mapped_files


def pieces(folder: AuthorFolder, index: dict[str, Any]) -> list[Piece]:
    """The classes that need code: the pipeline's first, then the components' in the order of the index.

    Raises:
        BadModelIndex: one is neither in the folder nor a library's.
    """
    main = _main(folder, index.get("_class_name"))
    found = [folder.piece("", *main)] if main else []
    for name, entry in entries(index).items():
        if entry[0] is not None and entry[1] is not None:
            path = _component(folder, name, str(entry[0]), str(entry[1]))
            if path:
                found.append(folder.piece(name, path, str(entry[1])))
    return found


def entries(index: dict[str, Any]) -> dict[str, list[Any]]:
    """The components of an index."""
    return {name: value for name, value in index.items() if not name.startswith("_") and _is_entry(value)}


def mapped_file(folder: AuthorFolder, name: str) -> tuple[str, str] | None:
    """The file and class in a component's folder that its own config maps to."""
    for config in (f"{name}/{each}" for each in CONFIGS):
        if config in folder.paths:
            for file, class_name in mapped_files(folder.json(config)):
                if folder.defines(f"{name}/{file}", class_name):
                    return f"{name}/{file}", class_name
    return None


def _main(folder: AuthorFolder, named: Any) -> tuple[str, str] | None:
    """The file and class of the pipeline; None for one of diffusers' own."""
    name = folder.class_name or str(last(named))
    top = [path for path in folder.top if path.endswith(".py")]
    module = f"{str(named[0]).replace('.', '/')}.py" if isinstance(named, list) and named else ENTRY
    if path := folder.defining(name, [module, ENTRY, *top]):
        return path, name
    if ENTRY in top:
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
    if means_library(module):
        if not leaves_open(module, class_name):
            return None
        found = mapped_file(folder, name)
        if found or class_name.startswith("Auto"):
            return found[0] if found else None
    stem = module.rpartition(".")[2]
    inside = [path for path in folder.python if path.startswith(f"{name}/")]
    top = [path for path in folder.top if path.endswith(".py")]
    likely = [f"{name}/{module.replace('.', '/')}.py", f"{name}/{stem}.py", f"{stem}.py"]
    if path := folder.defining(class_name, [*likely, *inside, *top]):
        return path
    if is_moved(module, class_name):
        return None
    raise BadModelIndex(
        f'{INDEX} says "{name}": {json.dumps([module, class_name])}, and no .py file in {name}/ or at the top of the'
        f" folder defines {class_name}",
        ref=folder.ref,
        next_step=f"Put the file that defines it into {folder.place / name}.",
    )


def _is_entry(value: object) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(v is None or isinstance(v, str) for v in value)
