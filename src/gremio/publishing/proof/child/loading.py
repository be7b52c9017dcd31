"""Loads once, and tells what there is."""

from __future__ import annotations

import time
import traceback

from gremio.publishing.proof.child.trouble import trouble_of
from gremio.publishing.proof.facts import Facts
from gremio.publishing.proof.report import ProofReport
from gremio.publishing.proof.request import Loader, ProofSubject


def report(subject: ProofSubject, loader: Loader) -> ProofReport:
    """Load the subject. Whatever its code does, short of ending the process, there is a report."""
    started = time.monotonic()
    try:
        facts = _facts(subject, loader)
    except (Exception, SystemExit) as error:  # anything may come out of somebody's code
        traceback.print_exception(error)
        return ProofReport(error=trouble_of(error), seconds=_since(started))
    return ProofReport(facts, seconds=_since(started))


def _facts(subject: ProofSubject, loader: Loader) -> Facts:
    from gremio.publishing.proof.digests import facts_of

    if loader == "gremio":
        from gremio.publishing.proof.child import by_gremio

        return facts_of(by_gremio.load(subject))
    from gremio.publishing.proof.child import by_diffusers

    return facts_of(by_diffusers.load(subject))


def _since(started: float) -> float:
    return round(time.monotonic() - started, 2)
