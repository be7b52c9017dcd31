"""``gremio approve``, ``approvals`` and ``revoke``: which code may run here, by digest. Never loads torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from gremio.cli import completing
from gremio.cli.options import access_arguments, access_options, code_options, format_option
from gremio.cli.wording import answer
from gremio.errors import NotTrusted
from gremio.machine.terminal import plain

if TYPE_CHECKING:
    from gremio.code import CodeTree
    from gremio.machine.settings import Settings
    from gremio.trust.approvals import Approval


@click.command()
@click.argument("ref", metavar="REF|DIGEST", shell_complete=completing.refs)
@click.option("--note", default="", help="Why, for whoever reads it later.")
@click.option("--by", default="", help="Who approves; you, if not given.")
@click.option("-y", "--yes", is_flag=True, help="You have looked at it; don't ask.")
@code_options
@access_options
def approve(ref: str, note: str, by: str, yes: bool, **options: Any) -> None:
    """Let exactly this code run on this machine, whoever asks for it, until `gremio revoke`.

    REF is a community pipeline's name, owner/repo, or a path (./folder, folder/file.py). Its review is shown first, or
    what changed since you last approved code of that place. It is bound to the digest of the whole tree: other
    bytes ask again. By digest, the code must have been seen here before.
    """
    from gremio.cli.consent import approve as consent
    from gremio.machine.settings import Settings

    settings = Settings.from_environment()
    tree = _tree(ref, options, settings)
    given = consent(tree, ref, settings=settings, note=note, by=by, yes=yes)
    if given is None:
        raise NotTrusted(
            "it was not approved",
            digest=str(tree.digest),
            ref=ref,
            next_step=f"After reading it: gremio approve {ref} --yes",
        )
    click.echo(f"{given.digest} {given}")


@click.command()
@format_option
def approvals(form: str) -> None:
    """List what you approved on this machine."""
    from gremio.machine.settings import Settings
    from gremio.trust.approvals import Approvals

    found = Approvals(Settings.from_environment()).all()
    lines = map(_line, found) if found else ["nothing is approved here"]
    answer(form, [each.as_dict() for each in found], lines)


def _line(approval: Approval) -> str:
    note = f"  {plain(approval.note)}" if approval.note else ""
    accepted = f"  {len(approval.findings)} findings accepted" if approval.findings else ""
    return f"{approval.digest}  {approval}  {plain(approval.ref)}{accepted}{note}"


@click.command()
@click.argument("digests", nargs=-1, required=True, metavar="DIGEST…")
def revoke(digests: tuple[str, ...]) -> None:
    """Take approvals back."""
    from gremio.code import Digest
    from gremio.machine.settings import Settings
    from gremio.trust.approvals import Approvals

    known = Approvals(Settings.from_environment())
    for digest in [Digest.parse(text) for text in digests]:
        known.revoke(digest)
        click.echo(f"revoked {digest}")


def _tree(ref: str, options: dict[str, Any], settings: Settings) -> CodeTree:
    from gremio.code import CodeTree, Digest, Origin, PipelineRef
    from gremio.errors import OptionError
    from gremio.sources import Access, fetch
    from gremio.sources.trees import Trees

    if not Digest.is_digest(ref):
        access = Access.of(settings, **access_arguments(options))
        return fetch(PipelineRef.parse(ref), revision=options["revision"], access=access, settings=settings)
    files = Trees(settings.home).files(Digest.parse(ref))
    if files is None:
        step = "Name it by its ref; `gremio show REF` has the digest."
        raise OptionError("code with that digest was never seen on this machine", ref=ref, next_step=step)
    python = [path for path in files if path.endswith(".py")]
    return CodeTree(files, next((p for p in python if p == "pipeline.py"), python[0]), Origin("local", "the store"))
