"""The stages of one trial, from a ref to a report."""

from __future__ import annotations

import platform
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from gremio.checking.trial.argument_hints import Hints
from gremio.checking.trial.calling import Caller, first_call
from gremio.checking.trial.config_errors import refitted
from gremio.checking.trial.digest import describe, digest, is_finite
from gremio.checking.trial.executed_lines import Executed, executed
from gremio.checking.trial.loaded_class import Subject, load_subject
from gremio.checking.trial.makers import AnyMaker, maker_of
from gremio.checking.trial.measures import Measures
from gremio.checking.trial.missing_packages import missing_packages
from gremio.checking.trial.options import Options
from gremio.checking.trial.own_arguments import Exercise, own_parameters
from gremio.checking.trial.own_code import own_code
from gremio.checking.trial.pipelines import Maker
from gremio.checking.trial.recipes import prepare, together
from gremio.checking.trial.report import Finding, Report, Stage
from gremio.checking.trial.stand_ins import stand_ins
from gremio.checking.trial.target import Read, read_code
from gremio.checking.trial.wording import shown
from gremio.code.review import Review, complaint
from gremio.errors import OptionError
from gremio.machine.processes import Trouble
from gremio.running.outputs import collect

_REFITS = 4


def try_out(options: Options) -> Report:
    """Try the code; whatever fails is in the report."""
    trial = _Trial(options)
    try:
        trial.run()
    except (Exception, SystemExit) as error:
        trial.found["error"] = Trouble.of(error)
        trial.found["missing"] = trial.found.get("missing") or missing_packages(error)
        _show(error)
    return trial.report()


