"""What came of a trial, in a word, and the report of one that could not write its own."""

from __future__ import annotations

from typing import Literal, get_args

from gremio.checking.request import TrialRequest
from gremio.checking.trial.report import Report
from gremio.code.review.requirements import NO_PACKAGE
from gremio.machine.processes import Ended, Limits, Trouble

Outcome = Literal[
    "runs", "partly", "loads", "fails", "packages", "refused", "timeout", "memory", "crashed", "no pipeline"
]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

TIMEOUT, MEMORY, CRASHED = "Timeout", "MemoryLimit", "Crashed"
_WORDS: dict[str, Outcome] = {
    TIMEOUT: "timeout",
    MEMORY: "memory",
    CRASHED: "crashed",
    "CodeChanged": "refused",
    "NoClass": "no pipeline",
    "NotTrusted": "refused",
    "MissingPackages": "packages",
}
# Python, C++, torch and the C library, in this order.
_NO_MEMORY = ("MemoryError", "bad_alloc", "can't allocate memory", "Cannot allocate memory")


def outcome(report: Report) -> Outcome:
    """``runs``; or how far it came: ``partly``, ``loads``, ``fails``; or why nothing can be said of the pipeline.

    What runs ``partly`` fails when one of its own arguments is turned on.
    """
    if report.runs:
        return "runs"
    if report.missing:
        return "packages"
    if report.error and report.error.kind in _WORDS:
        return _WORDS[report.error.kind]
    if report.reached == "own":
        return "partly"
    return "loads" if report.loads else "fails"


def advice(report: Report) -> str:
    """What installs the packages that a trial lacked: a command, and where the rest is that no index has."""
    notes = [f"{name}: {NO_PACKAGE[name]}" for name in report.missing if name in NO_PACKAGE]
    rest = [name for name in report.missing if name not in NO_PACKAGE]
    return "; ".join([*([f"pip install {' '.join(rest)}"] if rest else []), *notes])


def report_of(request: TrialRequest, ended: Ended, limits: Limits) -> Report:
    """The report that the process printed, or one that tells how it ended without."""
    try:
        report = Report.from_output(ended.out)
    except ValueError:
        return Report(
            ref=request.ref,
            class_name=request.class_name or "",
            loader=request.loader,
            error=_trouble(ended, limits),
            seconds={"all": round(ended.seconds, 2)},
        )
    return _named(report, limits)


def _named(report: Report, limits: Limits) -> Report:
    """Under a limit, what the code raised for want of memory is the limit's doing."""
    error = report.error
    if error is None or not limits.megabytes or not _out_of_memory(f"{error.kind}: {error.message}"):
        return report
    told = Trouble(MEMORY, _memory(limits), error.place, "Allow it more memory.")
    return Report.from_dict({**report.as_dict(), "error": vars(told)})


def _trouble(ended: Ended, limits: Limits) -> Trouble:
    if ended.timed_out:
        return Trouble(TIMEOUT, ended.without_report, hint="Allow it more time.")
    if limits.megabytes and _out_of_memory(ended.err):
        return Trouble(MEMORY, _memory(limits), hint="Allow it more memory.")
    return Trouble(CRASHED, ended.without_report)


def _memory(limits: Limits) -> str:
    return f"it needs more than {limits.megabytes} MB"


def _out_of_memory(text: str) -> bool:
    return any(sign in text for sign in _NO_MEMORY)
