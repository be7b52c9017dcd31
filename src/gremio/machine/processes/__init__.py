"""Processes of their own, with limits, that leave nothing behind, and how they report. Imports no more than errors."""

from gremio.machine.processes.child import Children, Ended, Limits, Stopped
from gremio.machine.processes.forking import LARGE_PAGES, PYTHON, forking
from gremio.machine.processes.reporting import Trouble, is_community, last_object, stdout_of_report

__all__ = [
    "LARGE_PAGES",
    "PYTHON",
    "Children",
    "Ended",
    "Limits",
    "Stopped",
    "Trouble",
    "forking",
    "is_community",
    "last_object",
    "stdout_of_report",
]
