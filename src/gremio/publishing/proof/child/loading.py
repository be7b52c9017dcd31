"""Loads once, and tells what there is."""

from __future__ import annotations

import traceback

from gremio.machine.processes import Trouble
from gremio.publishing.proof.exchange import Loader, ProofReport, ProofSubject


def report(subject: ProofSubject, loader: Loader) -> ProofReport:
    """Load the subject. Whatever its code does, short of ending the process, there is a report."""
    try:
        from gremio.publishing.proof.object_facts import facts_of

        if loader == "gremio":
            from gremio.publishing.proof.child.by_gremio import load
        else:
            from gremio.publishing.proof.child.by_diffusers import load
        return ProofReport(facts_of(load(subject)))
    except (Exception, SystemExit) as error:  # anything may come out of somebody's code
        traceback.print_exception(error)
        return ProofReport(error=Trouble.of(error))
