"""``gremio publish``: a folder to the Hub. Torch is loaded in the processes that prove it, not in this one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremio.cli.options import format_option
from gremio.cli.wording import answer, in_options, section
from gremio.errors import OptionError
from gremio.machine.paths import expanded

if TYPE_CHECKING:
    from gremio.publishing.preview import Preview
    from gremio.publishing.publication import Publication
    from gremio.publishing.publish import Published


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("repo_id", required=False)
@click.option("--dry-run", is_flag=True, help="Show what would be published, and publish nothing.")
@click.option("--private/--public", default=None, help="Of a new repository; the Hub's default if not given.")
@click.option("--message", "commit_message", help="Of the one commit.")
@click.option("--create-pr", is_flag=True, help="Open a pull request in place of committing.")
@click.option("--branch", "revision", help="The branch to commit to; made if it isn't there.")
@click.option("--base-model", help="The model that code without weights is for, or that the weights come from.")
@click.option("--license", help="Of all of it, as the Hub names licences: apache-2.0.")
@click.option("--task", "pipeline_tag", help="As the Hub names tasks: text-to-image; told from the code if not given.")
@click.option("--tag", "tags", multiple=True, help="One more tag for the card; several in turn.")
@click.option("--include", multiple=True, metavar="PATTERN", help="Take these files of FOLDER along too.")
@click.option("--class-name", help="Which class, where the file defines several.")
@click.option("--replace-code", is_flag=True, help="Delete Python files of the repository that are no part of this.")
@click.option(
    "--verify/--no-verify",
    default=None,
    help="Load the commit in clean processes afterwards; if not given, unless that was proven before.",
)
@click.option("--to-diffusers-pr", is_flag=True, help="Print what Diffusers' community folder asks for instead.")
@click.option("--author", help="With --to-diffusers-pr: who is named, as a GitHub account.")
@click.option("--token", help="A token with write access; the one you are logged in with is used anyway.")
@format_option
def publish(folder: Path, repo_id: str | None, dry_run: bool, to_diffusers_pr: bool, form: str, **options: Any) -> None:
    """Publish FOLDER (or one .py file) as REPO_ID on the Hub: code, weights if there are any, a model card.

    One commit, and then the proof: the commit is loaded in a clean process, by Gremio and by plain diffusers.
    FOLDER stays as it is. Without REPO_ID it goes to a repository of yours with the folder's name.

    \b
    gremio publish my_pipeline --dry-run
    gremio publish my_pipeline maria/my-pipeline --base-model stable-diffusion-v1-5/stable-diffusion-v1-5
    """
    author = options.pop("author")
    if to_diffusers_pr:
        _print_for_diffusers(folder, options, author, form)
        return
    if author:
        raise OptionError("--author is for --to-diffusers-pr", next_step="Leave it out: the Hub knows who you are.")
    if dry_run:
        _show(folder, repo_id, options, form)
        return
    from gremio.publishing.publish import publish as publish_folder

    done = publish_folder(folder, repo_id, tell=partial(click.echo, err=True), **options)
    answer(form, done.as_dict(), _done_lines(done))


def _print_for_diffusers(folder: Path, options: dict[str, Any], author: str | None, form: str) -> None:
    from gremio.publishing.community.entry import for_diffusers
    from gremio.publishing.folder import read_folder
    from gremio.publishing.publish import name_of

    publication = read_folder(expanded(folder), class_name=options["class_name"])
    if publication.tree is None or publication.review is None:
        raise OptionError("there is no code in it", ref=str(folder), next_step="Name a pipeline's folder or .py file.")
    entry = for_diffusers(
        publication.tree,
        publication.review,
        name=name_of(folder).replace("-", "_"),
        author=author or "",
        base_model=options["base_model"] or "",
    )
    parts = {
        "file": entry.file,
        "row of the table in examples/community/README.md": entry.row,
        "section below it": entry.section,
    }
    shown = [line for title, text in parts.items() for line in (click.style(title, fg="cyan"), text, "")]
    answer(form, asdict(entry), [*shown, *(f"- {note}" for note in entry.notes)])


def _show(folder: Path, repo_id: str | None, options: dict[str, Any], form: str) -> None:
    from gremio.publishing.preview import preview

    told = ("class_name", "include", "base_model", "license", "pipeline_tag", "tags")
    found = preview(folder, repo_id, **{name: options[name] for name in told})
    answer(form, found.as_dict(), _preview_lines(found))


def _preview_lines(found: Preview) -> Iterator[str]:
    publication = found.publication
    yield click.style(f"{publication.class_name}: {_KINDS[publication.kind]}, for {found.repo_id}", bold=True)
    total = sum(publication.size(path) for path in publication.files)
    yield click.style(f"files ({len(publication.files)}, {_size(total)})", fg="cyan")
    width = max((len(path) for path in publication.files), default=0)
    yield from (f"  {path:<{width}}  {_size(publication.size(path)):>9}" for path in publication.files)
    yield from section("model_index.json", found.index.splitlines())
    yield click.style("README.md", fg="cyan")
    yield from (f"  {line}" for line in found.card.splitlines())
    yield from section(
        "reads otherwise there", [f"{e.path}:{e.line}  {e.before} → {e.after}" for e in publication.edits]
    )
    yield from section("code", _code_lines(publication))
    yield from section("plain diffusers can't load it", publication.limits)
    yield from section("stays here", [f"{each.path}  ({each.why})" for each in publication.left_out])
    yield from section("secrets, which would stop it", map(str, found.secrets))
    yield "Nothing was published."


_KINDS = {
    "pipeline": "a pipeline with its weights",
    "code": "the code of a pipeline",
    "component": "a component",
    "blocks": "modular blocks",
}


def _code_lines(publication: Publication) -> Iterator[str]:
    review = publication.review
    if review is None:
        return
    yield review.digest
    yield f"entry {review.entry}, class {publication.class_name}"
    lacking = [item.package or item.name for item in review.missing]
    needs = [item.package or item.name for item in review.requirements if not item.optional]
    yield f"needs {', '.join(needs)}" if needs else "needs no packages"
    if lacking:
        yield f"not installed here: {', '.join(lacking)}"
    yield from (f"mended by Gremio: {each}" for each in review.mends)
    yield from (f"found nowhere: {each.name} ({each.file}:{each.line})" for each in review.unresolved)


def _done_lines(done: Published) -> Iterator[str]:
    yield click.style(f"{done.publication.class_name} is published: {done.url}", bold=True, fg="green")
    yield from (f"  {in_options(line)}" for line in done.lines())


def _size(number: float) -> str:
    for unit in ("B", "kB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
