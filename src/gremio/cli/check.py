"""``gremio check``: whether pipelines run here. Torch is loaded in the processes that it starts, not in this one."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.libraries import require_extra
from gremio.cli.options import access_options, code_options, format_option
from gremio.cli.trials import access_of, limits_of, report_lines, request_of, trial_options
from gremio.cli.wording import answer
from gremio.code.ref import FORMS
from gremio.errors import CodeError, OptionError, StoreError
from gremio.machine.paths import expanded

if TYPE_CHECKING:
    from gremio.checking.counting import Counts, SideBySide
    from gremio.checking.request import Loader
    from gremio.checking.runner import Job
    from gremio.checking.table import Entry, Table
    from gremio.checking.targets import CheckedFile
    from gremio.machine.settings import Settings

log = logging.getLogger("gremio")
_MEMORY = 8192  # MB for each of many; tiny models take a tenth
_FILE = Path("gremio-check.json")
_OF_ALL = {
    "beside": "--beside",
    "jobs": "--jobs",
    "out": "--out",
    "page_file": "--page",
    "fresh": "--fresh",
    "label": "--label",
}


@click.command()
@click.argument("ref", required=False, shell_complete=completing.refs)
@click.option("--all", "everything", is_flag=True, help="Check the whole community folder, or every file of a folder.")
@click.option("--loader", type=click.Choice(["gremio", "diffusers"]), default="gremio", help="Who loads the code.")
@click.option("--beside", type=click.Choice(["diffusers"]), help="With --all: check by plain diffusers as well.")
@click.option("--jobs", type=click.IntRange(1), help="With --all: how many at once; half the processors if not given.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help=f"With --all: the table's file, to which every check adds; {_FILE} if not given.",
)
@click.option(
    "--page",
    "page_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="With --all: write the whole table as Markdown too.",
)
@click.option("--fresh", is_flag=True, help="With --all: check again what is in the table.")
@click.option("--label", help="With --all FOLDER: what the table calls it; the folder's name if not given.")
@trial_options
@code_options
@access_options
@format_option
@click.pass_context
def check(ctx: click.Context, /, ref: str | None, everything: bool, form: str, **options: Any) -> None:
    """Check whether REF runs here.

    REF is a community pipeline's name, owner/repo, or a path (./folder, folder/file.py). It is given the smallest
    components that fit, with random weights, and called with arguments made from its signature. A component is
    saved, loaded and tried in the place of Diffusers' own in a tiny pipeline, modular blocks in one of their own.
    Nothing is downloaded but the code. Exits with 0 if it runs and with 1 if it doesn't.

    \b
    gremio check lpw_stable_diffusion
    gremio check --all --revision v0.36.0 --jobs 4 --page table.md
    """
    if everything:
        ctx.exit(_check_all(ref, options, form))
    if ref is None:
        raise OptionError("there is nothing to check", next_step=f"{FORMS} Or check them --all.")
    ctx.exit(_check_one(ref, options, form))


def _check_one(ref: str, options: dict[str, Any], form: str) -> int:
    from gremio.checking.outcomes import outcome
    from gremio.checking.planning import require_leave
    from gremio.checking.runner import Runner, environment
    from gremio.code import PipelineRef
    from gremio.machine.settings import Settings
    from gremio.sources import fetch

    given = [option for name, option in _OF_ALL.items() if options.pop(name)]
    if given:
        raise OptionError(f"{', '.join(given)} is for many pipelines", ref=ref, next_step="Use it with --all.")
    parsed = PipelineRef.parse(ref)
    require_extra("run")
    settings, access, limits = Settings.from_environment(), access_of(options), limits_of(options)
    revision = options.pop("revision")
    request = request_of(
        ref, options, revision=revision, class_name=options.pop("class_name"), loader=options.pop("loader")
    )
    require_leave([request.loader], remote=parsed.source != "local", settings=settings)
    found = ""
    with suppress(CodeError):
        # What isn't there is an error of this command; what is there and can't be used is for the report.
        found = str(fetch(parsed, revision=revision, access=access, settings=settings).digest)
    report = Runner(limits=limits, environ=environment(access)).check(request)
    if report.error and report.error.kind == "OptionError" and report.reached == "read":
        raise OptionError(report.error.message, ref=ref, next_step=report.error.hint)
    if request.loader == "gremio" and request.mend:
        _remember(settings, dict.fromkeys((found, report.digest), outcome(report)))
    answer(form, {"outcome": outcome(report), **report.as_dict()}, report_lines(report))
    return 0 if report.runs else 1


def _check_all(folder: str | None, options: dict[str, Any], form: str) -> int:
    from gremio.checking.planning import plan, remaining, require_leave
    from gremio.checking.runner import Runner, environment, sole_writer
    from gremio.checking.table import Table
    from gremio.machine.settings import Settings

    _refuse(folder, options)
    require_extra("run")
    settings, access = Settings.from_environment(), access_of(options)
    limits, loaders = limits_of(options, memory=_MEMORY), _loaders(options)
    require_leave(loaders, remote=folder is None, settings=settings)
    path: Path = options.pop("out") or _FILE
    with sole_writer(path, settings):
        table = Table.load(path)
        subjects = _subjects(folder, options, access, settings)
        jobs = plan(subjects, request_of("", options, pipelines_only=True), loaders, limits)
        if options["fresh"]:
            table.forget((job.planned.name, job.planned.column) for job in jobs)
        left, answered = remaining(jobs, table)
        # At once, so that a place that can't be written is known before the trials are made.
        table.save(path)
        runner = Runner(limits=limits, environ=environment(access, threads=1))
        found = _Progress(jobs, answered, path)
        try:
            found.make(runner, left, table, options["jobs"] or _half_of_processors())
        finally:
            _remember_all(settings, found.entries, subjects)
    return _tell(Table.of(found.entries), table, path, options["page_file"], form)


def _remember(settings: Settings, outcomes: Mapping[str, str]) -> None:
    """Have `gremio find` know it. A check is worth the same where that can't be written."""
    from gremio.catalog.results import remember

    try:
        remember(settings, outcomes)
    except StoreError as error:
        log.warning("what was found is not remembered for `gremio find`: %s", error.message)


