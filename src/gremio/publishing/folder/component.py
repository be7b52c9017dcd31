"""A folder that is one component: a config, its class, perhaps weights."""

from __future__ import annotations

from gremio.errors import NoClass
from gremio.publishing.code.bundle import bundle
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.publishing.folder.finishing import finished, sources_of
from gremio.publishing.folder.index_entries import has_class
from gremio.publishing.folder.model_files import is_weights
from gremio.publishing.publication import Publication
from gremio.sources.model import CONFIGS, mapped_files

_TEXTS = (".json", ".txt", ".model", ".jinja")


def config_of(folder: AuthorFolder) -> str | None:
    """The config that makes a folder a component's."""
    keys = {"auto_map", "_class_name", "model_type"}
    return next((name for name in CONFIGS if name in folder.top and keys & folder.json(name).keys()), None)


def read_component(folder: AuthorFolder, config: str) -> Publication:
    """The component with its code."""
    document = folder.json(config)
    named = [class_name for _, class_name in mapped_files(document)]
    class_name = folder.class_name or (named[0] if named else str(document.get("_class_name")))
    path = folder.defining(class_name, folder.top_python)
    if path is None and not any(has_class(library, class_name) for library in ("diffusers", "transformers")):
        raise NoClass(
            f"{config} names {class_name}, and no .py file at the top of the folder defines it",
            ref=folder.ref,
            next_step="Put the file that defines it beside the config.",
        )
    wanted = [folder.piece("", path, class_name)] if path else []
    code = bundle(wanted)
    folder.take(path for path in folder.top if path.endswith(_TEXTS) or is_weights(path))
    for pair in code.classes.values():
        folder.map_class("", *pair)
    return finished(folder, "component", class_name, code, sources_of(wanted, document))
