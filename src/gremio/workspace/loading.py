"""From a lock entry to a pipeline: nothing but what the lock says. Torch is imported when a pipeline is made."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gremio.code import PipelineRef
from gremio.errors import LockError, OptionError
from gremio.loading.pipelines.request import CodeChoice, LoadRequest
from gremio.loading.pipelines.resolving import Resolved, resolve
from gremio.sources.model import ModelHome
from gremio.trust import Grant
from gremio.workspace.entry import LockEntry
from gremio.workspace.project import Project
from gremio.workspace.resolving import drift

if TYPE_CHECKING:
    from gremio.sandbox.host import Sandbox

log = logging.getLogger("gremio")

_DECIDED = (
    "custom_pipeline",
    "custom_revision",
    "class_name",
    "trust_remote_code",
    "revision",
    "variant",
    "force_download",
)


def load(project: Project, entry: LockEntry, arguments: dict[str, Any]) -> Any:
    """The pipeline of an entry, with the lock's digest in ``pipe.gremio.lock``; confined if the entry says so."""
    if entry.sandbox:
        return confine(project, entry, arguments)
    from gremio.loading.pipelines import DiffusionPipeline
    from gremio.loading.pipelines.from_pretrained import load_resolved
    from gremio.loading.pipelines.options import Placement

    rest = dict(arguments)
    placement = Placement.take(rest)
    return noted(load_resolved(DiffusionPipeline, resolve_locked(project, entry, rest), placement), entry)


def confine(project: Project, entry: LockEntry, arguments: dict[str, Any]) -> Sandbox:
    """The pipeline of an entry in a sandbox. Never loads torch."""
    from gremio.sandbox.host import Sandbox
    from gremio.sandbox.limits import Limits

    rest = dict(arguments)
    limits = Limits.take(rest)
    request, home = _asked(project, entry, rest)
    return Sandbox.of(request, limits, home=home, lock=str(entry.digest))


def resolve_locked(project: Project, entry: LockEntry, arguments: dict[str, Any]) -> Resolved:
    """What a load of an entry means: its files, checked, and its code, allowed to run. Never loads torch."""
    _refuse_unconfined(entry)
    request, home = _asked(project, entry, arguments)
    return resolve(request, home=home)


def _refuse_unconfined(entry: LockEntry) -> None:
    """Nobody approved the code of an entry that runs in a sandbox only."""
    if entry.sandbox:
        step = f"`gremio run {entry.name}` and Workspace.load run it there; added without --sandbox it runs anywhere."
        raise LockError("the entry runs in a sandbox only", ref=entry.name, next_step=step)


def _asked(project: Project, entry: LockEntry, arguments: dict[str, Any]) -> tuple[LoadRequest, ModelHome]:
    require(project, entry, arguments)
    home = project.model(entry)
    asked = LoadRequest.parse(home.name, {**arguments, "local_files_only": True, "variant": entry.variant or None})
    return replace(asked, code=_choice(project, entry, mend=asked.code.mend)), home


def share(project: Project, entry: LockEntry, pipeline: Any, arguments: dict[str, Any]) -> Any:
    """The class of an entry over the components of a pipeline."""
    require(project, entry, arguments)
    _refuse_unconfined(entry)
    if entry.code is None:
        step = f"Workspace.load({entry.name!r}) loads it."
        raise LockError("the entry has no code of its own", ref=entry.name, next_step=step)
    from gremio.loading.pipelines import DiffusionPipeline
    from gremio.loading.pipelines.from_pipe import share_pipeline

    choice = _choice(project, entry, mend=bool(arguments.pop("mend", True)))
    return noted(share_pipeline(DiffusionPipeline, pipeline, arguments, choice=choice), entry)


def require(project: Project, entry: LockEntry, arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that the lock decides, and code that nobody approved; say what is installed in other versions.

    Raises:
        OptionError, NotTrusted: the one, or the other.
    """
    decided = [each for each in _DECIDED if arguments.get(each)]
    if decided:
        raise OptionError(
            f"{', '.join(decided)} can't be given: the lock decides that",
            ref=entry.name,
            next_step=f"`gremio update {entry.name}` changes what is locked.",
        )
    project.require_approved(entry)
    for code in entry.codes:
        drifted = drift(code.packages)
        if drifted:
            log.warning("%s: installed is %s", entry.name, ", ".join(drifted))


def _choice(project: Project, entry: LockEntry, *, mend: bool) -> CodeChoice:
    digests = frozenset(code.digest for code in entry.codes)
    said = "; ".join(dict.fromkeys(str(code.approval) for code in entry.codes if code.approval))
    grant = Grant(digests=digests, said=f"locked as {entry.name}, {said}" if said else f"locked as {entry.name}")
    if entry.code is None:
        return CodeChoice(None, None, entry.class_name or None, grant, mend)
    tree = project.tree(entry, entry.code)
    return CodeChoice(PipelineRef.parse(entry.ref), None, entry.class_name or None, grant, mend, tree)


def noted(pipeline: Any, entry: LockEntry) -> Any:
    """The pipeline, which from now on tells the entry that it was loaded from."""
    from gremio.loading.modules.provenance import note, of

    told = of(pipeline)
    if told is not None:
        note(pipeline, replace(told, lock=str(entry.digest)))
    return pipeline
