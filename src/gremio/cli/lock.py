"""``gremio add``, ``remove``, ``lock`` and ``update``: what ``gremio.lock`` says. Never loads torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.findings import changed_lines
from gremio.cli.options import access_arguments, access_options, format_option, project_option
from gremio.cli.wording import answer, section

if TYPE_CHECKING:
    from gremio.code import CodeTree
    from gremio.workspace import LockEntry, Workspace
    from gremio.workspace.changes import Changes


@click.command()
@click.argument("name")
@click.argument("ref", required=False, default="", shell_complete=completing.refs)
@click.option("-m", "--model", default="", help="The weights: owner/repo or a folder.")
@click.option("--revision", default="", help="Of the code, as for `run`.")
@click.option("--model-revision", default="", help="Of the weights.")
@click.option("--class-name", default="", help="Which class, where the file defines several.")
@click.option("--variant", default="", help="Weights of that variant, such as fp16.")
@click.option(
    "--sandbox", is_flag=True, help="It runs in a process that can reach nothing; its code needs no approval."
)
@click.option("--approve", "yes", is_flag=True, help="You have looked at its code: let exactly this run.")
@click.option("--note", default="", help="Why, for whoever reads the lock.")
@project_option
@access_options
def add(name: str, yes: bool, note: str, project: str, **options: Any) -> None:
    """Lock a pipeline under NAME: code and weights at their commits, with a hash for every file.

    \b
    gremio add fox lpw_stable_diffusion --model stable-diffusion-v1-5/stable-diffusion-v1-5
    gremio add film --model showlab/show-1-base

    REF is a community pipeline's name, owner/repo, or a path (./folder, folder/file.py); without it the model's own
    pipeline is meant. Nothing runs and no weights are fetched: `gremio sync` does that.
    """
    from gremio.workspace import LockEntry

    work = _workspace(project, options)
    asked = LockEntry(name, **options)
    if name in work.entries:
        work.refuse_second(name)
    entry, trees = work.resolve(asked)
    work.put(_consented(work, entry, trees, yes=yes, note=note), trees, new=True)
    _told(work, work.entry(name))


@click.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME…", shell_complete=completing.names)
@project_option
def remove(names: tuple[str, ...], project: str) -> None:
    """Take pipelines out of the lock. Nothing else is deleted."""
    work = _workspace(project, {})
    for name in names:
        work.remove(name)
        click.echo(f"removed {name}")


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if the lock is not complete.")
@click.option("--approve", "yes", is_flag=True, help="You have looked at the code: let exactly this run.")
@project_option
@access_options
def lock(check: bool, yes: bool, project: str, **options: Any) -> None:
    """Complete the lock: resolve what was written into it by hand, and hash local code and models anew."""
    work = _workspace(project, options)
    stale = []
    for entry in work.entries.values():
        if not work.is_stale(entry):
            continue
        stale.append(entry.name)
        if check:
            click.echo(f"{entry.name}: is not locked as it is now")
        else:
            _renew(work, entry, yes=yes, ask=False)
    if not stale:
        click.echo("the lock is complete")
    if stale and check:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=completing.names)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("-y", "--yes", "sure", is_flag=True, help="Don't ask whether to lock what has changed.")
@click.option("--approve", "yes", is_flag=True, help="You have looked at the new code: let exactly this run.")
@project_option
@access_options
@format_option
def update(
    names: tuple[str, ...], dry_run: bool, sure: bool, yes: bool, project: str, form: str, **options: Any
) -> None:
    """Resolve pipelines again, show what would change (commits, code, what it could do), and lock that."""
    work = _workspace(project, options)
    entries = [work.entry(name) for name in names] or list(work.entries.values())
    told = []
    for entry in entries:
        changes = _renew(work, entry, yes=yes, ask=not sure, dry_run=dry_run, quiet=form == "json")
        told.append(changes)
        if not changes and form == "human":
            click.echo(f"{entry.name}: nothing has changed")
    answer(form, [each.as_dict() for each in told], ())


def _workspace(project: str, options: dict[str, Any]) -> Workspace:
    from gremio.workspace import Workspace

    return Workspace(project, **(access_arguments(options) if options else {}))


def _renew(
    work: Workspace, entry: LockEntry, *, yes: bool, ask: bool, dry_run: bool = False, quiet: bool = False
) -> Changes:
    new, trees = work.resolve(replace(entry, code=None, weights=None))
    changes = work.changes(entry, new, trees)
    if changes and not quiet:
        answer("human", None, _lines(changes))
    if not changes or dry_run:
        return changes
    known = [code.approval for code in entry.codes if code.approval]
    new = _consented(work, work.approved(new, *known), trees, yes=yes)
    if ask:
        from gremio.cli.consent import can_ask

        if can_ask() and not click.confirm(f"Lock {entry.name} like this?", default=False, err=True):
            return changes
    work.put(new, trees)
    click.echo(f"locked {entry.name} {new.digest}", err=quiet)
    return changes


def _consented(work: Workspace, entry: LockEntry, trees: Iterable[CodeTree], *, yes: bool, note: str = "") -> LockEntry:
    """The entry with the approvals that a person gives now, where some are lacking."""
    from gremio.cli.consent import approve

    by_digest = {tree.digest: tree for tree in trees}
    for code in work.project.unapproved(entry):
        tree = by_digest[code.digest]
        given = approve(tree, code.ref, settings=work.project.settings, note=note, yes=yes)
        if given is not None:
            entry = work.approved(entry, given)
    return entry


def _told(work: Workspace, entry: LockEntry) -> None:
    click.echo(f"locked {entry.name} {entry.digest}")
    for line in section("code", [f"{code.ref}  {code.approval or 'in a sandbox only'}" for code in entry.codes]):
        click.echo(line)
    if entry.weights:
        at = f"@{entry.weights.commit}" if entry.weights.commit else ""
        click.echo(f"  model {entry.weights.repo}{at}, {len(entry.weights.files)} files")
    click.echo(f"  next: gremio sync {entry.name}; then gremio run {entry.name}")


def _lines(changes: Changes) -> Iterable[str]:
    yield click.style(changes.name, bold=True)
    yield from section("commits", changes.commits)
    if changes.code:
        yield from section("code", [str(each) for each in changes.code.files])
        yield from section("diff", changes.code.diff.splitlines())
    yield from changed_lines(changes.came, changes.went, everything=True)
    yield from section("files of the model", changes.files[:20])
