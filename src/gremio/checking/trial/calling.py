"""Calls of one pipeline, each from the same start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.call_errors import corrected, is_guess
from gremio.checking.trial.pipelines import seed_all
from gremio.checking.trial.retries import variants

_CORRECTIONS = 6


@dataclass(frozen=True)
class Caller:
    """A pipeline and the plan that it can be called with."""

    pipeline: Any
    plan: Plan

    def call(
        self, *, global_seed: int | None = None, arguments: Mapping[str, Any] | None = None, **changes: Any
    ) -> Any:
        """Call it; ``arguments`` in place of the plan's own, ``changes`` over them."""
        seed_all(self.plan.seed if global_seed is None else global_seed)
        given = self.plan.arguments() if arguments is None else dict(arguments)
        return getattr(self.pipeline, self.plan.entry)(**{**given, **changes})

    def on(self, pipeline: Any) -> Caller:
        """The same plan for another pipeline of the class."""
        return Caller(pipeline, self.plan)


def first_call(pipeline: Any, plan: Plan) -> tuple[Caller, Any]:
    """Call with the most natural arguments; where the error says what was wanted, with that.

    What an error names is corrected, and the corrected call is then the natural one. If that fails for another reason,
    other forms of the same arguments are tried (tensors, more steps, larger pictures).

    Raises:
        Exception: that of the natural call when none succeeds.
    """
    told: Exception | None = None
    guessed = False
    for _ in range(_CORRECTIONS):
        try:
            return (caller := Caller(pipeline, plan)), caller.call()
        except Exception as raised:
            error = raised
        # What comes of a guess says nothing about the code.
        told = told if told and guessed else error
        better, guessed = corrected(plan, error), is_guess(error)
        if better is None:
            break
        plan = better
    assert told is not None
    for other in variants(plan, told):
        try:
            return (caller := Caller(pipeline, other)), caller.call()
        except Exception:  # noqa: S112  the natural call's error is the one that is told
            continue
    raise told
