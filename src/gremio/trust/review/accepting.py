"""Somebody's word for code whose review they have seen."""

from __future__ import annotations

from collections.abc import Iterable

from gremio.code import CodeTree
from gremio.machine.settings import Settings
from gremio.trust.approvals import Approval, Approvals, place_of
from gremio.trust.findings import Finding


def accept(
    tree: CodeTree, ref: str, findings: Iterable[Finding], *, settings: Settings, note: str = "", by: str = ""
) -> Approval:
    """Remember that exactly this code may run, and which findings were accepted with it.

    Raises:
        StoreError: it can't be written.
    """
    accepted = [f"{each.code} {each.file}:{each.line or ''}".rstrip(":") for each in findings if each.severity != "low"]
    approval = Approval.now(tree.digest, by=by, note=note, findings=accepted, ref=ref, place=place_of(tree))
    Approvals(settings).add(approval, tree)
    return approval
