"""What a call means, found without torch: the model at its commit, its index, and blocks whose code may run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from packaging.specifiers import SpecifierSet

from gremio.code import CodeTree, PipelineRef
from gremio.code.libraries.packages import version_of
from gremio.errors import GremioError
from gremio.loading.modular.index import ModularIndex
from gremio.loading.modular.request import ModularRequest
from gremio.loading.pipelines.request import CodeChoice
from gremio.loading.pipelines.resolving import ApprovedClass, approve
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch
from gremio.sources.model import (
    FolderModel,
    ModelHome,
    code_of_blocks,
    config_of_blocks,
    open_model,
    open_repository,
)
from gremio.sources.record import recorded_before
from gremio.trust import CodeRequest

log = logging.getLogger("gremio")


@dataclass(frozen=True)
class ResolvedModular:
    """A model and its index, where there is one, and the blocks' class; ``found`` is None for blocks of diffusers."""

    request: ModularRequest
    home: ModelHome | None
    index: ModularIndex | None
    found: ApprovedClass | None

    @property
    def name(self) -> str:
        """What the person wrote for the model; empty without one."""
        return self.home.name if self.home is not None else ""


def resolve(request: ModularRequest) -> ResolvedModular:
    """Find the model, and the code of its blocks or of those that the caller names.

    Raises:
        GremioError: something isn't there, its code may not run, or needs packages that aren't installed.
    """
    home = None
    if request.model is not None:
        home = open_model(request.model, revision=request.revision, access=request.access, settings=request.settings)
    index = ModularIndex.of(home) if home is not None else None
    return ResolvedModular(request, home, index, _blocks(request, home))


def _blocks(request: ModularRequest, home: ModelHome | None) -> ApprovedClass | None:
    if request.blocks is not None:
        return None
    if request.code.ref is not None:
        return approve_blocks(request.code, access=request.access, settings=request.settings)
    tree = code_of_blocks(home) if home is not None else None
    if home is None or tree is None:
        return None
    wanted = CodeRequest(home.name, tree, request.code.grant, role="found")
    return _approved(wanted, config_of_blocks(home), request.code, request.settings)


def approve_blocks(choice: CodeChoice, *, access: Access, settings: Settings) -> ApprovedClass:
    """The blocks of the code that the caller names.

    Raises:
        GremioError: it isn't there, has no blocks, may not run, or needs packages that aren't installed.
    """
    ref = cast(PipelineRef, choice.ref)
    try:
        tree, config = _named(ref, choice.revision or ref.revision, access, settings)
    except GremioError as error:
        error.ref = error.ref or ref.text
        raise
    return _approved(CodeRequest(ref.text, tree, choice.grant), config, choice, settings)


def _approved(request: CodeRequest, config: Mapping[str, Any], choice: CodeChoice, settings: Settings) -> ApprovedClass:
    entry = request.tree.entry
    _warn_of_requirements(config, request.ref)
    found = approve(request, entry, choice.class_name, settings=settings, kind="blocks", mend=choice.mend)
    return replace(found, before=recorded_before(config, ""))


def _warn_of_requirements(config: Mapping[str, Any], ref: str) -> None:
    """What the author says is needed may be more than it takes, so it is not refused."""
    requirements = config.get("requirements")
    for name, wanted in requirements.items() if isinstance(requirements, dict) else ():
        try:
            installed = version_of(name)
            fits = installed and SpecifierSet(str(wanted or "")).contains(installed, prereleases=True)
        except ValueError:  # no name of a package, or InvalidSpecifier
            installed, fits = "", False
        if not fits:
            log.warning(
                "%s: its author asks for %s %s, and %s is installed", ref, name, wanted or "", installed or "none"
            )


def _named(
    ref: PipelineRef, revision: str | None, access: Access, settings: Settings
) -> tuple[CodeTree, Mapping[str, Any]]:
    """The code, and what a config says of it: the blocks that one names come before whatever else is there."""
    home: ModelHome | None = None
    if ref.source == "hub" and ref.path is None:
        home = open_repository(ref.name, revision=revision, access=access, settings=settings)
    elif ref.source == "local" and Path(ref.name).is_dir() and revision is None:
        home = FolderModel(Path(ref.name))
    tree = code_of_blocks(home) if home is not None else None
    if home is not None and tree is not None:
        return tree, config_of_blocks(home)
    return fetch(ref, revision=revision, access=access, settings=settings), {}
