"""``gremio find``: searches the catalogue, offline. Loads nothing heavy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, get_args

import click

from gremio.catalog import Catalog, Entry, Query
from gremio.catalog.entry import Source
from gremio.cli import completing
from gremio.cli.options import format_option
from gremio.cli.wording import answer
from gremio.errors import GremioError
from gremio.machine.settings import Settings
from gremio.machine.terminal import plain_line

if TYPE_CHECKING:
    from gremio.catalog.search import Found


@click.command()
@click.argument("words", nargs=-1, metavar="[WORDS…]")
@click.option("--task", shell_complete=completing.values("task"), help="Such as text-to-image, inpainting, unknown.")
@click.option("--family", shell_complete=completing.values("family"), help="Of models: stable-diffusion-xl, flux …")
@click.option("--runs/--no-runs", default=None, help="Only what `gremio check` found to run here; or only the rest.")
@click.option(
    "--missing-packages/--no-missing-packages",
    default=None,
    help="Only what needs packages that are not installed here; or only what needs none.",
)
@click.option("--source", type=click.Choice(get_args(Source)), help="From where; approved is what was approved here.")
@click.option("--all-revisions", is_flag=True, help="Older code of the same name too, as far as it was synced.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="How many at most.")
@format_option
def find(words: tuple[str, ...], form: str, all_revisions: bool, **filters: Any) -> None:
    """Find pipelines, components and blocks that have these WORDS, best first; without words, all of them.

    Looked through are names, titles, descriptions, authors, tasks, families of models, arguments, packages, licences,
    findings of the review and digests of all that `gremio catalog sync` has read. No network is needed, and no code is
    run. Exits with 1 if nothing is found.

    \b
    gremio find long prompt
    gremio find video --family wan --runs
    gremio find --task inpainting --no-missing-packages --format json
    """
    settings = Settings.from_environment()
    catalog = Catalog(settings)
    if not len(catalog):
        _build(settings)
    found = catalog.find(Query(" ".join(words), every_revision=all_revisions, **filters))
    document = {"every": found.every, "more": found.more, "entries": [entry.as_dict() for entry in found.entries]}
    answer(form, document, _lines(found, bool(words)))
    if not found.entries:
        raise click.exceptions.Exit(1)


def _build(settings: Settings) -> None:
    """Where nothing was synced: from what earlier loads left in the caches."""
    from gremio.catalog.sync import sync
    from gremio.sources import Access

    entries = sum(each.entries for each in sync(settings, Access.of(settings, local_files_only=True)))
    if not entries:
        step = "gremio catalog sync reads what there is; for a folder of yours: gremio catalog sync --folder PATH"
        raise GremioError("nothing has been read into the catalogue yet", next_step=step)
    click.echo(
        f"Nothing was synced yet: these are {entries} from the caches. `gremio catalog sync` reads all.", err=True
    )


def _lines(found: Found, asked: bool) -> Iterator[str]:
    if not found.entries:
        yield "nothing has these words" if asked else "nothing is like that"
        return
    if not found.every:
        yield "nothing has all of these words; some of them:"
    for entry in found.entries:
        yield from _told(entry)
    if found.more:
        yield "… and more: add words, or --limit"


def _told(entry: Entry) -> Iterator[str]:
    title = f"  {plain_line(entry.title)}" if entry.title else ""
    yield f"{click.style(plain_line(entry.ref), bold=True)}{title}"
    if entry.description:
        yield f"  {plain_line(entry.description)}"
    facts = [", ".join(entry.tasks), entry.family, _kind(entry), ", ".join(entry.authors), *_here(entry)]
    if told := " · ".join(plain_line(fact) for fact in facts if fact):
        yield click.style(f"  {told}", dim=True)


def _kind(entry: Entry) -> str:
    return entry.kind if entry.kind not in ("pipeline", "other") else ""


def _here(entry: Entry) -> Iterator[str]:
    """What is known of this machine, and what has to be looked at before it runs."""
    yield runs_here(entry)
    if entry.missing:
        yield f"needs {', '.join(entry.missing)}"
    if entry.grave:
        yield f"review: {', '.join(entry.grave)}"
    yield entry.approved
    yield entry.problem


def runs_here(entry: Entry) -> str:
    """What a check found, in words; empty where none was made."""
    if entry.runs is None:
        return ""
    outcome = "runs here" if entry.runs.outcome == "runs" else f"here: {entry.runs.outcome}"
    if entry.runs.holds:
        return outcome
    then = ", ".join(f"{name} {version}" for name, version in sorted(entry.runs.versions.items()))
    return f"{outcome.replace('here', 'then')} ({then})"