@dataclass
class _Trial:
    options: Options
    reached: Stage = "read"
    found: dict[str, Any] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        with self._stage("read"):
            read = self._read()
        with self._stage("packages"):
            self._check_packages(read.review)
        with self._stage("load"):
            subject = load_subject(self.options, read)
        self.found |= {
            "class_name": subject.cls.__name__,
            "digest": subject.digest,
            "relocations": subject.relocations,
            "mends": subject.mends,
            "own_methods": subject.own_methods(),
            "loads": True,
        }
        with ExitStack() as standing_in:
            # With somebody's own model everything is what it says.
            made = [] if self.options.model else standing_in.enter_context(stand_ins(seed=self.options.seed))
            self._try(subject, made)

    def _try(self, subject: Subject, made: list[str]) -> None:
        with executed() as ran:
            with self._stage("components"):
                maker = maker_of(subject, self.options)
                known = maker.findings()
                pipeline = maker.make()
            with self._stage("call"):
                try:
                    maker, caller, result = self._call(maker, pipeline)
                except Exception as error:
                    if not maker.excuse():
                        raise
                    self._tell_uncalled(maker, known, error)
                    return
        self._tell(subject, result, known, ran)
        told = {f"({name})": str(each) for name, each in subject.read.components.items() if each.seen}
        self.found["arguments"] |= told
        if place := maker.place():
            self.found["arguments"]["(in)"] = place
        if made:
            self.found["arguments"]["(in place of the Hub's)"] = ", ".join(dict.fromkeys(made))
        if isinstance(maker, Maker) and not self.options.quick:
            with self._stage("own"):
                self._turn_on(maker, caller)
        if "error" not in self.found:
            self.reached = "done"
            self.found["runs"] = True
        if not self.options.quick:
            self._try_more(maker, caller, result)

    def report(self) -> Report:
        return Report(
            ref=self.options.ref,
            loader=self.options.loader,
            reached=self.reached,
            seconds={name: round(value, 4) for name, value in self.seconds.items()},
            peak_mb=peak_mb(),
            versions=versions(),
            **self.found,
        )

    @contextmanager
    def _stage(self, stage: Stage) -> Iterator[None]:
        self.reached = stage
        with self._timed(stage):
            yield

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = time.perf_counter() - start

    def _read(self) -> Read:
        read = read_code(self.options)
        self.found |= {"class_name": read.class_name or read.review.class_name or "", "kind": read.kind}
        return read

    def _check_packages(self, review: Review) -> None:
        """Under Gremio loading itself refuses what lacks packages; here they are noted for plain diffusers as well."""
        self.found["missing"] = tuple(each.package or each.name for each in review.missing)
        if review.missing:
            raise complaint(review.missing, ref=self.options.ref)

    def _call(self, maker: AnyMaker, pipeline: Any) -> tuple[AnyMaker, Caller, Any]:
        """Call it; where the error says that a component has other numbers than the code counts on, with those."""
        if pipeline is None:
            raise OptionError(maker.excuse(), ref=self.options.ref)
        first: Exception | None = None
        changed: set[tuple[str, str]] = set()
        for _ in range(_REFITS):
            try:
                return maker, *self._call_once(maker, pipeline)
            except Exception as error:
                _show(error)
                first = first or error
                config = refitted(pipeline, error, changed) if not self.options.model else None
            if config is None:
                break
            changed |= {(name, key) for name, values in config.items() for key in values}
            try:
                maker = maker.fitted(config)
                pipeline = maker.make()
            except Exception as error:
                _show(error)
                break
        assert first is not None
        raise first

    def _call_once(self, maker: AnyMaker, pipeline: Any) -> tuple[Caller, Any]:
        done = prepare(pipeline, Measures.of(pipeline))
        plan = maker.plan(pipeline)
        self.found["arguments"] = shown(plan.arguments())
        caller, result = first_call(pipeline, plan)
        self.found["arguments"] = shown(caller.plan.arguments()) | ({"(before)": done} if done else {})
        return caller, result

    def _tell_uncalled(self, maker: AnyMaker, known: Mapping[str, Finding], error: Exception) -> None:
        """A component that is built, saved and loaded, and of which nobody knows what to call it with."""
        line = (
            "" if isinstance(error, OptionError) else f": {type(error).__name__}: {' '.join(str(error).split())[:200]}"
        )
        called = Finding("unknown", f"{maker.excuse()}{line}")
        self.found |= {"output": maker.summary(), "findings": {**known, "called": called}, "runs": True}
        self.found["arguments"] = {}
        self.reached = "done"

    def _tell(self, subject: Subject, result: Any, known: Mapping[str, Finding], ran: Executed) -> None:
        if result is None:
            raise OptionError("the pipeline returned nothing", ref=self.options.ref)
        finite = "" if is_finite(result) else ", with values that are no numbers (NaN)"
        self.found |= {
            "output": describe(result) + finite + (_savable(result) if self.found["kind"] == "pipeline" else ""),
            "output_digest": digest(result),
            "findings": {"own_code": own_code(subject, ran.functions), **known},
        }

    def _turn_on(self, maker: Maker, caller: Caller) -> None:
        """Exercise the arguments that are the pipeline's own; one that fails is what the trial comes to.

        Raises:
            Exception: a second pipeline fails where the first one ran.
        """
        sibling = maker.sibling()
        own = own_parameters(caller.plan.signature, sibling)
        self.found |= {"sibling": sibling.__name__ if sibling else "", "own_arguments": {}}
        if not own:
            return
        hints = Hints.of(maker.subject.read.tree.files, [each.name for each in own])
        make = (lambda: caller.pipeline) if self.options.model else maker.ready
        given = together(type(caller.pipeline).__name__, caller.pipeline, caller.plan.measures)
        exercise = Exercise(caller.plan, own, make, hints, given)
        self.found["own_arguments"] = exercise.run()
        for how, error in list(exercise.failed.values())[:1]:
            _show(error)
            trouble = Trouble.of(error)
            self.found["error"] = replace(trouble, message=f"with {how}: {trouble.message}")

    def _try_more(self, maker: AnyMaker, caller: Caller, result: Any) -> None:
        from gremio.checking.trial.findings import find_out

        with self._timed("findings"):
            more: Mapping[str, Finding] = find_out(caller, result, maker.ready)
        self.found["findings"] |= more


def _savable(result: object) -> str:
    try:
        collect(result)
    except OptionError:
        return ", which can't be saved as a file"
    return ""


def versions() -> dict[str, str]:
    """Of what a trial depends on."""
    found = {"python": platform.python_version()}
    for name in ("gremio", "diffusers", "transformers", "torch"):
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def peak_mb() -> float:
    """The most memory that this process has had, in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _show(error: BaseException) -> None:
    """The traceback on stderr, for whoever looks into it."""
    import traceback

    traceback.print_exception(error)
