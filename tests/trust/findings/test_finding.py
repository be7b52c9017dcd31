"""What a finding is."""

from __future__ import annotations

from dataclasses import replace

from gremio.trust.findings import Finding, by_weight, high

ONE = Finding("process/start", "high", "high", "pipeline.py", 7, "os.system(x)", "It does.", "It may.", "A build.")


def test_findings_are_ordered_by_weight_then_place() -> None:
    """The gravest come first, and of those the first file and line; a whole file comes before its lines."""
    low, whole, later = replace(ONE, severity="low"), replace(ONE, line=None), replace(ONE, line=9)
    other = replace(ONE, file="z.py", line=1)
    assert by_weight([low, other, later, ONE, whole]) == (whole, ONE, later, other, low)
    assert high([low, ONE, replace(ONE, severity="medium")]) == (ONE,)


def test_a_finding_is_plain_data() -> None:
    """Its fields are what a script reads, and its code names the capability."""
    assert Finding(**ONE.as_dict()) == ONE
    assert ONE.capability == "process"
