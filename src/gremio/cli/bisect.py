"""``gremio bisect``: which revision of a pipeline's code broke it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.libraries import require_extra
from gremio.cli.options import access_options, format_option
from gremio.cli.trials import access_of, limits_of, request_of, trial_options
from gremio.cli.wording import answer

if TYPE_CHECKING:
    from gremio.checking.bisect import Found, Step
    from gremio.checking.judges import Judge
    from gremio.checking.revisions import Revision
    from gremio.code import CodeTree, PipelineRef

_COLOURS = {"good": "green", "bad": "red"}


@click.command()
@click.argument("ref", shell_complete=completing.refs)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--good", required=True, metavar="REVISION", help="An older revision, which runs.")
@click.option("--bad", required=True, metavar="REVISION", help="A newer revision, which doesn't.")
@click.option("--class-name", help="Which class, where the file defines several.")
@trial_options
@access_options
@format_option
def bisect(ref: str, command: tuple[str, ...], form: str, **options: Any) -> None:
    """Find the first revision of REF's code that does not run.

    REF is a community pipeline's name, whose revisions are the versions of the community folder, or owner/repo, whose
    are its commits. A COMMAND after -- decides instead of `gremio check`: 0 is good, 125 can't tell, any other exit
    code is bad. It finds {ref} and {revision} filled in, and both in GREMIO_BISECT_REF and GREMIO_BISECT_REVISION.

    \b
    gremio bisect lpw_stable_diffusion --good v0.30.0 --bad main
    gremio bisect maria/long-prompt --good v1 --bad main -- python try.py {ref} {revision}
    """
    from gremio.checking.bisect import Bisection
    from gremio.checking.revisions import revisions_between
    from gremio.code import PipelineRef
    from gremio.machine.settings import Settings
    from gremio.sources import fetch

    parsed, settings, access = PipelineRef.parse(ref), Settings.from_environment(), access_of(options)
    revisions = revisions_between(parsed, options.pop("good"), options.pop("bad"), access=access, settings=settings)

    def get(revision: Revision) -> CodeTree:
        return fetch(parsed, revision=revision.name, access=access, settings=settings)

    judge = _judge(parsed, command, options, access)
    # A repository's commit may change its weights and leave its code, and a command may look at those.
    by_code = parsed.source == "mirror" or not command
    click.echo(f"{len(revisions)} revisions from {revisions[0]} to {revisions[-1]}", err=True)
    found = Bisection(ref, get, judge, code_decides=by_code, told=_tell).search(revisions)
    answer(form, found.as_dict(), _lines(found))


def _judge(ref: PipelineRef, command: tuple[str, ...], options: dict[str, Any], access: Any) -> Judge:
    from gremio.checking.judges import CommandJudge, TrialJudge
    from gremio.checking.runner import Runner, environment
    from gremio.machine.processes import Children

    limits = limits_of(options)
    request = request_of(ref.text, options, class_name=options.pop("class_name"))
    if command:
        return CommandJudge(command, ref.text, Children(environment(access)), limits)
    require_extra("run")
    return TrialJudge(Runner(limits=limits, environ=environment(access)), request)


def _tell(step: Step) -> None:
    verdict = step.judgement.verdict
    why = f"same code as {step.same_as}" if step.same_as else step.judgement.why
    word = click.style(f"{verdict:<8}", fg=_COLOURS.get(verdict, "yellow"))
    click.echo(f"  {word} {step.revision}{'  ' + ' '.join(why.split())[:200] if why else ''}", err=True)


def _lines(found: Found) -> Iterator[str]:
    first, last = found.first_bad, found.last_good
    yield click.style(f"first bad: {first.revision.name}", bold=True)
    if first.revision.title:
        yield f"  {first.revision.title}"
    if found.between:
        names = ", ".join(revision.name for revision in found.between)
        yield click.style(f"  or one of these, which could not be judged: {names}", fg="yellow")
    yield f"last good: {last.revision.name}"
    if first.judgement.why:
        yield click.style("why", fg="cyan")
        yield f"  {first.judgement.why}"
    report = first.judgement.report
    if report and report.error and report.error.hint:
        yield f"  {report.error.hint}"
    yield click.style("changed", fg="cyan")
    yield from (f"  {each}" for each in found.difference.files or ("no code; what else is in the repository did",))
    yield from found.difference.diff.splitlines()
