"""What was noticed in a repository before anything of it ran, as data."""

from gremio.trust.findings.finding import Finding, Severity

__all__ = ["Finding", "Severity"]
