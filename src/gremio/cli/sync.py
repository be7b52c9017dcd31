"""``gremio sync``, ``verify``, ``export`` and ``import``: what is locked, on this machine. Never loads torch."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from gremio.cli import completing
from gremio.cli.options import access_arguments, access_options, format_option, project_option
from gremio.cli.wording import answer


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=completing.names)
@project_option
@access_options
def sync(names: tuple[str, ...], project: str, **options: Any) -> None:
    """Fetch everything that is locked, and check it. Afterwards it loads without a network."""
    from gremio.workspace import Workspace

    for done in Workspace(project, **access_arguments(options)).sync(names):
        what = f"fetched {len(done.fetched)} files" if done.fetched else "everything is here"
        click.echo(f"{done.name}: {what}")


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=completing.names)
@project_option
@format_option
def verify(names: tuple[str, ...], project: str, form: str) -> None:
    """Compare everything on this machine with the lock; every file is read and hashed again.

    Exits with 1 if something differs.
    """
    from gremio.workspace import Workspace

    found = Workspace(project).verify(names)
    answer(form, [asdict(each) for each in found], map(str, found) if found else ["everything is as locked"])
    if found:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("bundle", type=click.Path(dir_okay=False))
@click.argument("names", nargs=-1, metavar="[NAME…]", shell_complete=completing.names)
@click.option(
    "--weights", is_flag=True, help="With the models' files. Without it the other side needs them from its cache."
)
@project_option
def export(bundle: str, names: tuple[str, ...], weights: bool, project: str) -> None:
    """Write what is locked into one file, for a place without a network: the lock, the code, the weights if asked."""
    from gremio.workspace import Workspace

    made = Workspace(project).export(bundle, names, weights=weights)
    click.echo(f"{bundle}: {', '.join(made.entries)}; {made.codes} pieces of code, {made.files} files of models")


@click.command(name="import")
@click.argument("bundle", type=click.Path(exists=True, dir_okay=False))
@click.option("--approve", is_flag=True, help="You have looked at its code: let it run here.")
@project_option
def import_(bundle: str, approve: bool, project: str) -> None:
    """Take over what a bundle holds, checked against the lock inside it.

    Whose word let the code run where the bundle was made counts for nothing here, unless you say so with --approve.
    """
    from gremio.workspace import Workspace

    work = Workspace(project)
    taken = work.import_bundle(bundle, approve=approve)
    click.echo(f"took over {', '.join(taken.entries)}; {taken.codes} pieces of code, {taken.files} files of models")
    for name in taken.unapproved:
        for code in work.project.unapproved(work.entry(name)):
            click.echo(f"{name}: nobody here approved {code.ref}; read it, then: gremio approve {code.digest}")
