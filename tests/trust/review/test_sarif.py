"""SARIF, held against what the standard demands of what is used of it."""

from __future__ import annotations

import json
from dataclasses import replace

from gremio.trust.findings import Finding
from gremio.trust.review.sarif import sarif

ONE = Finding(
    "process/start", "high", "high", "a b/pipeline.py", 7, "os.system(\n  x\n)", "It does.", "It may.", "A build."
)
FINDINGS = [
    ONE,
    replace(ONE, line=9),
    replace(ONE, code="files/save", severity="low", line=None, snippet="", confidence="low"),
    replace(ONE, code="network/fetch", severity="medium", file="é/\udc80.py"),
]


def test_a_log_has_what_the_standard_demands() -> None:
    """One run of a named tool; every result points to its rule by id and index and has a message and a place."""
    log = json.loads(json.dumps(sarif(FINDINGS[:3])))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "gremio review"
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == ["files/save", "process/start"]
    for rule in driver["rules"]:
        assert all(rule[name]["text"] for name in ("shortDescription", "fullDescription", "help"))
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
    for result, finding in zip(run["results"], FINDINGS, strict=False):
        assert ids[result["ruleIndex"]] == result["ruleId"] == finding.code
        assert result["level"] == {"high": "error", "medium": "warning", "low": "note"}[finding.severity]
        assert finding.what in result["message"]["text"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"]["uri"] == "a%20b/pipeline.py"
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 7, "endLine": 9, "snippet": {"text": ONE.snippet}}
    assert "region" not in run["results"][2]["locations"][0]["physicalLocation"]


def test_a_finding_that_moved_is_the_same() -> None:
    """Its fingerprint does not depend on the line."""
    prints = [result["partialFingerprints"] for result in sarif(FINDINGS[:3])["runs"][0]["results"]]
    assert prints[0] == prints[1] != prints[2]


def test_nothing_found_is_a_log_too() -> None:
    """A run without results is how a code host learns that all is fine."""
    (run,) = sarif([])["runs"]
    assert (run["results"], run["tool"]["driver"]["rules"]) == ([], [])
