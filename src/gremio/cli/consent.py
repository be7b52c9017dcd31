"""Asking a person whether code may run: what it is and could do, what is new since the last time, then the question.

Only on a terminal. Without one nothing is asked and nothing is read: the error says which command approves.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TypeVar

import click

from gremio.cli.findings import finding_lines
from gremio.cli.wording import section
from gremio.code import CodeTree, Difference
from gremio.errors import NotTrusted
from gremio.machine.settings import Settings
from gremio.sources.trees import Trees
from gremio.trust.approvals import Approval, Approvals, place_of
from gremio.trust.findings import Finding, by_weight, scan
from gremio.trust.review.accepting import accept

Result = TypeVar("Result")


def approve(
    tree: CodeTree, ref: str, *, settings: Settings, note: str = "", by: str = "", yes: bool = False
) -> Approval | None:
    """Show the code's review, ask, and remember the approval; None where the answer is no or nobody can be asked.

    ``yes`` is an answer given beforehand.
    """
    findings = by_weight(scan(tree))
    for line in _told(tree, ref, findings, settings):
        click.echo(line, err=True)
    if not yes and not _asked():
        return None
    return accept(tree, ref, findings, settings=settings, note=note, by=by)


def asking(action: Callable[[], Result]) -> Result:
    """The action's result; where it is refused for lack of trust and somebody sits there, after that person's word."""
    while True:
        try:
            return action()
        except NotTrusted as refusal:
            tree = refusal.code
            if not isinstance(tree, CodeTree) or not can_ask():
                raise
            if approve(tree, refusal.ref, settings=Settings.from_environment()) is None:
                raise


def can_ask() -> bool:
    """Whether a person sits there: both ends are a terminal."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _asked() -> bool:
    return can_ask() and click.confirm("Let exactly this code run?", default=False, err=True)


def _told(tree: CodeTree, ref: str, findings: tuple[Finding, ...], settings: Settings) -> Iterator[str]:
    yield click.style(f"{ref}  {tree.origin}", bold=True)
    yield f"  {tree.digest}, {len(tree.files)} files, {sum(map(len, tree.files.values()))} bytes, entry {tree.entry}"
    before = Approvals(settings).latest(place_of(tree))
    if before and before.digest != tree.digest:
        diff = Difference.between(Trees(settings.home).files(before.digest) or {}, tree.files).diff
        yield from section(f"changed since it was {before}", diff.splitlines())
    shown = [each for each in findings if each.severity != "low"]
    yield from finding_lines(shown, everything=False)
    if not shown:
        yield "  The review found nothing to look at. It reads what code could do; it proves nothing."
    yield f"  All of it: gremio review {ref}"