def _remember_all(settings: Settings, entries: Sequence[Entry], subjects: Sequence[CheckedFile]) -> None:
    found = {subject.name: subject.found for subject in subjects}
    own = [entry for entry in entries if entry.column.loader == "gremio" and entry.column.mend]
    outcomes = {digest: entry.outcome for entry in own for digest in (entry.digest, found.get(entry.name, ""))}
    _remember(settings, outcomes)


def _refuse(folder: str | None, options: dict[str, Any]) -> None:
    """What can't go together with --all."""
    for name, option in {"class_name": "--class-name", "model": "--model", "components": "--component"}.items():
        if options[name]:
            raise OptionError(f"{option} is for one pipeline", next_step="Name it, without --all.")
    options.pop("class_name")
    if folder is not None and options["revision"]:
        step = "To say what the table is to call the folder, use --label."
        raise OptionError("a folder has no revisions", ref=folder, next_step=step)
    if folder is None and options["label"]:
        raise OptionError("--label is for a folder", next_step="The community folder's version is named by --revision.")


def _loaders(options: dict[str, Any]) -> list[Loader]:
    return list(dict.fromkeys(name for name in (options.pop("loader"), options.pop("beside")) if name))


def _subjects(folder: str | None, options: dict[str, Any], access: Any, settings: Any) -> list[CheckedFile]:
    from gremio.checking.targets import of_folder, of_mirror

    revision, label = options.pop("revision"), options.pop("label")
    if folder is None:
        return of_mirror(revision, access=access, settings=settings)
    return of_folder(expanded(folder), version=label, access=access, settings=settings)


