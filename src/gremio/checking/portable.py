"""Reports that are for others leave out where things lie on the machine that made them."""

from __future__ import annotations

import re
from dataclasses import replace

from gremio.checking.trial.report import Report

# At least two parts deep, and not part of an address.
_FOLDERS = re.compile(r"(?<![\w:/.~-])/(?:[\w.+@~-]+/)+")


def without_folders(text: str) -> str:
    """The text with the last part alone of each absolute path."""
    return _FOLDERS.sub("…/", text)


def portable(report: Report, name: str) -> Report:
    """The report of ``name``, whose ref may have been a path."""
    error = report.error
    if error is not None:
        told = {part: without_folders(getattr(error, part)) for part in ("message", "place", "hint")}
        error = replace(error, **told)
    return replace(report, ref=name, error=error)
