"""``gremio show``: reads code without running it, and pictures for what made them. Never loads torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.find import runs_here
from gremio.cli.options import access_arguments, access_options, code_options, format_option
from gremio.cli.wording import answer, section
from gremio.errors import StoreError
from gremio.machine.terminal import plain, plain_line

if TYPE_CHECKING:
    from gremio.catalog import Entry
    from gremio.code.review import Review

_FILES = {".png", ".jpg", ".jpeg", ".webp", ".gif", ".mp4", ".wav", ".npy", ".npz"}


@click.command()
@click.argument("ref", shell_complete=completing.refs)
@code_options
@access_options
@format_option
def show(ref: str, form: str, revision: str | None, class_name: str | None, **options: Any) -> None:
    """Read what REF is: code, without running it, or a picture that gremio made.

    REF is a community pipeline's name, owner/repo, or a path (./folder, folder/file.py, picture.png). For code:
    where it comes from, its digest, its classes, what it takes and needs, what would be relocated; of modular blocks
    also what they are made of and give. For a picture: the prompt, the seed and the code that made it.

    \b
    gremio show lpw_stable_diffusion
    gremio show maria/long-prompt --revision v1
    gremio show fox.png
    """
    if Path(ref).suffix.lower() in _FILES:
        _show_file(Path(ref), form)
        return
    from gremio.sources.reading import read

    review = read(ref, custom_revision=revision, class_name=class_name, **access_arguments(options))
    known = _known(ref, review.digest)
    answer(form, review.as_dict() | {"catalog": known.as_dict() if known else None}, _lines(review, known))


def _known(ref: str, digest: str) -> Entry | None:
    """What the catalogue knows of exactly this code, or else of this ref. A damaged one knows nothing."""
    from gremio.catalog import Catalog
    from gremio.machine.settings import Settings

    with suppress(StoreError):
        catalog = Catalog(Settings.from_environment())
        return catalog.by_digest(digest) or catalog.get(ref)
    return None


def _show_file(path: Path, form: str) -> None:
    from gremio.running.outputs import read_metadata

    found = read_metadata(path)
    told = {key.removeprefix("gremio:"): value for key, value in found.items()}
    width = max(map(len, told), default=0)
    lines = [plain_line(f"{key:<{width}}  {value}") for key, value in told.items()]
    answer(form, found, lines or [f"{path} says nothing about what made it."])


def _lines(review: Review, known: Entry | None) -> Iterator[str]:
    title, docstring = _about(review)
    yield click.style(plain_line(title), bold=True)
    if known and known.description:
        docstring = known.description
    if docstring:
        yield f"  {plain_line(docstring.strip().splitlines()[0])}"
    if known:
        yield from _of_catalog(known, review.digest)
    yield from section("code", [review.origin, review.digest, f"entry {review.entry}", *_others(review)])
    # The digest covers them and so does a grant, though this entry does not reach them: a model's components, say.
    yield from section("also in this code", review.others)
    yield from section("classes", [f"{c.name} ({c.kind}) {c.path}:{c.line}" for c in review.classes])
    yield from section("components", [_component(c) for c in review.components])
    yield from section("call", [_parameter(p) for p in review.call if p.name != "self"])
    if review.blocks is not None:
        yield from _of_blocks(review.blocks)
    yield from section("packages", [_package(r) for r in review.requirements])
    yield from section("relocated here", [f"{r.old} → {r.new}  ({r.file}:{r.line})" for r in review.relocations])
    yield from section("mended here", map(str, review.mends))
    yield from section("not found here", [f"{u.name}  ({u.file}:{u.line})" for u in review.unresolved])
    lacking = sorted({r.package for r in review.missing if r.package})
    if lacking:
        yield click.style(f"Before it can run: pip install {' '.join(lacking)}", fg="yellow")


def _of_catalog(entry: Entry, digest: str) -> Iterator[str]:
    """What it is for and how it is used; the latter of exactly this code only."""
    facts = {
        "title": entry.title,
        "by": ", ".join(entry.authors),
        "for": ", ".join(filter(None, [*entry.tasks, entry.family])),
        "licence": entry.licence,
        "weights": entry.model,
    }
    same = entry.digest == digest
    if same:
        facts |= {"here": runs_here(entry), "approved": entry.approved}
    yield from section("known of it", [f"{name:<9} {value}" for name, value in facts.items() if value])
    if entry.example and same:
        source = {"README": "its README", "docstring": "its docstring"}.get(entry.example.made_from, "its signature")
        yield from section(f"example, made from {source}", plain(entry.example.text).rstrip().split("\n"))


def _of_blocks(blocks: Any) -> Iterator[str]:
    yield from section("made of", blocks.parts)
    typed = ((each, f"{each.name}{': ' if each.type else ''}{each.type}") for each in blocks.components)
    yield from section("components", [f"{told}{'  from ' if each.place else ''}{each.place}" for each, told in typed])
    yield from section("takes", [_input(each) for each in blocks.inputs])
    yield from section("gives", blocks.outputs)


def _input(told: Any) -> str:
    hint = f": {told.type}" if told.type else ""
    default = f" = {told.default}" if told.default else ""
    return f"{told.name}{hint}{default}{'  (needed)' if told.required else ''}"


def _about(review: Review) -> tuple[str, str]:
    """The pipeline class and its docstring; of a file with one component or one set of blocks, that."""
    if review.class_name:
        return review.class_name, review.docstring
    if review.blocks is not None:
        return f"{review.blocks.name} (blocks)", review.blocks.docstring
    kinds = ("model", "scheduler")
    own = [each for each in review.classes if each.path == review.entry and each.kind in kinds]
    if len(own) == 1:
        return f"{own[0].name} ({own[0].kind})", own[0].docstring
    return review.problem, ""


def _others(review: Review) -> Iterator[str]:
    more = [path for path in (*review.files, *review.data) if path != review.entry]
    if more:
        yield f"with {', '.join(more)}"


def _component(slot: Any) -> str:
    kinds = " or ".join(name.rpartition(".")[2] for name in slot.types)
    return f"{slot.name}{': ' + kinds if kinds else ''}{' (optional)' if slot.optional else ''}"


def _parameter(parameter: Any) -> str:
    hint = f": {parameter.annotation}" if parameter.annotation else ""
    default = f" = {parameter.default}" if parameter.default is not None else ""
    stars = {"var_positional": "*", "var_keyword": "**"}.get(parameter.kind, "")
    return f"{stars}{parameter.name}{hint}{default}"


def _package(requirement: Any) -> str:
    state = "installed" if requirement.installed else ("not installed, optional" if requirement.optional else "MISSING")
    return f"{requirement.name}  {state}{'  ' + requirement.note if requirement.note else ''}"
