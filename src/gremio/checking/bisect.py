"""Finds the first revision of a pipeline's code that is bad."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gremio.checking.judges import Judge, Judgement
from gremio.checking.revisions import Revision
from gremio.code import CodeTree, Difference
from gremio.errors import CodeError, NotFound, OptionError

Fetch = Callable[[Revision], CodeTree]


@dataclass(frozen=True)
class Step:
    """One revision that was looked at; ``same_as`` is one that has the same code and was judged before."""

    revision: Revision
    judgement: Judgement
    digest: str = ""
    same_as: Revision | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "revision": self.revision.name,
            "title": self.revision.title,
            "verdict": self.judgement.verdict,
            "why": self.judgement.why,
            "digest": self.digest,
            "same_as": self.same_as.name if self.same_as else None,
            "report": self.judgement.report.as_dict() if self.judgement.report else None,
        }


@dataclass(frozen=True)
class Found:
    """What a bisection found.

    ``first_bad`` is the first bad revision and ``last_good`` the one before it, as far as could be told: those of
    ``between`` could not be judged, so that the change may lie there too.
    """

    first_bad: Step
    last_good: Step
    between: tuple[Revision, ...]
    difference: Difference
    steps: tuple[Step, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "first_bad": self.first_bad.as_dict(),
            "last_good": self.last_good.as_dict(),
            "between": [revision.name for revision in self.between],
            "difference": self.difference.as_dict(),
            "steps": [step.as_dict() for step in self.steps],
        }


class Bisection:
    """A search among revisions, the oldest of which is said to be good and the newest bad.

    ``judge`` is asked once for each code, and once for each revision if ``code_decides`` is false; ``told`` hears of
    each step.
    """

    def __init__(
        self, ref: str, fetch: Fetch, judge: Judge, *, code_decides: bool = True, told: Callable[[Step], None]
    ) -> None:
        self._ref = ref
        self._fetch = fetch
        self._judge = judge
        self._code_decides = code_decides
        self._told = told
        self._trees: dict[Revision, CodeTree] = {}
        self._steps: list[Step] = []

    def search(self, revisions: Sequence[Revision]) -> Found:
        """Judge both ends, then halve what lies between them.

        Raises:
            OptionError: the good one is not good, or the bad one is not bad.
            GremioError: code can't be had, or may not run.
        """
        good, bad = self._end(revisions[0], "good"), self._end(revisions[-1], "bad")
        low, high = 0, len(revisions) - 1
        open_ = list(range(low + 1, high))
        while open_:
            middle = open_[len(open_) // 2]
            step = self._look(revisions[middle])
            if step.judgement.verdict == "good":
                good, low = step, middle
            elif step.judgement.verdict == "bad":
                bad, high = step, middle
            open_ = [index for index in open_ if low < index < high and index != middle]
        skipped = {step.revision for step in self._steps if step.judgement.verdict == "skipped"}
        between = tuple(revision for revision in revisions[low + 1 : high] if revision in skipped)
        return Found(bad, good, between, self._difference(good, bad), tuple(self._steps))

    def _end(self, revision: Revision, wanted: str) -> Step:
        step = self._look(revision)
        judgement = step.judgement
        if judgement.verdict == wanted:
            return step
        why = f": {judgement.why}" if judgement.why else ""
        if judgement.verdict == "absent":
            message, advice = f"revision {revision.name} does not have this code{why}", "Name one that has it."
        elif judgement.verdict == "skipped":
            message, advice = f"revision {revision.name} could not be judged{why}", "Name another one."
        elif wanted == "good":
            message = f"revision {revision.name} is not good{why}"
            advice = "Name an older one as --good; what fails everywhere is no change of the code."
        else:
            message, advice = f"revision {revision.name} is not bad{why}", "Name one as --bad that fails."
        raise OptionError(message, ref=self._ref, next_step=advice)

    def _look(self, revision: Revision) -> Step:
        step = self._judged(revision)
        self._steps.append(step)
        self._told(step)
        return step

    def _judged(self, revision: Revision) -> Step:
        try:
            self._trees[revision] = self._fetch(revision)
        except NotFound as error:
            return Step(revision, Judgement("absent", error.message))
        except CodeError:
            # It is there and can't be read; what that means is the judge's to say.
            return Step(revision, self._judge(revision))
        digest = str(self._trees[revision].digest)
        known = next((step for step in self._steps if step.digest == digest), None) if self._code_decides else None
        if known is not None:
            return Step(revision, known.judgement, digest, known.same_as or known.revision)
        return Step(revision, self._judge(revision), digest)

    def _difference(self, good: Step, bad: Step) -> Difference:
        before, after = (self._trees.get(step.revision) for step in (good, bad))
        sides = (each.files if each else {} for each in (before, after))
        return Difference.between(*sides, names=("good", "bad"))
