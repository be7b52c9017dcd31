"""What a ref names, read before anything of it is loaded: a pipeline, or else a component or blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from gremio.checking.trial.options import Options
from gremio.checking.trial.report import Kind
from gremio.code import CodeTree, PipelineRef
from gremio.code.review import Review
from gremio.code.review import read as read_tree
from gremio.code.review.classes import ClassReader
from gremio.errors import CodeError
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch

_COMPONENTS = ("model", "scheduler", "blocks")


@dataclass(frozen=True)
class Read:
    """The code, what reading it told, and which class of it is meant; None leaves the choice to who loads it."""

    tree: CodeTree
    review: Review
    kind: Kind
    class_name: str | None


def read_code(options: Options) -> Read:
    """Fetch and read the code.

    Raises:
        GremioError: it isn't there, can't be reached, or is not Python.
    """
    settings = Settings.from_environment()
    ref = PipelineRef.parse(options.ref)
    tree = fetch(ref, revision=options.custom_revision, access=Access.of(settings), settings=settings)
    review = read_tree(tree, class_name=options.class_name)
    kind, name = _component(ClassReader(tree), options, review)
    if kind == "pipeline":
        return Read(tree, review, kind, options.class_name)
    return Read(tree, read_tree(tree, class_name=name), kind, name)


def _component(reader: ClassReader, options: Options, review: Review) -> tuple[Kind, str | None]:
    """The component or blocks that a file without a pipeline is about, or that the caller names."""
    pipeline: tuple[Kind, str | None] = ("pipeline", options.class_name)
    if options.pipelines_only or (review.class_name and not options.class_name):
        return pipeline
    entry = reader.tree.entry
    try:
        name = reader.entry_class("class", options.class_name)
    except CodeError:
        if len({info.kind for info in reader.classes(entry)} & {"pipeline"}):
            return pipeline
        raise
    place = reader.located(reader.absolute(entry, name))
    kind = reader.kind(*place) if place else "other"
    return (cast(Kind, kind), name) if kind in _COMPONENTS else pipeline