def _half_of_processors() -> int:
    return max(1, (os.cpu_count() or 1) // 2)


class _Progress:
    """The entries of this check, those of before among them, with a bar."""

    def __init__(self, jobs: Sequence[Job], answered: Sequence[Entry], path: Path) -> None:
        self.entries = list(answered)
        self._all = len(jobs)
        self._path = path

    def make(self, runner: Any, left: Sequence[Job], table: Table, at_once: int) -> None:
        """Make the trials that are left; ^C keeps what is done."""
        from tqdm import tqdm

        if self.entries:
            click.echo(f"{len(self.entries)} of {self._all} are in {self._path} already", err=True)
        with tqdm(total=self._all, initial=len(self.entries), unit="trial", disable=None) as bar:

            def done(entry: Entry) -> None:
                self.entries.append(entry)
                bar.set_postfix_str(entry.name, refresh=False)
                bar.update()

            try:
                runner.check_all(left, at_once=at_once, table=table, path=self._path, done=done)
            except KeyboardInterrupt:
                bar.close()
                told = f"{len(self.entries)} of {self._all} are done and kept in {self._path}"
                click.echo(f"{told}; the same command goes on from there.", err=True)
                raise click.Abort from None


def _tell(found: Table, table: Table, path: Path, page_file: Path | None, form: str) -> int:
    from gremio.checking.counting import counts, side_by_side
    from gremio.checking.markdown import page
    from gremio.machine.placing import place

    totals, pairs = counts(found), side_by_side(found)
    if page_file is not None:
        place(page_file, lambda new: new.write_text(page(table), "utf-8"))
    numbers = {"counts": [each.as_dict() for each in totals], "side_by_side": [pair.as_dict() for pair in pairs]}
    kept = f"All of it is in {' and '.join(map(str, filter(None, (path, page_file))))}."
    answer(form, {**numbers, **found.as_dict()}, [*_summary(found, totals, pairs), kept])
    # Plain diffusers beside is for comparison.
    judged = [each for each in totals if each.column.loader == "gremio"] or totals
    return 0 if all(each.runs == each.pipelines for each in judged) else 1


def _summary(found: Table, totals: Sequence[Counts], pairs: Sequence[SideBySide]) -> Iterator[str]:
    for each in totals:
        yield click.style(f"{each.column}: {each.runs} of {each.pipelines} run", bold=True)
        entries = found.of_column(each.column)
        lacking = [entry for entry in entries if found.outcome(entry) == "packages"]
        failed = [entry for entry in entries if found.outcome(entry) not in ("runs", "packages", "no pipeline")]
        yield from _group("do not run", failed)
        yield from _group("packages missing", lacking)
        others = [entry.name for entry in entries if found.outcome(entry) == "no pipeline"]
        yield from _names("no pipeline", others)
        yield from _names("run without any code of their own", each.stock)
        if each.own:
            yield f"  own arguments exercised: {each.exercised} of {each.own}"
    for pair in pairs:
        yield click.style(f"beside plain diffusers, {pair.ours.version}: {pair.both} run in both", bold=True)
        yield f"  {pair.identical} bit-identical"
        yield from _names("different", pair.differing)
        yield from _names("random in either", pair.unsettled)
        yield from _names("run in plain diffusers only", pair.only_diffusers)


def _group(title: str, entries: Sequence[Entry]) -> Iterator[str]:
    if entries:
        yield click.style(f"  {title} ({len(entries)})", fg="cyan")
        width = max(len(entry.name) for entry in entries)
        yield from (f"    {entry.name:<{width}}  {_why(entry)}" for entry in entries)


def _why(entry: Entry) -> str:
    from gremio.checking.outcomes import advice

    report = entry.report
    if report.missing:
        return advice(report)
    return " ".join(str(report.error).split())[:200] if report.error else f"ended at the stage {report.reached}"


def _names(title: str, names: Sequence[str]) -> Iterator[str]:
    if names:
        yield f"  {title} ({len(names)}): {', '.join(names)}"
