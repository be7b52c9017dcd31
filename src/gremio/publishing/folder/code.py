"""A pipeline's code without weights: a folder with ``pipeline.py``, or one file."""

from __future__ import annotations

from posixpath import basename

from gremio.code.review import entry_class
from gremio.errors import CodeError
from gremio.publishing.code.bundle import bundle
from gremio.publishing.code.placing import Piece
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.publishing.folder.finishing import finished, is_test, sources_of
from gremio.publishing.publication import Publication
from gremio.sources.model import CONFIGS, ENTRY, INDEX


def read_code(folder: AuthorFolder) -> Publication:
    """The code, entered at ``pipeline.py``, where everybody looks who finds no index."""
    entry = None if folder.file else _entry(folder)
    tree = folder.tree.with_entry(entry) if entry else folder.tree
    class_name = entry_class(tree, "pipeline", folder.class_name)
    wanted = [Piece("", tree, class_name, ENTRY.removesuffix(".py"))]
    return finished(folder, "code", class_name, bundle(wanted), sources_of(wanted, {}))


def _entry(folder: AuthorFolder) -> str:
    top = [path for path in folder.top_python if not is_test(path)]
    if ENTRY in top:
        return ENTRY
    pipelines = [path for path in top if any(each.kind == "pipeline" for each in folder.classes.classes(path))]
    for choice in (top, pipelines):
        if len(choice) == 1:
            return choice[0]
    raise CodeError(
        f"it is not clear what to publish: there is no {ENTRY}, no {INDEX} and no component's config",
        ref=folder.ref,
        next_step=f"{_instead(folder, top)} Or start with `gremio new`.",
    )


def _instead(folder: AuthorFolder, top: list[str]) -> str:
    if top:
        return f"It has {', '.join(top[:8])}: name the file, {folder.place / top[0]}."
    telling = {ENTRY, INDEX, *CONFIGS}
    inside = sorted({path.rpartition("/")[0] for path in folder.paths if basename(path) in telling})
    if inside:
        return f"Name the folder that is meant: {folder.place / inside[0]}."
    return "It has no Python file at the top."
