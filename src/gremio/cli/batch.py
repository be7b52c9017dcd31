"""``gremio batch``: a file of calls, a folder of pictures."""

from __future__ import annotations

import shlex
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.consent import asking
from gremio.cli.libraries import require_extra
from gremio.cli.options import access_options, code_options, load_arguments, load_options, named_values, project_option
from gremio.errors import GremioError, JobDiffers, OptionError
from gremio.machine.terminal import plain_line

if TYPE_CHECKING:
    from gremio.batching.estimate import Estimate
    from gremio.batching.progress import Progress

_QUIET = 15.0  # seconds between two lines of progress where nobody watches
_SIZES = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))


@click.command()
@click.argument("jobs")
@click.argument("axes", nargs=-1, metavar="[NAME=VALUES…]")
@click.option(
    "--pipeline",
    required=True,
    metavar="REF",
    shell_complete=completing.refs,
    help="The pipeline: as for `run`, or a name in gremio.lock.",
)
@click.option("-m", "--model", help="The weights: owner/repo or a folder. Without it REF is the model itself.")
@click.option("-o", "--output", required=True, metavar="PLACE", help="A folder, or s3://…, hf://… and their like.")
@click.option("--grid", multiple=True, metavar="NAME=VALUES", help="Each row once for each: steps=10,20 seed=1..4.")
@click.option("-p", "--prompt", help="For rows that have none.")
@click.option("--negative-prompt", help="For rows that have none.")
@click.option("--steps", type=int, help="For rows that have none.")
@click.option("-n", "--count", type=int, help="How many pictures a row.")
@click.option("--size", metavar="WxH", help="For rows that have none.")
@click.option("--image", "images", multiple=True, metavar="[NAME=]FILE", help="For rows that have none.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    callback=named_values,
    metavar="NAME=VALUE",
    help="Any other argument, for rows that lack it; @FILE reads a file.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="Of the job; random, and told, if not given.")
@click.option("--workers", type=click.IntRange(1), help="Processes that draw; a GPU each, else what fits.")
@click.option("--threads", type=click.IntRange(1), default=1, help="Of torch, a worker; they change the last bits.")
@click.option("--batch-size", type=click.IntRange(1), default=1, help="Rows in one call, if the pipeline takes lists.")
@click.option("--resume", is_flag=True, help="Go on with what was begun in PLACE.")
@click.option("--retry-failed", is_flag=True, help="With --resume: try rows again that failed.")
@click.option("--max-failures", type=click.IntRange(0), help="Stop when more rows have failed; never if not given.")
@click.option("--retries", type=click.IntRange(0), default=2, help="Of what may pass: a killed worker, memory, files.")
@click.option("--dry-run", is_flag=True, help="Check all rows, draw two, and tell what the rest would take.")
@click.option("--manifest", type=click.Choice(["jsonl", "parquet"]), default="jsonl", help="parquet adds a table.")
@click.option("--format", "form", metavar="png|jpg|webp|…", help="What files are saved as; by kind if not given.")
@click.option("--fps", type=click.FloatRange(0, min_open=True), help="Frames per second of films.")
@load_options
@click.option("--sandbox", is_flag=True, help="In processes that can reach nothing.")
@click.option("--ray", is_flag=False, flag_value="local", metavar="[ADDRESS]", help="On a Ray cluster.")
@project_option
@code_options
@access_options
def batch(jobs: str, axes: tuple[str, ...], **options: Any) -> None:
    """Draw every row of JOBS: a CSV, JSON lines or Parquet file, or a folder of pictures.

    A row is a call, a column an argument of the pipeline or one of prompt, negative_prompt, seed, steps, count, size,
    image; @file reads a file, id names the row. All rows are checked before the first is drawn.

    \b
    gremio batch prompts.csv --pipeline lpw_stable_diffusion -m stable-diffusion-v1-5/stable-diffusion-v1-5 -o out
    gremio batch prompts.csv --pipeline fox -o out --grid steps=10,20 seed=1..4 --workers 2
    gremio batch prompts.csv --pipeline fox -o out --resume

    What is done with is in PLACE/manifest.jsonl, and PLACE/index.html shows it. Whatever ends this command, the same
    with --resume goes on.
    """
    from gremio.batching.batch import Ways, draw, estimated

    require_extra("run")
    shown = _Shown()
    names = ("workers", "resume", "retry_failed", "max_failures", "retries", "manifest", "ray")
    ways = Ways(**{name: options.pop(name) for name in names}, listener=shown)
    dry = options.pop("dry_run")
    wish = _wish(jobs, axes, options)
    if dry:
        for line in _lines(estimated(wish, ways, asking), wish.out):
            click.echo(line)
        return
    if wish.seed is None and not ways.resume:
        wish = _seeded(wish)
    with _told_how_to_go_on(shown, wish.out):
        report = draw(wish, ways, asking)
    shown.end()
    for each in [made for made in report.made if made.error or made.note][:20]:
        click.echo(plain_line(f"{each.row}: {each.error or each.note}"), err=True)
    files = sum(len(each.files) for each in report.made)
    before = f", {report.before} were done before" if report.before else ""
    click.echo(f"{report.drawn} rows drawn, {len(report.failures)} failed{before}; {files} files in {report.out}")
    if report.failures:
        raise click.exceptions.Exit(1)


def _wish(jobs: str, axes: tuple[str, ...], options: dict[str, Any]) -> Any:
    from gremio.batching.plan import Wish

    stray = next((each for each in axes if "=" not in each), None)
    if stray is not None:
        raise OptionError(f"{stray!r} is neither an option nor name=values", next_step="One file of jobs at a time.")
    own = ("seed", "threads", "batch_size", "dtype", "device", "fps", "sandbox", "project")
    given = {name: options.pop(name) for name in own}
    return Wish(
        jobs=jobs,
        pipeline=options.pop("pipeline"),
        model=options.pop("model"),
        out=options.pop("output"),
        grid=(*options.pop("grid"), *axes),
        format=options.pop("form"),
        defaults=_defaults(options),
        **given,
        load=load_arguments(options),
    )


def _defaults(options: dict[str, Any]) -> dict[str, Any]:
    """What was given for rows that lack it, as cells."""
    cells: dict[str, Any] = dict(options.pop("settings"))
    images: dict[str, list[str]] = {}
    for text in options.pop("images"):
        name, equals, file = text.partition("=")
        named = bool(equals) and name.isidentifier()
        images.setdefault(name if named else "image", []).append(f"@{file if named else text}")
    cells |= {name: files if len(files) > 1 else files[0] for name, files in images.items()}
    own = {name: options.pop(name) for name in ("prompt", "negative_prompt", "steps", "count", "size")}
    return cells | {name: value for name, value in own.items() if value is not None}


def _seeded(wish: Any) -> Any:
    import random
    from dataclasses import replace

    seed = random.randrange(2**32)  # noqa: S311  a seed for pictures, not for secrets
    click.echo(f"seed {seed}", err=True)
    return replace(wish, seed=seed)


@contextmanager
def _told_how_to_go_on(shown: _Shown, out: str) -> Iterator[None]:
    """Say the command that goes on from here, whatever ends this one."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    except KeyboardInterrupt:
        shown.end()
        click.echo(f"interrupted; what is drawn is in {out}. To go on:\n  {_again()}", err=True)
        raise click.exceptions.Exit(130) from None
    except GremioError as error:
        shown.end()
        told = isinstance(error, JobDiffers) or shown.begun
        if told and "resume=True" in error.next_step:
            error.next_step = error.next_step.replace(
                "The same call with resume=True goes on from here.", f"To go on: {_again()}"
            )
        raise
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


def _again() -> str:
    """This command, to be typed again."""
    arguments = [each for each in sys.argv[1:] if each != "--resume"]
    return shlex.join(["gremio", *arguments, "--resume"])


class _Shown:
    """A line that tells how far it is: drawn over on a terminal, a new one now and then elsewhere."""

    def __init__(self) -> None:
        self.begun = False
        self._last = time.monotonic()
        self._width = 0

    def __call__(self, progress: Progress) -> None:
        self.begun = True
        terminal, now = sys.stderr.isatty(), time.monotonic()
        if progress.note:
            self._line(plain_line(f"note: {progress.note}"))
        if terminal:
            text = str(progress)
            click.echo("\r" + text.ljust(self._width), nl=False, err=True)
            self._width = len(text)
        elif now - self._last >= _QUIET and progress.pictures:
            self._last = now
            click.echo(str(progress), err=True)

    def _line(self, text: str) -> None:
        click.echo(("\r" + text.ljust(self._width)) if self._width else text, err=True)
        self._width = 0

    def end(self) -> None:
        """Leave the last line as it is."""
        if self._width:
            click.echo(err=True)
        self._width = 0


def _lines(estimate: Estimate, out: str) -> Iterator[str]:
    from gremio.batching.progress import clock

    yield f"{estimate.rows} rows, all of them can be drawn"
    yield f"two of them took {' and '.join(f'{each:.1f}' for each in estimate.probes)} seconds"
    yield f"about {clock(estimate.seconds)} with {estimate.workers} worker{'s' if estimate.workers > 1 else ''}"
    free = f", {_size(estimate.free)} are free in {out}" if estimate.free is not None else ""
    yield f"about {_size(estimate.bytes)}{free}"


def _size(count: float) -> str:
    unit, each = next(((unit, each) for unit, each in _SIZES if count >= each), ("bytes", 1))
    return f"{count / each:.3g} {unit}"
