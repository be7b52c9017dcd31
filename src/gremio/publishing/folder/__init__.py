"""From a folder of an author's to what would be published of it. The folder itself stays as it is.

In comes a folder, or one ``.py`` file; out comes a ``Publication``.

    pipeline, component, blocks, code    one kind of folder each
    author_folder                        the folder while it is read: its files, its code, what of it is taken
    index_entries                        which file defines the class that an index names
    model_files                          which files beside the code go along, and which must not
    finishing                            what publications of every kind have in common
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gremio.errors import RefNotFound
from gremio.machine.paths import is_folder, lies_here
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.publishing.folder.blocks import read_blocks
from gremio.publishing.folder.code import read_code
from gremio.publishing.folder.component import config_of, read_component
from gremio.publishing.folder.pipeline import read_pipeline
from gremio.publishing.publication import Publication
from gremio.sources.model import BLOCKS, INDEX, MODULAR_INDEX


def read_folder(place: Path, *, class_name: str | None = None, include: Sequence[str] = ()) -> Publication:
    """What would be published of a folder or of one ``.py`` file: its code's closure, its model, its licence.

    What the index and the configs say about code is put right on the way. Files that belong to none of this stay,
    unless ``include`` (patterns such as ``samples/*.png``) names them.

    Args:
        place: a model's folder with its code, a folder with code alone, or a file.
        class_name: which class, where a file defines several.
        include: patterns of further files.

    Raises:
        RefNotFound: there is nothing there.
        BadModelIndex: the index names code that isn't there.
        ModelError: weights are pickles alone.
        CodeError: the code can't be read, or no class is clearly meant.
    """
    if place.suffix == ".py" and lies_here(place) and place.is_file():
        return read_code(AuthorFolder(place.parent, class_name, file=place))
    if not is_folder(place):
        raise RefNotFound(
            f"there is no folder and no .py file at {place.absolute()}",
            ref=str(place),
            next_step="Name what to publish: a folder, or the .py file of a pipeline.",
        )
    folder = AuthorFolder(place, class_name, tuple(include))
    if INDEX in folder.top:
        return read_pipeline(folder)
    if BLOCKS in folder.top or MODULAR_INDEX in folder.top:
        return read_blocks(folder)
    config = config_of(folder)
    return read_component(folder, config) if config else read_code(folder)
