"""Where the code of a class lies, whoever imported it and however."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace
from pathlib import Path
from types import CodeType, ModuleType

import torch

from gremio.code import CodeTree, Origin
from gremio.code.libraries.packages import is_packaged
from gremio.code.syntax.layout import layout_of
from gremio.errors import CodeError
from gremio.loading.modules.provenance import CodeProvenance
from gremio.loading.modules.registry import AS_WRITTEN, PACKAGE, registry
from gremio.publishing.code.placing import Piece
from gremio.publishing.saving.extraction import extract, needs_extraction
from gremio.publishing.saving.extraction.cells import codes_in
from gremio.publishing.saving.extraction.definitions import functions_in
from gremio.sources.local import around
from gremio.sources.record import CodeSource

log = logging.getLogger("gremio")

LIBRARIES = ("diffusers", "transformers", "onnxruntime", "tokenizers")


def is_standard(cls: type) -> bool:
    """Whether a class comes with one of the libraries that diffusers loads components from."""
    return cls.__module__.partition(".")[0] in LIBRARIES


def piece_of(cls: type, role: str = "", known: CodeProvenance | None = None) -> tuple[Piece, CodeSource]:
    """The code that a class needs, and where it came from.

    Args:
        cls: a class that is not a library's.
        role: the name of its component; empty for a pipeline.
        known: what its pipeline says of the class, if Gremio loaded it.

    Raises:
        CodeError: its source can't be had, or is not what is in memory.
    """
    tree = _tree(cls)
    piece = Piece(role, tree, cls.__name__, has_weights=issubclass(cls, torch.nn.Module))
    told = CodeSource(role, cls.__name__, "local", entry=tree.entry, digest=str(tree.digest))
    # What is known of this object comes first: the same bytes may have been loaded from several places.
    place = known if known is not None and known.digest == tree.digest else tree.origin
    before = place.before if isinstance(place, CodeProvenance) else ()
    if place.source == "local":
        return piece, replace(told, before=before)
    # The same repository twice in a row says nothing more.
    older = tuple(each for each in before if each.get("repo") != place.repo)
    return piece, replace(told, source=place.source, repo=place.repo, commit=place.commit, before=older)


def _tree(cls: type) -> CodeTree:
    if cls.__module__.partition(".")[0] == PACKAGE:
        return _loaded_by_us(cls)
    module = sys.modules.get(cls.__module__)
    place = getattr(module, "__file__", None)
    file = Path(place) if place else None
    if needs_extraction(cls) or file is None:
        return _cut_out(cls, module)
    _require_top_level(cls, module)
    if is_packaged(file):
        return _of_a_package(cls)
    tree = around(file, search=_search_path())
    _require_same_as_in_memory(cls, tree.files[tree.entry], file)
    return tree


def _loaded_by_us(cls: type) -> CodeTree:
    _, top, *parts = cls.__module__.split(".")
    code = registry.code(top.removesuffix(AS_WRITTEN))
    path = layout_of(code.tree).modules.get(tuple(parts)) if code else None
    if code is None or path is None:
        raise CodeError(
            f"the code of {cls.__name__} ({top[:12]}) is no longer in Gremio's store",
            next_step="Load the pipeline again with gremio, then save it.",
        )
    return code.tree.with_entry(path)


def _cut_out(cls: type, module: ModuleType | None) -> CodeTree:
    """The class with what it uses, as a module of its own: its file is a script or a notebook."""
    found = extract(cls)
    for note in found.notes:
        log.warning("%s was cut out into %s, and not all of it is certain: %s", cls.__name__, found.file, note)
    script = getattr(module, "__file__", None)
    folder = Path(script).parent if script else Path.cwd()
    return around(folder / found.file, source=found.source.encode(), search=_search_path())


def _require_same_as_in_memory(cls: type, source: bytes, file: Path) -> None:
    """Refuse to publish a file that was edited since its class was imported: it is not what ran."""
    try:
        written = {each.co_qualname: each for each in codes_in(compile(source, str(file), "exec", dont_inherit=True))}
    except (SyntaxError, ValueError):
        written = {}
    for name, value in vars(cls).items():
        for function in functions_in(value):
            # Put there by a decorator or by somebody else; its own file is not this one's matter.
            is_of_this = function.__code__.co_filename == str(file)
            if is_of_this and not _is_same(written.get(function.__qualname__), function.__code__):
                raise CodeError(
                    f"{file.name} was changed since {cls.__name__} was imported: {name} is not what ran",
                    next_step="Start Python again, so that what is published is what was tried.",
                )


def _is_same(one: CodeType | None, other: CodeType) -> bool:
    """Wherever in the file it stands."""
    return one is not None and _without_place(one) == _without_place(other)


def _without_place(code: CodeType) -> tuple[object, ...]:
    return code.co_code, code.co_names, [each for each in code.co_consts if not isinstance(each, CodeType)]


def _require_top_level(cls: type, module: ModuleType | None) -> None:
    if getattr(module, cls.__name__, None) is not cls:
        raise CodeError(
            f"{cls.__module__} has no {cls.__name__} at its top level that is this class",
            next_step="A class that is made inside a function, or was replaced since, can't be published. Define it"
            " at the top of its file.",
        )


def _of_a_package(cls: type) -> CodeTree:
    """A class of an installed package stays there; what is published says where, and that the package is needed."""
    top, name = cls.__module__.partition(".")[0], cls.__name__
    source = (
        f'"""``{name}`` of the package ``{top}``, which has to be installed."""\n\n'
        f"from {cls.__module__} import {name} as _{name}\n\n\n"
        f"class {name}(_{name}):\n"
        f'    """As the package has it."""\n'
    )
    entry = f"{cls.__module__.rpartition('.')[2]}.py"
    return CodeTree({entry: source.encode()}, entry, Origin("local", top))


def _search_path() -> list[Path]:
    """The folders of one's own from which this process imports."""
    found = [Path(entry or ".").resolve() for entry in sys.path]
    return [folder for folder in found if folder.is_dir() and not is_packaged(folder)]
