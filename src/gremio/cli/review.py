"""``gremio review``: what code would be able to do, and what changed between two revisions. Never loads torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.findings import changed_lines, finding_lines
from gremio.cli.options import access_arguments, access_options, code_options
from gremio.cli.wording import answer, section
from gremio.machine.terminal import plain_line

if TYPE_CHECKING:
    from gremio.trust.findings import Finding
    from gremio.trust.review import CapabilityReview, Changes


@click.command()
@click.argument("ref", shell_complete=completing.refs)
@click.option("--diff", "other", metavar="OTHER", help="Tell what changed since OTHER: a revision of REF, or a ref.")
@click.option("--all", "everything", is_flag=True, help="Show findings of low severity one by one, too.")
@click.option(
    "--format", "form", type=click.Choice(["human", "json", "sarif"]), default="human", help="sarif is for code hosts."
)
@code_options
@access_options
@click.pass_context
def review(ctx: click.Context, /, ref: str, other: str | None, everything: bool, form: str, **options: Any) -> None:
    """Read what REF would be able to do: network, programs, files, tokens, machine code, pickles, hidden code.

    REF is a community pipeline's name, owner/repo, or a path (./folder, folder/file.py). Nothing of it is run or
    imported, and the answer proves nothing safe. Exits with 1 if something is found that a person has to look at;
    with --diff, if such a thing came.

    \b
    gremio review lpw_stable_diffusion
    gremio review maria/long-prompt --revision v2 --diff v1
    gremio review --diff ./old ./new
    gremio review . --format sarif > review.sarif
    """
    from gremio.trust.review import changes
    from gremio.trust.review import review as read

    revision, class_name = options.pop("revision"), options.pop("class_name")
    access = access_arguments(options)
    now = read(ref, custom_revision=revision, class_name=class_name, **access)
    if other is None:
        _answer(form, now.as_dict(), now.findings, _lines(now, everything))
        ctx.exit(1 if now.high else 0)
    before, at = _other(ref, other)
    told = changes(read(before, custom_revision=at, class_name=class_name, **access), now)
    _answer(form, told.as_dict(), told.came, _of_changes(told, everything))
    ctx.exit(1 if told.high else 0)


def _answer(form: str, document: dict[str, Any], findings: Iterable[Finding], lines: Iterable[str]) -> None:
    from gremio.trust.review.sarif import sarif

    answer(form, sarif(findings) if form == "sarif" else document, lines)


def _other(ref: str, other: str) -> tuple[str, str | None]:
    """The ref and revision to compare with: OTHER is a ref if it reads as one, else a revision of REF."""
    from gremio.code import PipelineRef

    spelled = other.startswith(("mirror:", "hub:", "local:", ".", "/", "~")) or other.endswith(".py")
    if PipelineRef.parse(ref).source == "local" or spelled or other.count("/") == 1:
        return other, None
    return ref, other


def _lines(review: CapabilityReview, everything: bool) -> Iterator[str]:
    code = review.code
    yield click.style(plain_line(code.class_name if code and code.class_name else review.ref), bold=True)
    yield from _indented(_identity(review))
    yield from finding_lines(review.findings, everything=everything)
    if code is not None:
        yield from _section("classes", [f"{each.name} ({each.kind}) {each.path}:{each.line}" for each in code.classes])
        yield from _section("components", _joined(each.name for each in code.components))
        yield from _section("call", _joined(each.name for each in code.call if each.name != "self"))
        yield from _section("packages", _packages(review))
    yield from _note()


def _identity(review: CapabilityReview) -> Iterator[str]:
    yield review.origin
    if review.digest:
        yield review.digest
        files = "1 file" if len(review.files) == 1 else f"{len(review.files)} files"
        yield f"{f'entry {review.entry}; ' if review.entry else ''}{files}, {_size(review.size)}"
    problem = review.problem or (review.code.problem if review.code else "")
    if problem:
        yield problem


def _size(count: int) -> str:
    return f"{count} bytes" if count < 10_000 else f"{count // 1000} KB"


def _of_changes(changes: Changes, everything: bool) -> Iterator[str]:
    yield click.style("from", bold=True) + f" {plain_line(changes.before)}"
    yield click.style("to", bold=True) + f"   {plain_line(changes.after)}"
    yield from _section("files", map(str, changes.code.files) if changes.code.files else ["no difference"])
    yield from changed_lines(changes.came, changes.went, everything=everything)
    if changes.code.files and not changes.came and not changes.went:
        yield ""
        yield "No capability came or went."
    yield from _section("packages", [f"+ {each}" for each in changes.packages_came])
    yield from _section("packages", [f"- {each}" for each in changes.packages_went])
    yield from _section("lines", changes.code.diff.splitlines())
    yield from _note()


def _packages(review: CapabilityReview) -> Iterator[str]:
    for each in review.packages:
        state = f"{each.version}  {each.licence}" if each.installed else "not installed"
        yield f"{each.name}  {state.strip() or 'installed'}{'  (optional)' if each.optional else ''}"


def _joined(names: Iterable[str]) -> list[str]:
    found = ", ".join(names)
    return [found] if found else []


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(section(title, lines))
    yield from ["", *found] if found else []


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {plain_line(line)}" for line in lines)


def _note() -> Iterator[str]:
    from gremio.trust.review import NOTE

    yield ""
    yield click.style(NOTE, fg="cyan")
