"""``gremio demo``: the tour, with a line for each stop and a sheet of pictures at the end."""

from __future__ import annotations

import time
from pathlib import Path

import click


@click.command()
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("gremio-demo"),
    show_default=True,
    help="Folder for the pictures.",
)
def demo(output: Path) -> None:
    """Show everything once: a local Hub, a small model that comes along, and the pipelines of the shelf.

    It needs no network, no account and no GPU, and writes nothing but the pictures.
    """
    from gremio.cli.run import quiet_libraries
    from gremio.demo import contact_sheet, tour
    from gremio.running.outputs import collect, save

    started = time.perf_counter()
    click.echo("Starting a Hub on this machine and putting a model and a shelf of pipelines there …")
    quiet_libraries()
    stops = []
    for stop in tour():
        stops.append(stop)
        stem = f"{len(stops)}-{stop.title.split(',')[0].split(':')[0].lower().replace(' ', '-')}"
        output.mkdir(parents=True, exist_ok=True)
        save(collect(list(stop.pictures)), output / f"{stem}.png", metadata={"gremio:code": stop.code})
        click.echo(f"{click.style(stop.title, bold=True)}  {stop.seconds:.1f} s\n    {stop.code}")
    sheet = output / "sheet.png"
    save(collect(contact_sheet(stops)), sheet)
    click.echo(f"\n{sum(len(s.pictures) for s in stops)} pictures in {time.perf_counter() - started:.0f} s.")
    click.echo(f"All on one sheet: {click.style(str(sheet.resolve()), bold=True)}")
