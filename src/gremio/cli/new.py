"""``gremio new``: a folder to start from. Never loads torch."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from gremio.publishing.starting import KINDS, StartKind, likes, start


def _choices() -> str:
    told = (f"{kind}: {', '.join(likes(kind))}" for kind in KINDS if likes(kind))
    return f"What it works with; the first is the default. {'; '.join(told)}."


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name")
@click.option("--like", help=_choices())
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="The folder to make; ./NAME if not given.",
)
def new(kind: StartKind, name: str, like: str | None, output: Path | None) -> None:
    """Make a folder to start from: code that works, its tests, a README.

    The code is short and has one place marked START HERE. Its tests and `gremio check` use tiny random weights and
    download nothing; `gremio publish` takes the folder as it is.

    \b
    gremio new pipeline my-idea --like sdxl
    gremio new component my-unet
    """
    made = start(kind, name, like=like, folder=output)
    click.echo(f"{click.style(made.class_name, bold=True)} is in {made.folder}: {', '.join(made.files)}")
    click.echo(f"Begin with {made.code}, where it says START HERE. Then:")
    for line in (f"cd {shlex.quote(str(made.folder))}", "pytest", "gremio check ."):
        click.echo(f"  {line}")
