"""Whether the code at a revision is good: by a trial, or by a command of the caller's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol

from gremio.checking.outcomes import outcome
from gremio.checking.request import TrialRequest
from gremio.checking.revisions import Revision
from gremio.checking.runner import Runner
from gremio.checking.trial.report import Report
from gremio.errors import NotTrusted, OptionError
from gremio.machine.processes import Children, Limits

Verdict = Literal["good", "bad", "absent", "skipped"]
_SKIP = 125  # as for `git bisect run`


@dataclass(frozen=True)
class Judgement:
    """``good`` or ``bad``, or ``skipped`` where it can't be said, and why; ``report`` is a trial's."""

    verdict: Verdict
    why: str = ""
    report: Report | None = None


class Judge(Protocol):
    """Tells good code from bad."""

    def __call__(self, revision: Revision) -> Judgement:
        """Try the code at a revision."""


class TrialJudge:
    """Good is what runs."""

    def __init__(self, runner: Runner, pattern: TrialRequest) -> None:
        self._runner = runner
        self._pattern = pattern

    def __call__(self, revision: Revision) -> Judgement:
        """Make a trial.

        Raises:
            NotTrusted: the code was not allowed to run, which tells nothing of it.
        """
        report = self._runner.check(replace(self._pattern, revision=revision.name))
        if report.runs:
            return Judgement("good", report.output, report)
        why = str(report.error) if report.error else f"it ended at the stage {report.reached}"
        if outcome(report) == "refused" and report.error:
            raise NotTrusted(
                f"revision {revision.name}: {report.error.message}",
                ref=report.ref,
                digest=report.digest,
                next_step=report.error.hint,
            )
        return Judgement("bad", why, report)


class CommandJudge:
    """Good is what the command ends with 0 for; 125 is for what it can't tell."""

    def __init__(self, command: Sequence[str], ref: str, children: Children, limits: Limits) -> None:
        """Take the command, in which ``{ref}`` and ``{revision}`` stand for those.

        Raises:
            OptionError: there is no such command.
        """
        if shutil.which(command[0]) is None:
            raise OptionError(
                f"there is no command {command[0]!r} here", next_step="After -- write the command and its arguments."
            )
        self._command = tuple(command)
        self._ref = ref
        self._children = children
        self._limits = limits

    def __call__(self, revision: Revision) -> Judgement:
        """Run the command."""
        values = {"{ref}": self._ref, "{revision}": revision.name}
        environ = {"GREMIO_BISECT_REF": self._ref, "GREMIO_BISECT_REVISION": revision.name}
        ended = self._children.run([_filled(word, values) for word in self._command], self._limits, environ)
        if ended.timed_out:
            return Judgement("bad", f"no end after {self._limits.seconds:g} seconds")
        if ended.code == 0:
            return Judgement("good")
        return Judgement(
            "skipped" if ended.code == _SKIP else "bad",
            f"{ended.how}: {ended.last_line}" if ended.last_line else ended.how,
        )


def _filled(word: str, values: dict[str, str]) -> str:
    for mark, value in values.items():
        word = word.replace(mark, value)
    return word
