"""What publications of every kind have in common: companions, provenance, the review, what stays."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatch
from posixpath import basename
from typing import Any

from gremio.code import Origin
from gremio.code.review import read
from gremio.errors import OptionError
from gremio.publishing.code.bundle import Bundle
from gremio.publishing.code.placing import Piece
from gremio.publishing.folder.author_folder import AuthorFolder
from gremio.publishing.folder.model_files import companions
from gremio.publishing.publication import CARD, Kind, LeftOut, Publication
from gremio.sources.record import CodeSource, recorded_sources


def sources_of(pieces: Sequence[Piece], document: dict[str, Any]) -> tuple[CodeSource, ...]:
    """Where code came from: what was recorded before, else it was written here."""
    known = {source.role: source for source in recorded_sources(document)}
    return tuple(
        known.get(piece.role) or CodeSource(piece.role, piece.class_name, "local", entry=basename(piece.tree.entry))
        for piece in pieces
    )


def finished(
    folder: AuthorFolder,
    kind: Kind,
    class_name: str,
    code: Bundle,
    sources: tuple[CodeSource, ...],
    model: tuple[str, str] = ("", ""),
) -> Publication:
    """The publication of what was taken, with the code and what goes along."""
    card = (folder.place / CARD).read_text("utf-8") if CARD in folder.paths else None
    extra = [*companions(folder.top, folder.paths, card or ""), *_included(folder)]
    files = {path: folder.place / path for path in extra if path != CARD} | folder.files | dict(code.files)
    tree = code.tree(Origin("local", str(folder.place)))
    return Publication(
        kind=kind,
        class_name=class_name,
        files=dict(sorted(files.items())),
        tree=tree,
        review=read(tree, class_name=class_name) if tree else None,
        sources=sources,
        model=model,
        edits=code.edits,
        limits=code.limits,
        left_out=(*folder.left_out, *_rest(folder, files, code)),
        card=card,
    )


def _included(folder: AuthorFolder) -> list[str]:
    found = []
    for pattern in folder.include:
        matching = [path for path in folder.paths if fnmatch(path, pattern)]
        if not matching:
            raise OptionError(f"no file of the folder is {pattern!r}", ref=folder.ref, next_step="Correct include.")
        found += matching
    return found


def _rest(folder: AuthorFolder, files: dict[str, Any], code: Bundle) -> list[LeftOut]:
    known = {*files, *code.origins, CARD, *(each.path for each in folder.left_out)}
    return [LeftOut(path, _why(path)) for path in folder.paths if path not in known]


def is_test(path: str) -> bool:
    """Whether a Python file is there to try the others."""
    name = basename(path)
    return name.startswith("test_") or name in ("conftest.py", "setup.py") or path.startswith("tests/")


def _why(path: str) -> str:
    if path.endswith(".py"):
        return "a test" if is_test(path) else "no published code imports it"
    return "no part of the model or its code; --include takes it along"
