"""What `gremio run` does with a name of ``gremio.lock``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from gremio.cli.options import access_arguments
from gremio.code import PipelineRef
from gremio.loading.pipelines.resolving import Resolved

if TYPE_CHECKING:
    from gremio.workspace import LockEntry, Workspace


Entry: TypeAlias = "tuple[Workspace, LockEntry]"


def entry_of(ref: str, model: str | None, *, only_locked: bool, project: str) -> Entry | None:
    """The entry of the lock that is meant: by ``--locked``, or where a name without ``--model`` means nothing else."""
    from gremio.workspace import Workspace

    if not only_locked and (model is not None or PipelineRef.parse(ref).source != "mirror"):
        return None
    work = Workspace(project)
    return (work, work.entry(ref)) if only_locked or ref in work.entries else None


def resolve(work: Workspace, entry: LockEntry, options: dict[str, Any]) -> Resolved:
    """What a run of an entry means; options that the lock decides are refused."""
    from gremio.workspace.loading import resolve_locked

    return resolve_locked(work.project, entry, _arguments(options))


def confined(work: Workspace, entry: LockEntry, options: dict[str, Any], placed: dict[str, Any]) -> Any:
    """A sandbox with the pipeline of an entry."""
    return work.confine(entry.name, **_arguments(options), **placed)


def _arguments(options: dict[str, Any]) -> dict[str, Any]:
    trust = [*options.pop("trust"), *([True] if options.pop("trust_remote_code") else [])]
    arguments = {
        "custom_pipeline": options.pop("model"),
        "custom_revision": options.pop("revision"),
        "revision": options.pop("model_revision"),
        "trust_remote_code": trust,
        **{name: options.pop(name) for name in ("class_name", "variant")},
        **access_arguments(options),
    }
    given = {name: value for name, value in arguments.items() if value}
    return {**given, "mend": not options.pop("no_mend")}


def noted(pipeline: Any, entry: Entry | None) -> Any:
    """The pipeline, which tells the entry that it was loaded from, if it was."""
    if entry is None:
        return pipeline
    from gremio.workspace import loading

    return loading.noted(pipeline, entry[1])
