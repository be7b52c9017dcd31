"""Everything that reading tells about a tree, in one value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from gremio.code import CodeTree
from gremio.code.mends import Repair, mended
from gremio.code.review.blocks import BlocksInfo, blocks_of
from gremio.code.review.classes import ClassInfo, ClassReader
from gremio.code.review.closure import closure, declared_data
from gremio.code.review.relocation import Relocation, Unresolved, relocated, relocations
from gremio.code.review.requirements import Requirement, missing, requirements
from gremio.code.review.signatures import ComponentSlot, Parameter, SignatureReader
from gremio.errors import CodeError


@dataclass(frozen=True)
class Review:
    """What the code of a tree is and needs, learned without running it.

    ``files`` and ``data`` are what the entry reaches, ``others`` the rest of the Python files, which the digest covers
    too. ``class_name`` is the pipeline class that is meant; None when ``problem`` says why there is none. ``blocks`` is
    what modular blocks say of themselves, where the entry is about those.
    """

    origin: str
    digest: str
    entry: str
    files: tuple[str, ...]
    data: tuple[str, ...]
    others: tuple[str, ...]
    classes: tuple[ClassInfo, ...]
    class_name: str | None
    problem: str
    docstring: str
    components: tuple[ComponentSlot, ...]
    init: tuple[Parameter, ...]
    call: tuple[Parameter, ...]
    call_docstring: str
    requirements: tuple[Requirement, ...]
    relocations: tuple[Relocation, ...]
    unresolved: tuple[Unresolved, ...]
    mends: tuple[Repair, ...]
    blocks: BlocksInfo | None = None

    @property
    def missing(self) -> tuple[Requirement, ...]:
        """The packages that must be installed before this code can run."""
        return missing(self.requirements)

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def read(tree: CodeTree, *, class_name: str | None = None) -> Review:
    """Read a tree.

    Raises:
        UnreadableCode: a file that the entry reaches is not Python.
    """
    reader = ClassReader(tree)
    files = closure(tree)
    moved, lost = relocations(tree)
    meant, problem = _meant(reader, class_name)
    signatures = SignatureReader(reader)
    found = tuple(info for path in files for info in reader.classes(path))
    return Review(
        origin=str(tree.origin),
        digest=str(tree.digest),
        entry=tree.entry,
        files=files,
        data=declared_data(tree),
        others=tuple(path for path in tree.python_files if path not in files),
        classes=found,
        class_name=meant,
        problem=problem,
        docstring=signatures.docstring(meant) if meant else "",
        components=signatures.components(meant) if meant else (),
        init=signatures.signature(meant, "__init__") if meant else (),
        call=signatures.signature(meant, "__call__") if meant else (),
        call_docstring=signatures.call_docstring(meant) if meant else "",
        requirements=requirements(tree),
        relocations=moved,
        unresolved=lost,
        mends=_repairs(tree, files),
        blocks=_blocks(reader, signatures, class_name),
    )


def _repairs(tree: CodeTree, files: tuple[str, ...]) -> tuple[Repair, ...]:
    """What is mended in these files when they run here."""
    return tuple(r for p in files for r in mended(relocated(tree, p).module, tree.files[p], p).repairs)


def _blocks(reader: ClassReader, signatures: SignatureReader, class_name: str | None) -> BlocksInfo | None:
    try:
        name = reader.entry_class("class", class_name)
    except CodeError:
        return None
    place = reader.located(reader.absolute(reader.tree.entry, name))
    return blocks_of(signatures, name) if place and reader.kind(*place) == "blocks" else None


def _meant(reader: ClassReader, class_name: str | None) -> tuple[str | None, str]:
    try:
        return reader.entry_class("pipeline", class_name), ""
    except CodeError as error:
        return None, error.message
