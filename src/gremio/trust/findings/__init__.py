"""What code, and the files beside it, would be able to do: found by reading, told as data.

In comes a tree; out come ``Finding`` values. They say what could happen, never that nothing will.

Open ``finding.py`` for what a finding is.
"""

from gremio.trust.findings.finding import Confidence, Finding, Severity, by_weight, high
from gremio.trust.findings.scan import scan

__all__ = ["Confidence", "Finding", "Severity", "by_weight", "high", "scan"]
