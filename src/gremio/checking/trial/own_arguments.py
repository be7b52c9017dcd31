"""The arguments that a pipeline has and its stock sibling has not, each turned on."""

from __future__ import annotations

import linecache
import re
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from gremio.checking.trial.argument_hints import Hints
from gremio.checking.trial.arguments import Plan
from gremio.checking.trial.calling import first_call
from gremio.checking.trial.observing import Comparison, Seen, TooLong, limited, observe
from gremio.checking.trial.own_values import Callback, another, every_choice, turning_on
from gremio.checking.trial.report import Finding, Verdict
from gremio.checking.trial.roles import role_of
from gremio.checking.trial.wording import few_words
from gremio.running.calls import CallSignature, Parameter

# Seconds of the processor's time: for all arguments together, for one call, and for one that is to have more steps.
_SECONDS, _LONGEST, _SHORT = 120.0, 60.0, 3.0
_REFUSALS = (ValueError, TypeError, AssertionError, NotImplementedError)

Failure = Exception | TooLong


def own_parameters(signature: CallSignature, sibling: type | None) -> tuple[Parameter, ...]:
    """The parameters that the sibling's call does not have; without a sibling, all."""
    theirs = CallSignature.of(sibling).names if sibling else ()
    return tuple(each for each in signature.parameters if each.name not in theirs)


