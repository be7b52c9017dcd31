"""``gremio demo``: the tour, with a line for each stop and a sheet of pictures at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gremio.cli.libraries import require_extra
from gremio.drawing.quiet import quiet_libraries


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
    require_extra("run")
    from gremio.demo import contact_sheet, tour
    from gremio.running.outputs import collect, save

    started = time.perf_counter()
    click.echo("Starting a Hub on this machine and putting a model and a shelf of pipelines there …")
    quiet_libraries(bars=False)
    output.mkdir(parents=True, exist_ok=True)
    stops = []
    for stop in tour(_bar):
        stops.append(stop)
        path = output / f"{len(stops)}-{stop.name}.png"
        save(collect(list(stop.pictures)), path, metadata={"gremio:code": stop.code})
        click.echo(f"{click.style(stop.title, bold=True)}  {stop.seconds:.1f} s\n    {stop.code}")
    sheet = output / "sheet.png"
    save(collect(contact_sheet(stops)), sheet)
    click.echo(f"\n{sum(len(s.pictures) for s in stops)} pictures in {time.perf_counter() - started:.0f} s.")
    click.echo(f"All on one sheet: {click.style(str(sheet.resolve()), bold=True)}")


@contextmanager
def _bar(title: str, steps: int) -> Iterator[Callable[[], object]]:
    """One bar, gone when it is full; none where there is no terminal."""
    from tqdm import tqdm

    layout = "{desc}  {bar:24} {percentage:3.0f} %"
    with tqdm(desc=title, total=steps, bar_format=layout, leave=False, disable=None) as bar:
        yield bar.update
