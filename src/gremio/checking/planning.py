"""Which trials a check of many files takes, and which of them were made before."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import replace

from gremio.checking.request import Loader, TrialRequest
from gremio.checking.runner import Job
from gremio.checking.table import Column, Entry, PlannedTrial, Table
from gremio.checking.targets import CheckedFile
from gremio.code.libraries.packages import version_of
from gremio.errors import NotTrusted
from gremio.machine.processes import Limits
from gremio.machine.settings import Settings
from gremio.version import __version__

_PACKAGES = ("diffusers", "transformers", "torch")


def installed_versions() -> dict[str, str]:
    """Of what a trial's result depends on, read without importing it."""
    return {
        "gremio": __version__,
        "python": platform.python_version(),
        **{p: version_of(p) or "none" for p in _PACKAGES},
    }


def require_leave(loaders: Sequence[Loader], *, remote: bool, settings: Settings) -> None:
    """Plain diffusers asks nobody before it runs code, so it is not used where somebody wants to be asked.

    Raises:
        NotTrusted: the policy, or the ban on remote code, would not let this code run unasked.
    """
    if "diffusers" not in loaders:
        return
    if settings.policy != "default":
        step = "Set GREMIO_POLICY=default, or check with Gremio's own loading."
        raise NotTrusted(f"plain diffusers does not know the policy {settings.policy!r}", next_step=step)
    if remote and settings.remote_code_disabled:
        step = "Unset DIFFUSERS_DISABLE_REMOTE_CODE, or check a folder of yours."
        raise NotTrusted("remote code is disabled here by DIFFUSERS_DISABLE_REMOTE_CODE", next_step=step)


def plan(
    subjects: Sequence[CheckedFile], pattern: TrialRequest, loaders: Sequence[Loader], limits: Limits
) -> list[Job]:
    """Every trial: each subject by each loader, otherwise as ``pattern`` asks."""
    versions = installed_versions()
    patterns = [replace(pattern, loader=loader) for loader in loaders]
    return [_job(subject, each, versions, limits) for subject in subjects for each in patterns]


def _job(subject: CheckedFile, pattern: TrialRequest, versions: dict[str, str], limits: Limits) -> Job:
    plain = pattern.loader == "diffusers"
    # Plain diffusers reads a name from a mirror of its own choice; a path makes it the same bytes.
    ref, revision = (f"local:{subject.path}", None) if plain else (subject.ref, subject.revision)
    request = replace(pattern, ref=ref, revision=revision)
    column = Column(subject.version, versions["diffusers"], request.loader, request.mend or plain)
    return Job(PlannedTrial(subject.name, column, subject.digest, versions, request.options(), limits), request)


def remaining(jobs: Sequence[Job], table: Table) -> tuple[list[Job], list[Entry]]:
    """The trials that are still to be made, and the entries that answer the others."""
    left, answered = [], []
    for job in jobs:
        entry = table.get(job.planned.name, job.planned.column)
        if entry is not None and entry.answers(job.planned):
            answered.append(entry)
        else:
            left.append(job)
    return left, answered
