"""Checks whether community pipelines run here: each trial in a process of its own, many of them, a table, a bisection.

Torch is loaded in those processes only.
"""

from gremio.checks.bisect import Bisection, Found, Step
from gremio.checks.counting import Counts, SideBySide, counts, side_by_side
from gremio.checks.judges import CommandJudge, Judge, Judgement, TrialJudge
from gremio.checks.markdown import WORDS, page
from gremio.checks.outcomes import OUTCOMES, Outcome, advice, outcome
from gremio.checks.planning import installed_versions, plan, remaining, require_leave
from gremio.checks.request import Loader, TrialRequest
from gremio.checks.revisions import Revision, revisions_between
from gremio.checks.runner import Job, Runner, environment, sole_writer
from gremio.checks.saving import save_text
from gremio.checks.subjects import Subject, of_folder, of_mirror
from gremio.checks.table import Column, Entry, Table
from gremio.processes import Children, Limits, Stopped

__all__ = [
    "OUTCOMES",
    "WORDS",
    "Bisection",
    "Children",
    "Column",
    "CommandJudge",
    "Counts",
    "Entry",
    "Found",
    "Job",
    "Judge",
    "Judgement",
    "Limits",
    "Loader",
    "Outcome",
    "Revision",
    "Runner",
    "SideBySide",
    "Step",
    "Stopped",
    "Subject",
    "Table",
    "TrialJudge",
    "TrialRequest",
    "advice",
    "counts",
    "environment",
    "installed_versions",
    "of_folder",
    "of_mirror",
    "outcome",
    "page",
    "plan",
    "remaining",
    "require_leave",
    "revisions_between",
    "save_text",
    "side_by_side",
    "sole_writer",
]
