"""The revisions of a pipeline's code from a good one to a bad one, oldest first."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gremio.code import PipelineRef
from gremio.errors import OptionError, RevisionNotFound
from gremio.machine.paths import lies_here
from gremio.machine.settings import Settings
from gremio.sources import Access, Repository, told_of
from gremio.sources.mirror import MirrorSource


@dataclass(frozen=True)
class Revision:
    """``name`` is what loads it; ``title`` says more, where there is more."""

    name: str
    title: str = ""

    def __str__(self) -> str:
        """Short enough for a line."""
        name = self.name[:12] if len(self.name) == 40 else self.name
        return f"{name} ({self.title})" if self.title else name


def revisions_between(ref: PipelineRef, good: str, bad: str, *, access: Access, settings: Settings) -> list[Revision]:
    """From ``good`` to ``bad``, both included.

    Raises:
        OptionError: the code has no revisions that can be walked, or ``good`` is not older than ``bad``.
        GremioError: a revision isn't there, or the Hub can't be reached.
    """
    if ref.source == "local":
        raise _local(ref, good, bad)
    if ref.revision:
        raise OptionError("the ref names a revision itself", ref=ref.text, next_step=f"Write {_bare(ref)}.")
    with told_of(ref):
        if ref.source == "mirror":
            return _versions(ref, good, bad, MirrorSource(settings, access))
        return _commits(ref, good, bad, Repository(ref.name, settings=settings, access=access))


def _bare(ref: PipelineRef) -> str:
    inside = f":{ref.path}" if ref.path else ""
    return f"{ref.source}:{ref.name}{inside}"


def _versions(ref: PipelineRef, good: str, bad: str, mirror: MirrorSource) -> list[Revision]:
    ordered, having = mirror.versions(ref)
    first, last = (_version(ref, asked, ordered, having) for asked in (good, bad))
    if ordered.index(first) >= ordered.index(last):
        raise _wrong_order(ref, good, bad)
    inside = ordered[ordered.index(first) : ordered.index(last) + 1]
    return [Revision(name) for name in inside if name in having]


def _version(ref: PipelineRef, asked: str, ordered: Sequence[str], having: Sequence[str]) -> str:
    name = next((each for each in (asked, f"v{asked}") if each in ordered), None)
    if name in having:
        return str(name)
    what = f"{ref.name}.py is not in version {name}" if name else f"the community folder has no version {asked!r}"
    raise RevisionNotFound(what, ref=ref.text, next_step=f"{ref.name}.py is in: {', '.join(having)}.", nearest=having)


def _commits(ref: PipelineRef, good: str, bad: str, repository: Repository) -> list[Revision]:
    history = [Revision(commit, title) for commit, title in repository.history(bad)]
    names = [revision.name for revision in history]
    at = _place(good, names)
    if at is None:
        commit = repository.listing(good).commit
        if commit not in names:
            raise OptionError(
                f"{good} is not among the {len(names)} commits that led to {bad}",
                ref=ref.text,
                next_step="Name a good revision that the bad one comes from; are they the wrong way round?",
            )
        at = names.index(commit)
    if at == 0:
        raise _wrong_order(ref, good, bad)
    return list(reversed(history[: at + 1]))


def _place(text: str, names: Sequence[str]) -> int | None:
    """Where the commit with these first digits is, if exactly one has them."""
    found = [index for index, name in enumerate(names) if len(text) >= 7 and name.startswith(text)]
    return found[0] if len(found) == 1 else None


def _wrong_order(ref: PipelineRef, good: str, bad: str) -> OptionError:
    step = "Give an older revision that is good and a newer one that is bad."
    return OptionError(f"{good} is not older than {bad}", ref=ref.text, next_step=step)


def _local(ref: PipelineRef, good: str, bad: str) -> OptionError:
    place = Path(ref.name).absolute()
    if not lies_here(place):
        return OptionError(f"there is nothing at {place}", ref=ref.text, next_step="Name code on the Hub.")
    if any((folder / ".git").exists() for folder in (place, *place.parents)):
        start, run = ["git", "bisect", "start", bad, good], ["git", "bisect", "run", "gremio", "check", ref.text]
        step = f"git does that: {shlex.join(start)} && {shlex.join(run)}"
        return OptionError("this is in a git repository of yours", ref=ref.text, next_step=step)
    step = "Name a community pipeline, or a repository on the Hub."
    return OptionError("a local path has no revisions", ref=ref.text, next_step=step)
