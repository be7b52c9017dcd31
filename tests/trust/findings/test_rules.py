"""Every rule finds what its bad samples do, and nothing in its good ones."""

from __future__ import annotations

import pytest

from gremio.code import CodeTree, Origin
from gremio.trust.findings import scan
from gremio.trust.findings.rules import FILE_RULES, RULES

HERE = Origin("local", "/samples")
EVERY = [*RULES, *FILE_RULES]
SAMPLES = [
    pytest.param(rule, sample, found, id=f"{type(rule).__name__}-{kind}-{number}")
    for rule in EVERY
    for kind, found in (("bad", True), ("good", False))
    for number, sample in enumerate(getattr(rule, kind))
]


@pytest.mark.parametrize(("rule", "sample", "found"), SAMPLES)
def test_a_rule_finds_what_it_should(rule, sample, found) -> None:
    """The code is told for a bad sample, with the words of the rule, and not for a good one."""
    files = {"pipeline.py": sample.encode()} if isinstance(sample, str) else sample
    findings = [each for each in scan(CodeTree(files, "pipeline.py", HERE)) if each.code == rule.code]
    assert bool(findings) is found, findings
    assert all(each.why == rule.why and each.benign == rule.benign and each.what for each in findings)


def test_every_rule_is_complete() -> None:
    """Each has a code of two parts, sentences, and samples of both kinds; no two tell the same code."""
    codes = [rule.code for rule in EVERY]
    assert len(set(codes)) == len(codes)
    for rule in EVERY:
        capability, _, what = rule.code.partition("/")
        assert all([capability, what, rule.bad, rule.good])
        assert rule.code == rule.code.lower()
        assert rule.why[-1] + rule.benign[-1] == ".."
