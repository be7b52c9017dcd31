"""Where each file of each piece of code goes in the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gremio.code import CodeTree
from gremio.code.libraries.library import library
from gremio.code.libraries.moved_names import LIBRARIES
from gremio.publishing.code.travelling_files import travellers

_NO_NAME = re.compile(r"[^\w-]|^(?=[\d-])")


@dataclass(frozen=True)
class Piece:
    """The code of one class: ``role`` is its component's name, empty for what the repository is about.

    ``stem`` is the name that its file must have, without ``.py``; None keeps the author's. ``has_weights`` is of the
    component.
    """

    role: str
    tree: CodeTree
    class_name: str
    stem: str | None = None
    has_weights: bool = True


@dataclass
class Placed:
    """A piece with the new logical paths of its files, inside its folder of the repository."""

    piece: Piece
    places: dict[str, str]

    @property
    def entry(self) -> str:
        """Where the class's file goes, inside the piece's folder."""
        return self.places[self.piece.tree.entry]

    @property
    def module(self) -> str:
        """The module that an index names."""
        return self.entry.removesuffix(".py").replace("/", ".")

    @property
    def code(self) -> Mapping[str, str]:
        """The Python files among the places."""
        return {old: new for old, new in self.places.items() if new.endswith(".py")}

    def path(self, new: str) -> str:
        """A place as a path of the repository."""
        return f"{self.piece.role}/{new}" if self.piece.role else new


def place(pieces: Sequence[Piece]) -> list[Placed]:
    """Lay the pieces out: the file of each class in its component's folder, the rest around it as it was.

    Plain diffusers copies the files of all components into one folder, so a name that two of them use for different
    files gets the component's in front.
    """
    placed = []
    taken: dict[str, bytes] = {}
    for piece in pieces:
        paths, root = travellers(piece.tree)
        one = Placed(piece, {path: path.removeprefix(f"{root}/") if root else path for path in paths})
        _name_entry(one)
        for path, new in one.places.items():
            if new.endswith(".py") and "/" not in new:
                one.places[path] = _free_name(new, piece, path, taken)
                taken.setdefault(one.places[path], piece.tree.files[path])
        placed.append(one)
    return placed


def _name_entry(placed: Placed) -> None:
    """A name in an index must be a plain one, and no library's."""
    piece = placed.piece
    folder, slash, name = placed.places[piece.tree.entry].rpartition("/")
    stem = piece.stem or _NO_NAME.sub("_", name.removesuffix(".py"))
    if piece.role and not slash and means_library(stem):
        stem = f"{piece.role}_{stem}"
    new = f"{folder}{slash}{stem}.py"
    if new in placed.places.values() and new != placed.places[piece.tree.entry]:
        new = f"{folder}{slash}{stem}_entry.py"
    placed.places[piece.tree.entry] = new


def means_library(name: str) -> bool:
    """Whether diffusers takes this for the name of a library, or of one of its own packages of pipelines."""
    source = library("diffusers")
    return name in LIBRARIES or (source is not None and f"diffusers.pipelines.{name}" in source.files)


def _free_name(name: str, piece: Piece, path: str, taken: Mapping[str, bytes]) -> str:
    source = piece.tree.files[path]
    if taken.get(name, source) == source or name == "__init__.py":
        return name
    choices: Iterable[str] = (f"{'_'.join([piece.role or 'pipeline'] * n)}_{name}" for n in range(1, 100))
    return next(choice for choice in choices if taken.get(choice, source) == source)
