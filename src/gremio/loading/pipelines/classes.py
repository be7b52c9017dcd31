"""From a ref to a class: fetched, read, allowed, executed."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import Any, Literal, cast

from gremio.code import CodeTree, PipelineRef
from gremio.code.review import entry_class, require
from gremio.errors import GremioError
from gremio.loading.modules import LoadedCode, load
from gremio.loading.pipelines.placement import accept_placement
from gremio.loading.pipelines.renamed_components import accept_left_out
from gremio.loading.pipelines.request import CodeChoice, take_access
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.trust import CodeRequest, Grant, authorize

Kind = Literal["pipeline", "class"]

log = logging.getLogger("gremio")
_warned: set[tuple[str, str]] = set()


def load_class(
    ref: str | os.PathLike[str],
    *,
    class_name: str | None = None,
    custom_revision: str | None = None,
    trust_remote_code: object = None,
    mend: bool = True,
    **access: Any,
) -> type:
    """The class that ``ref`` names, without any weights: a pipeline, or a component by ``class_name``.

    Args:
        ref: a community pipeline's name, ``owner/repo``, or a path to a folder or ``.py`` file.
        class_name: which class of the entry file, where it defines several.
        custom_revision: a Diffusers version or commit for a name; a branch, tag or commit on the Hub.
        trust_remote_code: True for the repository that ``ref`` names, or a list of repo ids and digests.
        mend: False leaves everything but the code's imports as its author wrote it.
        **access: ``token``, ``cache_dir``, ``local_files_only``, ``force_download``, ``proxies``.

    Raises:
        GremioError: the code isn't there, may not run, needs packages that aren't installed, or fails.
    """
    settings = Settings.from_environment()
    arguments = dict(access)
    choice = CodeChoice(PipelineRef.parse(ref), custom_revision, class_name, Grant.parse(trust_remote_code), mend)
    reach = take_access(arguments, settings)
    if arguments:
        raise TypeError(f"load_class() got unexpected arguments: {', '.join(sorted(arguments))}")
    return named_class(choice, access=reach, settings=settings, kind="class").cls


def named_class(choice: CodeChoice, *, access: Access, settings: Settings, kind: Kind = "pipeline") -> LoadedCode:
    """The class of the code that the caller names with ``custom_pipeline``."""
    ref = cast(PipelineRef, choice.ref)
    try:
        tree = fetch(ref, revision=choice.revision, access=access, settings=settings)
    except GremioError as error:
        error.ref = error.ref or ref.text
        raise
    request = CodeRequest(ref.text, tree, choice.grant)
    return approved_class(request, tree.entry, choice.class_name, settings=settings, kind=kind, mend=choice.mend)


def approved_class(
    request: CodeRequest,
    path: str,
    class_name: str | None,
    *,
    settings: Settings,
    kind: Kind = "pipeline",
    mend: bool = True,
) -> LoadedCode:
    """Read the file, pass the gate, check its packages, execute it; in this order."""
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
    loaded = load(code, name, path=path, ref=request.ref, mend=mend)
    accept_placement(loaded.cls)
    if mend:
        loaded = replace(loaded, mends=loaded.mends + accept_left_out(loaded.cls, file=path))
    return loaded


def _warn_unpinned(tree: CodeTree, request: CodeRequest) -> None:
    """Hub code that floats on a branch says so once, with the commit that would pin it."""
    origin = tree.origin
    if origin.source != "hub" or origin.revision == origin.commit or (origin.repo, origin.commit) in _warned:
        return
    _warned.add((origin.repo, origin.commit))
    argument = "custom_revision" if request.role == "named" else "revision"
    log.warning(
        "%s: this code is not pinned and may change with the next commit; to keep what runs now, pass %s=%r",
        origin.repo,
        argument,
        origin.commit,
    )
