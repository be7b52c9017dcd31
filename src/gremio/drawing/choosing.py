"""Which pipeline is drawn with, as exactly as a lock says it. Never loads torch.

Whatever a person names, who draws gets an entry of a lock: it loads those bytes of code and weights, and asks nobody.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from gremio.code import PipelineRef
from gremio.errors import BadModelIndex, NoClass, OptionError
from gremio.loading.pipelines.request import LoadRequest
from gremio.loading.pipelines.resolving import ApprovedClass, Resolved, approve_components, choose_files, resolve
from gremio.machine.paths import is_folder
from gremio.running.calls import CallSignature
from gremio.sources.trees import Trees
from gremio.trust.approvals import Approval
from gremio.workspace import LockEntry, Workspace
from gremio.workspace.loading import require, resolve_locked
from gremio.workspace.resolving import Resolver
from gremio.workspace.syncing import sync

Result = TypeVar("Result")
Ask = Callable[[Callable[[], Result]], Result]
"""Calls what it is given; where that is refused for lack of trust, it may ask a person and call again."""

_NAME = "chosen"
_ACCESS = ("token", "cache_dir", "local_files_only")


@dataclass(frozen=True)
class Chosen:
    """``entry`` is what is loaded, ``project`` the folder that local paths in it begin at, ``typed`` what was written.

    ``signature`` is what a call takes, None where only a worker can tell; ``options`` are arguments of a load
    that a lock leaves open (``mend``, ``cache_dir``).
    """

    entry: LockEntry
    project: str
    typed: str
    signature: CallSignature | None
    options: Mapping[str, Any]

    @property
    def code(self) -> str:
        """The digest of the pipeline's own code, else of the code in its model; empty where all is diffusers'."""
        return str(self.entry.codes[0].digest) if self.entry.codes else ""

    @property
    def weights(self) -> str:
        """What is the same where two have the same weights; empty where it has none."""
        weights = self.entry.weights
        if weights is None:
            return ""
        said = [weights.variant, sorted(weights.files.items())]
        return hashlib.sha256(repr(said).encode()).hexdigest()

    @property
    def places(self) -> dict[str, str]:
        """Where code and model lie, with their commits, in words."""
        found = {"code": str(self.entry.codes[0].origin)} if self.entry.codes else {}
        weights = self.entry.weights
        if weights:
            local = os.path.realpath(Path(self.project) / weights.repo)
            found["model"] = f"{weights.repo}@{weights.commit}" if weights.commit else local
        return found


def choose(
    pipeline: str, model: str | None, arguments: Mapping[str, Any], *, project: str, sandbox: bool, ask: Ask[Any]
) -> Chosen:
    """The pipeline that is meant: a name of the project's lock, or a ref with a model as for ``from_pretrained``.

    Its weights are fetched and checked here. What is drawn in a ``sandbox`` needs nobody's trust.

    Raises:
        GremioError: it can't be found, may not run, or is not as it is locked.
    """
    locked = _locked(pipeline, model, project)
    if locked is not None:
        return _of_lock(*locked, pipeline, arguments)
    return _confined(pipeline, model, arguments) if sandbox else _of_ref(pipeline, model, arguments, ask)


def _locked(pipeline: str, model: str | None, project: str) -> tuple[Workspace, LockEntry] | None:
    if model is not None or PipelineRef.parse(pipeline).source != "mirror":
        return None
    work = Workspace(project)
    if pipeline in work.entries:
        return work, work.entry(pipeline)
    raise OptionError(
        f"{work.file} has no entry of that name, and a community pipeline has no weights of its own",
        ref=pipeline,
        next_step="Add --model owner/repo or a folder.",
    )


def _of_lock(work: Workspace, entry: LockEntry, typed: str, arguments: Mapping[str, Any]) -> Chosen:
    given = {name: value for name, value in arguments.items() if value}
    mend = bool(arguments.get("mend", True))
    require(work.project, entry, given)
    resolved = None if entry.sandbox else resolve_locked(work.project, entry, {**given, "mend": mend})
    if entry.weights:
        work.project.model(entry).fetch(entry.weights.files)
    return _chosen(entry, work, typed, resolved, arguments)


def _of_ref(pipeline: str, model: str | None, arguments: Mapping[str, Any], ask: Ask[Any]) -> Chosen:
    given = dict(arguments)
    revision = given.pop("custom_revision", None)
    if model is not None:
        given |= {"custom_pipeline": pipeline} | ({"custom_revision": revision} if revision else {})
    elif revision:
        given["revision"] = revision
    resolved, codes = approved(LoadRequest.parse(model or pipeline, given), ask)
    # A community pipeline of a version is named by that version, for its commit has every version.
    code = resolved.found.code.tree.origin if resolved.found and model is not None else None
    at = "" if code is None or code.source == "local" else code.commit if code.source == "hub" else code.revision
    asked = _asked(pipeline, model, given, revision=at, model_revision=resolved.home.origin.commit)
    return _locked_now(asked, codes, pipeline, resolved, arguments)


def _confined(pipeline: str, model: str | None, arguments: Mapping[str, Any]) -> Chosen:
    """Not through the gate, and so for a sandbox only, as the entry says to whoever loads it."""
    code, weights = str(arguments.get("custom_revision") or ""), str(arguments.get("revision") or "")
    at = {"revision": code, "model_revision": weights} if model is not None else {"model_revision": code or weights}
    asked = replace(_asked(pipeline, model, arguments, **at), sandbox=True)
    return _locked_now(asked, [], pipeline, None, arguments)


def _locked_now(
    asked: LockEntry, codes: list[ApprovedClass], typed: str, resolved: Resolved | None, arguments: Mapping[str, Any]
) -> Chosen:
    """What was asked for as it is now, on this machine."""
    # Local paths begin at the root, so that it does not matter where this is run.
    work = Workspace(Path(Path.cwd().anchor), **{n: arguments[n] for n in _ACCESS if arguments.get(n)})
    entry, trees = work.resolve(asked)
    entry = _with_reasons(work, entry, codes)
    work.project.require_approved(entry)
    kept = Trees(work.project.settings.home)
    for tree in trees:
        kept.keep(tree)
    sync(Resolver(work.project), entry)
    return _chosen(entry, work, typed, resolved, arguments)


def approved(request: LoadRequest, ask: Ask[Any]) -> tuple[Resolved, list[ApprovedClass]]:
    """A load, through the gate with all of its code, before anything is locked or loaded.

    Raises:
        GremioError: something can't be found, does not fit, or may not run.
    """
    try:
        resolved: Resolved = ask(lambda: resolve(request))
    except (BadModelIndex, NoClass) as error:
        hint = "" if request.code.ref else "Code without weights needs --model. "
        error.next_step = f"{hint}Only `gremio run` draws with modular blocks. {error.next_step}".strip()
        raise
    slots = [name for name, entry in resolved.index.components.items() if not entry.is_null]
    choose_files(resolved, slots)
    components: dict[str, ApprovedClass] = ask(lambda: approve_components(resolved, slots))
    return resolved, [*([resolved.found] if resolved.found else []), *components.values()]


def plainly(action: Callable[[], Result]) -> Result:
    """Ask nobody."""
    return action()


def _asked(
    pipeline: str, model: str | None, given: Mapping[str, Any], *, revision: str = "", model_revision: str = ""
) -> LockEntry:
    """What a person asks for, as an entry."""
    ref, weights = ("", pipeline) if model is None else (pipeline, model)
    return LockEntry(
        _NAME,
        ref=_absolute(ref) if ref and PipelineRef.parse(ref).source == "local" else ref,
        revision=revision,
        class_name=str(given.get("class_name") or ""),
        model=_absolute(weights) if is_folder(weights) else weights,
        model_revision=model_revision,
        variant=str(given.get("variant") or ""),
    )


def _absolute(text: str) -> str:
    """A local path as it is from anywhere."""
    return os.path.abspath(os.path.expanduser(text.removeprefix("local:")))  # noqa: PTH100, PTH111  links stay


def _with_reasons(work: Workspace, entry: LockEntry, codes: list[ApprovedClass]) -> LockEntry:
    """The entry with what the gate said of its code."""
    reasons = {each.code.digest: each.code.reason for each in codes}
    return work.approved(entry, *(Approval.now(d, by=f"the policy ({reason})") for d, reason in reasons.items()))


def _chosen(
    entry: LockEntry, work: Workspace, typed: str, resolved: Resolved | None, arguments: Mapping[str, Any]
) -> Chosen:
    options = {name: arguments[name] for name in ("mend", "cache_dir") if arguments.get(name) is not None}
    return Chosen(entry, str(work.folder), typed, _signature(resolved) if resolved else None, options)


def _signature(resolved: Resolved) -> CallSignature | None:
    reader, name = resolved.reading()
    with suppress(NoClass):
        return CallSignature.of_code(reader, name)
    return None
