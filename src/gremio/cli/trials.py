"""What the commands that make trials have in common: options, the runner, a report in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremio.cli.options import access_arguments, named_values, together
from gremio.cli.wording import in_options, section

if TYPE_CHECKING:
    from gremio.checking.request import TrialRequest
    from gremio.checking.trial.report import Report
    from gremio.machine.processes import Limits
    from gremio.sources import Access


trial_options = together(
    click.option("-m", "--model", help="Weights to use, owner/repo or a folder, in place of tiny random ones."),
    click.option(
        "--component",
        "components",
        multiple=True,
        callback=named_values,
        metavar="NAME=CLASS",
        help="The class of a component, where nothing tells it: one of the code's own (file.py:Class, or Class), of "
        "diffusers or of transformers; several in turn.",
    ),
    click.option(
        "--set",
        "settings",
        multiple=True,
        callback=named_values,
        metavar="NAME=VALUE",
        help="An argument of the call, in place of the one that is made up; several in turn.",
    ),
    click.option("--seed", type=click.IntRange(0, 2**32 - 1), help="For everything random; 0 if not given."),
    click.option("--quick", is_flag=True, help="Load and call once; try no argument of its own, and nothing else."),
    click.option("--no-mend", is_flag=True, help="Leave the code as it is, whatever has changed around it."),
    click.option("--trust-remote-code", is_flag=True, help="Let the code that REF names run, if it is on the Hub."),
    click.option("--trust", multiple=True, metavar="REPO|DIGEST", help="Let exactly this run; several in turn."),
    click.option(
        "--timeout",
        type=click.FloatRange(0, min_open=True),
        default=600,
        show_default=True,
        metavar="SECONDS",
        help="How long one trial may take.",
    ),
    click.option("--memory", type=click.IntRange(0), metavar="MB", help="How much memory one may use; 0 is no limit."),
)


def request_of(ref: str, options: dict[str, Any], **more: Any) -> TrialRequest:
    """Take the options about a trial."""
    from gremio.checking.request import TrialRequest

    return TrialRequest(
        ref,
        model=options.pop("model"),
        components=options.pop("components"),
        settings=options.pop("settings"),
        seed=options.pop("seed"),
        quick=options.pop("quick"),
        mend=not options.pop("no_mend"),
        trust=options.pop("trust"),
        trust_remote_code=options.pop("trust_remote_code"),
        **more,
    )


def limits_of(options: dict[str, Any], *, memory: int | None = None) -> Limits:
    """Take the options about its process; ``memory`` is for when none is given."""
    from gremio.machine.processes import Limits

    seconds, megabytes = options.pop("timeout"), options.pop("memory")
    return Limits(seconds, (memory if megabytes is None else megabytes) or None)


def access_of(options: dict[str, Any]) -> Access:
    """Take the Hub's options."""
    from gremio.machine.settings import Settings
    from gremio.sources import Access

    return Access.of(Settings.from_environment(), **access_arguments(options))


def report_lines(report: Report) -> Iterator[str]:
    """A report for a person."""
    from gremio.checking.markdown import WORDS
    from gremio.checking.outcomes import outcome

    word, colour = WORDS[outcome(report)], "green" if report.runs else "red"
    if report.runs and report.not_exercised:
        word += f"; not exercised: {', '.join(report.not_exercised)}"
    elif report.runs and report.kind == "pipeline" and report.own_arguments is None:
        word += "; its own arguments were not tried"
    what = "" if report.kind == "pipeline" else f" ({report.kind})"
    yield click.style(f"{report.class_name or Path(report.ref).name}{what}: {word}", bold=True, fg=colour)
    if report.findings.get("own_code") and report.findings["own_code"].verdict == "no":
        what = "what ran is a pipeline of diffusers; none of its own code did"
        yield click.style(f"  {what if report.kind == 'pipeline' else 'none of its own code ran'}", fg="yellow")
    yield from _facts({"code": report.digest, "loaded by": report.loader, "output": report.output})
    yield from section("tried", _findings(report))
    yield from _own_arguments(report)
    yield from section("called with", (f"{name} = {value}" for name, value in report.arguments.items()))
    yield from section("mended here", report.mends)
    yield from section("relocated here", report.relocations)
    yield from _trouble(report)
    yield from _facts({"time": _time(report.seconds), "memory": f"{report.peak_mb:.0f} MB" if report.peak_mb else ""})
    yield from _facts({"with": ", ".join(f"{name} {number}" for name, number in report.versions.items())})


def _facts(facts: Mapping[str, str]) -> Iterator[str]:
    for name, value in facts.items():
        if value:
            yield f"  {name:<10} {value}"


def _findings(report: Report) -> Iterator[str]:
    from gremio.checking.trial.report import FINDINGS

    names = [*FINDINGS, *(name for name in report.findings if name not in FINDINGS)]
    for name in names:
        finding = report.findings.get(name)
        if finding:
            detail = f"  {finding.detail}" if finding.detail else ""
            yield f"{name.replace('_', ' '):<14} {finding.verdict:<8}{detail}".rstrip()


def _own_arguments(report: Report) -> Iterator[str]:
    words = {"yes": "exercised", "unknown": "not exercised", "error": "fails"}
    found = report.own_arguments or {}
    beside = f", beside {report.sibling}" if report.sibling else ""
    title = f"its own arguments{beside}: {report.exercised} of {len(found)} exercised"
    width = max(map(len, found), default=0)
    lines = (f"{name:<{width}}  {words[each.verdict]:<13}  {each.detail}" for name, each in found.items())
    yield from section(title, lines if found else ())


def _trouble(report: Report) -> Iterator[str]:
    from gremio.checking.outcomes import advice

    if report.error:
        yield click.style(f"stopped at: {report.reached}", fg="cyan")
        yield f"  {in_options(f'{report.error.kind}: {report.error.message}')}"
        if report.error.place:
            yield f"  at {report.error.place}"
        if report.error.hint and not report.missing:
            yield f"  {in_options(report.error.hint)}"
    if report.missing and not report.runs:
        yield click.style(f"Before it can run: {advice(report)}", fg="yellow")


def _time(seconds: Mapping[str, float]) -> str:
    if not seconds:
        return ""
    parts = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    return f"{sum(seconds.values()):.1f} s ({parts})" if len(seconds) > 1 else f"{sum(seconds.values()):.1f} s"
