"""What a ref names, read before anything of it is loaded: a pipeline, or else a component or blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import cast

from gremio.checking.assembly import assembled
from gremio.checking.trial.options import Options
from gremio.checking.trial.report import Kind
from gremio.code import CodeTree, PipelineRef
from gremio.code.review import Review
from gremio.code.review import read as read_tree
from gremio.code.review.classes import ClassReader
from gremio.code.review.component_classes import ComponentClass
from gremio.errors import CodeError, OptionError
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch

_COMPONENTS = ("model", "scheduler", "blocks")


@dataclass(frozen=True)
class Read:
    """The code, what reading it told, and which class of it is meant; None leaves the choice to who loads it.

    ``components`` are the classes that fill a pipeline's slots where its constructor does not say which.
    """

    tree: CodeTree
    review: Review
    kind: Kind
    class_name: str | None
    components: Mapping[str, ComponentClass] = field(default_factory=dict)


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
        return _with_components(Read(tree, review, kind, options.class_name), options)
    if options.components:
        step = "Leave out --component: that is for what a pipeline is given."
        raise OptionError(f"{name} is a {kind}", ref=options.ref, next_step=step)
    return Read(tree, read_tree(tree, class_name=name), kind, name)


def _with_components(read: Read, options: Options) -> Read:
    """The same with the code of the components that the pipeline's own does not import."""
    review = read.review
    if options.model and options.components:
        step = "Leave out one of the two: with --model the components are the model's."
        raise OptionError("--component is for tiny components", ref=options.ref, next_step=step)
    if review.class_name is None or options.model:
        return read
    found = assembled(read.tree, review.class_name, options.components)
    return replace(read, tree=found.tree, review=replace(review, components=found.slots), components=found.classes)


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
