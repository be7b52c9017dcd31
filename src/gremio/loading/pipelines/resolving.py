"""What a call of ``from_pretrained`` means, found without torch: the model at its commit, and code that may run."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from gremio.code import CodeTree, Origin, PipelineRef
from gremio.code.review import entry_class, require
from gremio.code.review.classes import ClassReader
from gremio.code.review.signatures import SignatureReader
from gremio.errors import BadModelIndex, EntryNotFound, GremioError
from gremio.loading.components import ModelIndex, Selection, custom_components, refuse_unsafe
from gremio.loading.pipelines.request import CodeChoice, LoadRequest
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.sources.model import ModelHome, code_of, open_model, read_index
from gremio.sources.record import recorded_before
from gremio.trust import ApprovedCode, CodeRequest, authorize

Kind = Literal["pipeline", "blocks", "class"]

log = logging.getLogger("gremio")
_NO_CODE = CodeTree({"nothing.py": b""}, "nothing.py", Origin("local", ""))
_warned: set[tuple[str, str]] = set()


@dataclass(frozen=True)
class ApprovedClass:
    """A class of code that may run, which did not run yet.

    ``code`` is entered at the class's file; ``ref`` is what the person wrote, ``before`` where the code had been
    before it was published there.
    """

    name: str
    code: ApprovedCode
    ref: str
    mend: bool
    before: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True)
class Resolved:
    """A model, its index, and the pipeline class that goes with it; ``found`` is None for one of diffusers' own."""

    request: LoadRequest
    home: ModelHome
    index: ModelIndex
    found: ApprovedClass | None

    def reading(self) -> tuple[SignatureReader, str]:
        """What reads the pipeline class, and the name that it has there."""
        if self.found is not None:
            return SignatureReader(ClassReader(self.found.code.tree)), self.found.name
        return SignatureReader(ClassReader(_NO_CODE)), f"diffusers.{self.index.class_name}"


def resolve(request: LoadRequest, *, explicit: bool = False, home: ModelHome | None = None) -> Resolved:
    """Find the model and the code; with ``explicit`` the caller has a class, which the model's own does not replace.

    ``home`` is the model where it was opened before, as a lock has it.

    Raises:
        GremioError: something isn't there, its code may not run, or needs packages that aren't installed.
    """
    home = home or open_model(
        request.model, revision=request.revision, access=request.access, settings=request.settings
    )
    index = ModelIndex.parse(read_index(home), ref=home.name)
    found = None
    if request.code.ref is not None:
        found = approve_named(request.code, access=request.access, settings=request.settings)
    elif index.module is not None and not explicit:
        found = _in_repository(index, home, request)
    return Resolved(request, home, index, found)


def approve_named(choice: CodeChoice, *, access: Access, settings: Settings, kind: Kind = "pipeline") -> ApprovedClass:
    """The class of the code that the caller names with ``custom_pipeline``."""
    ref = cast(PipelineRef, choice.ref)
    tree = choice.tree or fetch(ref, revision=choice.revision, access=access, settings=settings)
    request = CodeRequest(ref.text, tree, choice.grant)
    return approve(request, tree.entry, choice.class_name, settings=settings, kind=kind, mend=choice.mend)


def _in_repository(index: ModelIndex, home: ModelHome, request: LoadRequest) -> ApprovedClass:
    entry = f"{str(index.module).replace('.', '/')}.py"
    try:
        tree = code_of(home, entry)
    except EntryNotFound as error:
        raise BadModelIndex(
            f'the index names ["{index.module}", "{index.class_name}"], and there is no {entry}',
            ref=home.name,
            next_step="Pass custom_pipeline= with the code, or ask the author to upload the file.",
        ) from error
    wanted = CodeRequest(home.name, tree, request.code.grant, role="found")
    name = request.code.class_name or index.class_name
    found = approve(wanted, entry, name, settings=request.settings, mend=request.code.mend)
    return replace(found, before=recorded_before(index.raw, ""))


def choose_files(
    resolved: Resolved, names: Collection[str], *, passed: Collection[str] = (), onnx: bool = False
) -> list[str]:
    """The files of the model that loading these components needs, none of which reaches out of it.

    Args:
        resolved: the call.
        names: the components to load.
        passed: those that the caller brings.
        onnx: whether the pipeline is made of ONNX models.

    Raises:
        UnsafeModel: a file leads out of the model, or could never be loaded.
        OptionError: no component has the variant or the format that was asked for.
    """
    selection, home = resolved.request.selection, resolved.home
    if onnx:
        selection = Selection(selection.variant, None, use_onnx=True)
    paths = selection.files(home.paths(), names, ref=home.name, passed=passed)
    refuse_unsafe(home, paths, names)
    return paths


def approve_components(resolved: Resolved, names: Iterable[str]) -> dict[str, ApprovedClass]:
    """The classes of those components that bring their code; the others are diffusers' to load.

    Raises:
        GremioError: their code may not run, or needs packages that aren't installed.
    """
    request, home, named = resolved.request, resolved.home, resolved.found
    custom = custom_components(resolved.index, home, names)
    if not custom:
        return {}
    # One tree for all of them: a model's code is read and hashed once, and entered at each component's file.
    tree = code_of(home, next(iter(custom.values())).path)
    sole = request.code.ref is None or (named is not None and named.code.digest == tree.digest)
    wanted = CodeRequest(home.name, tree, request.code.grant, role="found", sole=sole)
    settings, mend = request.settings, request.code.mend
    return {
        name: approve(wanted, each.path, each.class_name, settings=settings, kind="class", mend=mend)
        for name, each in custom.items()
    }


def approve(
    request: CodeRequest,
    path: str,
    class_name: str | None,
    *,
    settings: Settings,
    kind: Kind = "pipeline",
    mend: bool = True,
) -> ApprovedClass:
    """Read the file, pass the gate, check its packages; in this order."""
    tree = request.tree.with_entry(path)
    try:
        name = entry_class(tree, kind, class_name)
        code = authorize(replace(request, tree=tree), settings)
        require(tree)
    except GremioError as error:
        # Reading knows the tree and where it lies; what the person wrote is known here.
        error.ref = request.ref
        raise
    _warn_unpinned(tree, request)
    return ApprovedClass(name, code, request.ref, mend)


def _warn_unpinned(tree: CodeTree, request: CodeRequest) -> None:
    """Hub code that floats on a branch says so once, with the commit that would pin it."""
    origin = tree.origin
    if origin.source != "hub" or origin.revision == origin.commit or (origin.repo, origin.commit) in _warned:
        return
    _warned.add((origin.repo, origin.commit))
    log.warning(
        "%s: this code is not pinned and may change with the next commit; to keep what runs now, pass %s",
        origin.repo,
        request.pinned_by(origin.commit),
    )
