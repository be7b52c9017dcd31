"""The code of a pipeline and its components, laid out and spelled so that it loads from a repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gremio.code import CodeTree, Origin
from gremio.errors import CodeError
from gremio.publishing.code.for_plain_diffusers import bridged, unbridged
from gremio.publishing.code.import_spelling import reworded
from gremio.publishing.code.placing import Piece, place
from gremio.publishing.publication import Edit


@dataclass(frozen=True)
class Bundle:
    """Files by path in the repository, and for each role the ``(module, class)`` that an index names."""

    files: Mapping[str, bytes]
    classes: Mapping[str, tuple[str, str]]
    edits: tuple[Edit, ...] = ()
    limits: tuple[str, ...] = ()
    origins: frozenset[str] = frozenset()
    """The logical paths, in the trees that they came from, of everything that travels."""

    def tree(self, origin: Origin) -> CodeTree | None:
        """The code as whoever loads it sees it; None where there is none."""
        if not self.files:
            return None
        role = "" if "" in self.classes else next(iter(self.classes))
        file = f"{self.classes[role][0].replace('.', '/')}.py"
        return CodeTree(self.files, f"{role}/{file}" if role else file, origin)


def bundle(pieces: Sequence[Piece]) -> Bundle:
    """Lay out the code of these classes.

    Raises:
        CodeError: two of them want different files at one path.
        UnreadableCode: a file is not Python.
    """
    placed = place([_unbridged(piece) for piece in pieces])
    files: dict[str, bytes] = {}
    edits: list[Edit] = []
    for one in placed:
        for path, new in one.places.items():
            data = one.piece.tree.files[path]
            if new.endswith(".py"):
                data, changed = reworded(one.piece.tree, path, one.code)
                edits += [edit for edit in changed if edit not in edits]
            target = one.path(new)
            if files.setdefault(target, data) != data:
                raise CodeError(
                    f"two different files would be published as {target}",
                    next_step="A folder of helpers has the name of a component. Rename the folder.",
                )
    limits = bridged(placed, files)
    classes = {one.piece.role: (one.module, one.piece.class_name) for one in placed}
    origins = frozenset(path for one in placed for path in one.places)
    return Bundle(files, classes, tuple(edits), limits, origins)


def _unbridged(piece: Piece) -> Piece:
    """Without what an earlier publication added, which this one adds anew."""
    tree = piece.tree
    before = tree.files[tree.entry]
    source = unbridged(before)
    if source == before:
        return piece
    return replace(piece, tree=CodeTree({**tree.files, tree.entry: source}, tree.entry, tree.origin))
