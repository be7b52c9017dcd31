"""Processes of their own, with limits, that leave nothing behind, and how they report. Imports no more than errors."""

from gremio.machine.processes.child import Children, Ended, Limits, Stopped
from gremio.machine.processes.forking import forking, fresh
from gremio.machine.processes.reporting import Trouble, is_community, last_object, stdout_of_report

__all__ = [
    "Children",
    "Ended",
    "Limits",
    "Stopped",
    "Trouble",
    "forking",
    "fresh",
    "is_community",
    "last_object",
    "stdout_of_report",
]