@dataclass
class Exercise:
    """Calls a pipeline with each own argument turned on, one after the other, what works staying on.

    An argument is exercised when turning it on, changing it or leaving it out makes a difference to the output or to
    how often the lines of the code run. ``make`` gives the pipeline for a call, ``together`` are values that go
    together. ``findings`` say ``yes``, ``unknown`` where an argument was not exercised, and ``error`` where the call
    fails; ``failed`` has how it was given then, and the error.
    """

    plan: Plan
    own: Sequence[Parameter]
    make: Callable[[], Any]
    hints: Hints
    together: Mapping[str, Any] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    failed: dict[str, tuple[str, Exception]] = field(default_factory=dict)
    _notes: dict[str, str] = field(default_factory=dict)
    _fewer: dict[str, Seen] = field(default_factory=dict)

    def run(self) -> Mapping[str, Finding]:
        """The findings, in the order of the signature.

        Raises:
            Exception: the pipeline fails without any of them, on another instance than the one that ran.
        """
        self._deadline = time.process_time() + _SECONDS
        try:
            seen = self._begin()
        except TooLong as error:
            return {parameter.name: Finding("unknown", str(error)) for parameter in self.own}
        plan, now = self.plan, seen
        for parameter in self.own:
            if parameter.name not in plan.arguments():
                plan, now = self._turn_on(parameter, plan, now)
                self._try_choices(parameter, plan)
        for parameter in self.own:
            if parameter.name not in self.findings:
                self._vary(parameter, plan, now)
        # What is turned on may have taken its place.
        for parameter in self.own:
            if self.findings[parameter.name].verdict == "unknown" and parameter.name in self.plan.arguments():
                self._vary(parameter, self.plan, seen)
            elif self.findings[parameter.name].verdict == "unknown" and parameter.name in plan.arguments():
                self._beside_fewer(parameter, plan)
        return {parameter.name: self.findings[parameter.name] for parameter in self.own}

    def _begin(self) -> Seen:
        """Find the plan to begin with, and what tells two calls by it apart."""
        begun = time.process_time()
        seen = self._look(self.plan)
        if time.process_time() - begun < _SHORT:
            with suppress(Exception, TooLong):
                thorough = self.plan.thorough()
                seen = self._look(thorough)
                self.plan = thorough
        self._comparison = Comparison.of(seen, self._look(self.plan))
        return seen

    def _turn_on(self, parameter: Parameter, plan: Plan, seen: Seen) -> tuple[Plan, Seen]:
        """Beside those that are on already, else alone; the plan to go on with, and what was seen of it."""
        name, errors, tried = parameter.name, [], None
        for given in self._ways(parameter, plan):
            changed = plan.changed(**given)
            try:
                now = self._look(changed)
            except (Exception, TooLong):
                if error := self._alone(parameter, given):
                    errors.append((given[name], error))
            else:
                self._compare(parameter, given[name], seen, now)
                tried = tried or (changed, now)
            if name in self.findings:
                return (changed, now) if tried else (plan, seen)
            if tried and self._deadline - time.process_time() < _SECONDS / 2:
                break
        if tried and errors:
            self._notes[name] = f"; {_line(*errors[0])}"
        if tried:
            # It works and nothing came of it so far; beside what is turned on later something may.
            return tried
        if errors:
            self._tell_failure(parameter, *errors[0])
        else:
            self._tell(parameter, "unknown", "nothing tells what it takes")
        return plan, seen

    def _try_choices(self, parameter: Parameter, plan: Plan) -> None:
        """Each value that the code lists has to work; the first was turned on."""
        for value in every_choice(parameter, self.hints)[1:]:
            given = {parameter.name: value}
            try:
                self._look(plan.changed(**given))
            except (Exception, TooLong):
                error = self._alone(parameter, given)
                if isinstance(error, Exception) and not is_refusal(error, parameter.name, self.plan.entry):
                    self._tell_failure(parameter, value, error)
                    return

    def _ways(self, parameter: Parameter, plan: Plan) -> Iterator[Mapping[str, Any]]:
        if parameter.name in self.together:
            yield self.together
        yield from ({parameter.name: value} for value in turning_on(parameter, plan, self.hints))

    def _alone(self, parameter: Parameter, given: Mapping[str, Any]) -> Failure | None:
        """Without the others, with what the error asks for or with what documented calls have beside it."""
        failure: Failure | None = None
        for plan in (self.plan.changed(**given), self.plan.changed(**{**self._documented(parameter), **given})):
            try:
                with limited(self._seconds()):
                    caller, _ = first_call(self.make(), plan)
                now = self._look(caller.plan)
            except (Exception, TooLong) as error:
                failure = failure or error
            else:
                self._leave_out(parameter, given[parameter.name], caller.plan, now)
                return None
        return failure

    def _documented(self, parameter: Parameter) -> Mapping[str, Any]:
        """What documented calls have beside an argument, without how much they make of how large pictures."""
        found = self.hints.beside(parameter.name).items()
        known = {name: self.plan.signature.get(name) for name, _ in found}
        return {
            name: value
            for name, value in found
            if isinstance(value, (bool, int, float)) and (other := known[name]) is not None and role_of(other) is None
        }

    def _vary(self, parameter: Parameter, plan: Plan, seen: Seen) -> None:
        """What is on from the start, or had no effect when it was turned on: changed, then left out."""
        value = plan.arguments()[parameter.name]
        if parameter.name == plan.seed_name:
            with suppress(Exception, TooLong):
                self._compare(parameter, plan.seed + 1, seen, self._look(replace(plan, seed=plan.seed + 1)))
        if parameter.required:
            self._tell(parameter, "yes", f"{few_words(value)}: it has to be given")
            return
        for changed in another(value):
            with suppress(Exception, TooLong):
                self._compare(parameter, changed, seen, self._look(plan.changed(**{parameter.name: changed})))
            if parameter.name in self.findings:
                return
        self._leave_out(parameter, value, plan, seen)

    def _beside_fewer(self, parameter: Parameter, plan: Plan) -> None:
        """Without one of the others that have an effect at a time."""
        for other in self.own:
            name, value = other.name, plan.arguments().get(parameter.name)
            if self.findings[name].verdict != "yes" or name in self.plan.arguments() or name not in plan.arguments():
                continue
            fewer = plan.changed(**{name: None})
            with suppress(Exception, TooLong):
                if name not in self._fewer:
                    self._fewer[name] = self._look(fewer)
                self._compare(parameter, value, self._look(fewer.changed(**{parameter.name: None})), self._fewer[name])
            if self.findings[parameter.name].verdict == "yes":
                return

    def _leave_out(self, parameter: Parameter, value: Any, plan: Plan, seen: Seen) -> None:
        try:
            before = self._look(plan.changed(**{parameter.name: None}))
        except TooLong as error:
            self._tell(parameter, "unknown", f"{few_words(value)}: without it {error}")
        except Exception as error:
            self._tell(parameter, "yes", f"{few_words(value)}: without it {type(error).__name__} is raised")
        else:
            self._compare(parameter, value, before, seen)
        if parameter.name not in self.findings:
            note = self._notes.get(parameter.name, "")
            self._tell(parameter, "unknown", f"{few_words(value)} has no effect{note}")

    def _look(self, plan: Plan) -> Seen:
        return observe(self.make(), plan, seconds=self._seconds())

    def _seconds(self) -> float:
        """How long the next call may take."""
        left = self._deadline - time.process_time()
        if left <= 0:
            raise TooLong("no time is left")
        return min(_LONGEST, left)

    def _compare(self, parameter: Parameter, value: Any, before: Seen, after: Seen) -> None:
        if isinstance(value, Callback) and value.calls:
            self._tell(parameter, "yes", f"it is called {value.calls} times")
        elif difference := self._comparison.difference(before, after):
            self._tell(parameter, "yes", f"{few_words(value)}: {difference}")

    def _tell_failure(self, parameter: Parameter, value: Any, error: Failure) -> None:
        line = _line(value, error)
        if isinstance(error, TooLong):
            self._tell(parameter, "unknown", f"{few_words(value)}: {error}")
        elif is_refusal(error, parameter.name, self.plan.entry):
            self._tell(parameter, "unknown", f"refused: {line}")
        else:
            self._tell(parameter, "error", line)
            self.failed[parameter.name] = f"{parameter.name}={few_words(value)}", error

    def _tell(self, parameter: Parameter, verdict: Verdict, detail: str) -> None:
        self.findings[parameter.name] = Finding(verdict, detail)


def _line(value: Any, error: Failure) -> str:
    return f"{few_words(value)}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"


def is_refusal(error: Exception, name: str, entry: str) -> bool:
    """Whether code looked at an argument and raised since it does not like it: then what is made up is wrong.

    The error names it, or a function raises that was passed it; ``entry`` is passed everything, which tells nothing.
    """
    if not isinstance(error, _REFUSALS) or error.__traceback__ is None:
        return False
    frames = list(traceback.walk_tb(error.__traceback__))
    called = next((frame.f_code for frame, _ in frames if frame.f_code.co_name == entry), None)
    frame, line = frames[-1]
    code = frame.f_code
    deliberate = re.search(r"(^|\s)(raise|assert)\b", linecache.getline(code.co_filename, line))
    takes = code is not called and name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return deliberate is not None and (takes or re.search(rf"\b{name}\b", str(error)) is not None)
