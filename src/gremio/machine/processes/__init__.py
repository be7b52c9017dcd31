"""Processes of their own, with limits, that leave nothing behind. Imports nothing of Gremio."""

from gremio.machine.processes.child import Children, Ended, Limits, Stopped

__all__ = ["Children", "Ended", "Limits", "Stopped"]
