"""A review as SARIF 2.1.0, which code hosts show beside the code.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from gremio.trust.findings import Confidence, Finding, Severity
from gremio.trust.review.capabilities import NOTE
from gremio.version import __version__

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: dict[Severity, str] = {"high": "error", "medium": "warning", "low": "note"}
# What GitHub sorts by.
_SECURITY: dict[Severity, str] = {"high": "8.0", "medium": "5.0", "low": "2.0"}
_PRECISION: dict[Confidence, str] = {"high": "high", "medium": "medium", "low": "low"}


def sarif(findings: Iterable[Finding]) -> dict[str, Any]:
    """One run of one tool, with a rule for each code that was found."""
    found = list(findings)
    rules = {finding.code: finding for finding in reversed(found)}
    order = {code: index for index, code in enumerate(sorted(rules))}
    driver = {
        "name": "gremio review",
        "version": __version__,
        "fullDescription": {"text": NOTE},
        "rules": [_rule(rules[code]) for code in order],
    }
    results = [_result(finding, order[finding.code]) for finding in found]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.code,
        "name": finding.code.replace("/", "-"),
        "shortDescription": {"text": finding.code},
        "fullDescription": {"text": finding.why},
        "help": {"text": f"{finding.why} An honest use: {finding.benign}"},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": ["security", finding.capability],
            "security-severity": _SECURITY[finding.severity],
            "precision": _PRECISION[finding.confidence],
        },
    }


def _result(finding: Finding, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(finding.file)}}
    if finding.line is not None:
        end = finding.line + finding.snippet.count("\n")
        place["region"] = {"startLine": finding.line, "endLine": end, "snippet": {"text": finding.snippet}}
    # The same finding after lines were added above it is the same.
    likeness = "\0".join((finding.code, finding.file, finding.what, finding.snippet))
    return {
        "ruleId": finding.code,
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.file}: {finding.what}. {finding.why}"},
        "locations": [{"physicalLocation": place}],
        "partialFingerprints": {"gremio/v1": hashlib.sha256(likeness.encode("utf-8", "surrogatepass")).hexdigest()},
        "properties": {"severity": finding.severity, "confidence": finding.confidence},
    }
