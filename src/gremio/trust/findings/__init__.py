"""What code would be able to do: found by reading, told as data. Nothing is executed or imported.

In comes a tree; out come ``Finding`` values, the gravest first. They say what could happen, never that nothing will.

    finding.py    what a finding is; ``model_files`` and others tell theirs alike
    reading       names followed to what they mean, constants folded, what runs while a file is imported
    rules         one module for each capability, one class for each thing that code may do
    scan.py       all findings of a tree

Open a module of ``rules`` for what is told and how gravely, ``reading/members.py`` for re-exports, ``reading/calls.py``
for functions that look names up, ``reading/constants.py`` for what text is put together.
"""

from gremio.trust.findings.finding import Confidence, Finding, Severity, by_weight, high, without
from gremio.trust.findings.scan import file_findings, fingerprint, scan

__all__ = ["Confidence", "Finding", "Severity", "by_weight", "file_findings", "fingerprint", "high", "scan", "without"]
