"""``gremio catalog``: what can be found, brought up to date. Reads code, never runs it, and never loads torch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from gremio.catalog.entry import Source
from gremio.cli.options import access_arguments, access_options, format_option
from gremio.cli.wording import answer, in_options
from gremio.machine.terminal import plain

if TYPE_CHECKING:
    from gremio.catalog.sync import Synced


@click.group()
def catalog() -> None:
    """What `gremio find` looks through: read once, kept on this machine."""


@catalog.command()
@click.option(
    "--source",
    "sources",
    multiple=True,
    type=click.Choice(get_args(Source)),
    help="Only these, several in turn: the community folder's mirror, the Hub, your folders, what you approved.",
)
@click.option(
    "--folder",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder with pipelines of yours, alone; later syncs know it.",
)
@click.option(
    "--all-revisions/--newest-only",
    default=None,
    help="Every version of the community folder, or the newest alone; as last time if not given.",
)
@access_options
@format_option
def sync(sources: tuple[Source, ...], folders: tuple[Path, ...], form: str, **options: Any) -> None:
    """Read what is new or has changed: Diffusers' community folder, the Hub, your folders, what you approved.

    What has not changed is neither downloaded nor read again. Interrupted, it goes on where it was. Exits with 1 if a
    place could not be read to its end; what is known of it stays.

    \b
    gremio catalog sync
    gremio catalog sync --folder ./pipelines
    gremio catalog sync --source mirror --all-revisions
    """
    from gremio.catalog.sync import Options
    from gremio.catalog.sync import sync as synced
    from gremio.machine.settings import Settings
    from gremio.sources import Access

    settings = Settings.from_environment()
    every = options.pop("all_revisions")
    access = Access.of(settings, **access_arguments(options))
    bar = _Bar()
    found = []
    try:
        for each in synced(
            settings,
            access,
            Options(sources, folders, every),
            progress=bar.show,
            waiting=lambda: click.echo(_WAIT, err=True),
        ):
            bar.close()
            found.append(each)
            if form == "human":
                for line in _lines(each):
                    click.echo(line)
    except KeyboardInterrupt:
        bar.close()
        click.echo("What was read is kept; the same command goes on from there.", err=True)
        raise click.Abort from None
    if form == "json":
        answer(form, [vars(each) for each in found], ())
    if any(each.problem for each in found):
        raise click.exceptions.Exit(1)


_WAIT = "another sync is at work; waiting for it"


class _Bar:
    """A bar for the place that is read; on terminals only."""

    def __init__(self) -> None:
        self._bar: Any = None

    def show(self, title: str, done: int, items: int) -> None:
        from tqdm import tqdm

        class Bar(tqdm):  # type: ignore[misc]
            monitor_interval = 0  # its thread, and a process that has threads can't be forked to read faster

        if self._bar is None:
            self._bar = Bar(total=items, desc=plain(title), disable=None, leave=False)
        self._bar.update(done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _lines(done: Synced) -> Iterator[str]:
    counts = {"new": done.new, "changed": done.changed, "gone": done.gone}
    told = ", ".join(f"{number} {word}" for word, number in counts.items() if number) or "nothing new"
    yield f"{plain(done.title)}: {done.entries} entries, {told}"
    if done.problem:
        step = f"\n  {done.next_step}" if done.next_step else ""
        yield click.style(in_options(plain(f"  not to its end: {done.problem}{step}")), fg="yellow")
