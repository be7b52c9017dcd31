"""A folder with modular blocks, and perhaps components of their pipeline."""

from __future__ import annotations

import json
from dataclasses import replace

from gremio.code.review import entry_class
from gremio.errors import NoClass
from gremio.publishing.code.bundle import bundle
from gremio.publishing.code.placing import Piece
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.publishing.folder.finishing import finished, is_test, sources_of
from gremio.publishing.index import to_bytes, with_auto_map
from gremio.publishing.publication import Publication, bytes_of
from gremio.sources.model import BLOCKS, MODULAR_INDEX, mapped_files
from gremio.trust.model_files import modular_entries


def read_blocks(folder: AuthorFolder) -> Publication:
    """The blocks' code, their config, and the components that lie in the folder."""
    document = folder.json(BLOCKS) if BLOCKS in folder.paths else {}
    index = folder.json(MODULAR_INDEX) if MODULAR_INDEX in folder.paths else {}
    mapped = {name: folder.mapped_file(name) for name in index}
    wanted = [_main(folder, document), *(folder.piece(name, *found) for name, found in mapped.items() if found)]
    code = bundle(wanted)
    module, class_name = code.classes[""]
    document.setdefault("_class_name", class_name)
    folder.files[BLOCKS] = to_bytes(with_auto_map(document, BLOCKS, module, class_name))
    if index:
        folder.files[MODULAR_INDEX] = folder.place / MODULAR_INDEX
    folder.take_components(index, code.classes)
    return finished(folder, "blocks", class_name, code, sources_of(wanted, document))


def at_repository(publication: Publication, repo_id: str) -> Publication:
    """The publication with components that lie in it named as lying in the repository, in a modular index."""
    content = publication.files.get(MODULAR_INDEX)
    if content is None:
        return publication
    index = json.loads(bytes_of(content))
    for name, entry in modular_entries(index).items():
        if any(path.startswith(f"{name}/") for path in publication.files):
            entry[2]["pretrained_model_name_or_path"] = repo_id
    return replace(publication, files={**publication.files, MODULAR_INDEX: to_bytes(index)})


def _main(folder: AuthorFolder, document: dict[str, object]) -> Piece:
    file, named = next(mapped_files(document), ("", ""))
    class_name = folder.class_name or named
    top = [path for path in folder.top_python if not is_test(path)]
    path = folder.defining(class_name, [file, *top])
    if path is None and len(top) == 1:
        path, class_name = top[0], entry_class(folder.tree.with_entry(top[0]), "blocks", folder.class_name)
    if path is None:
        raise NoClass(
            f"no .py file at the top of the folder defines the blocks {class_name or 'that it is about'}",
            ref=folder.ref,
            next_step=f"Put the file there, and name its class in {BLOCKS}: auto_map.",
        )
    return folder.piece("", path, class_name)
