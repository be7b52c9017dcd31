"""A person's word for exact bytes, and the community folder's code that needs one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gremio.code import CodeTree, Digest, Origin
from gremio.errors import CodeChanged, NotTrusted, OptionError
from gremio.machine.settings import Settings
from gremio.trust import CodeRequest, Grant, authorize, recall
from gremio.trust.approvals import Approval, Approvals, place_of

MAIN = Origin("mirror", "diffusers/mirror", "c" * 40, "main", "main")
GRAVE = b"import subprocess\nsubprocess.run(['true'])\n"


@pytest.fixture
def settings(home, tmp_path) -> Settings:
    """The default policy, in the test's own home."""
    return Settings(home=home, cache_dir=tmp_path / "cache", endpoint="http://127.0.0.1:9")


def tree(source: bytes, origin: Origin = MAIN) -> CodeTree:
    """One file."""
    return CodeTree({"castle.py": source}, "castle.py", origin)


def reason(found: CodeTree, settings: Settings, grant: object = None) -> str:
    """Why it may run."""
    return authorize(CodeRequest("castle", found, Grant.parse(grant)), settings).reason


def test_community_code_with_a_grave_finding_needs_a_person(settings):
    """Named in the refusal with its line; an approval or a grant opens it, and for these bytes only."""
    harmless = tree(b"x = 1\n", replace(MAIN, revision="v2", path="v2"))
    assert reason(harmless, settings) == "Diffusers' own community folder"
    with pytest.raises(NotTrusted, match=r"castle\.py:2") as refusal:
        reason(tree(GRAVE), settings)
    assert "gremio review castle" in str(refusal.value)
    assert "gremio approve castle" in str(refusal.value)
    assert reason(tree(GRAVE), settings, True) == "granted by trust_remote_code"
    with pytest.raises(NotTrusted):
        reason(tree(GRAVE), settings)
    Approvals(settings).add(Approval.now(tree(GRAVE).digest, by="maria"))
    assert reason(tree(GRAVE), settings).startswith("approved by maria on ")
    other = replace(MAIN, revision="v1", path="v1")
    with pytest.raises(NotTrusted):
        reason(tree(GRAVE + b"#", other), settings)


def test_a_verdict_holds_until_the_rules_change(settings, monkeypatch):
    """The code is read once for all loads with the same rules, and again with others, whatever Gremio's version."""
    read = []
    monkeypatch.setattr("gremio.trust.gate.scan", lambda code: read.append(code) or ())
    for rules in ("these", "these", "others"):
        monkeypatch.setattr("gremio.trust.gate.fingerprint", lambda rules=rules: rules)
        reason(tree(b"y = 1\n"), settings)
    assert len(read) == 2


def test_an_approval_holds_for_every_place_and_policy_but_never(settings):
    """On the Hub, under ``approved``; a revoked one holds nowhere, not for a worker process either."""
    hub = tree(b"x = 2\n", Origin("hub", "maria/castle", "c" * 40, "main"))
    known = Approvals(settings)
    with pytest.raises(NotTrusted):
        reason(hub, settings)
    known.add(Approval.now(hub.digest, by="ana", note="read", findings=["a"], place=place_of(hub)), hub)
    assert reason(hub, replace(settings, policy="approved")).startswith("approved by ana")
    assert recall(hub.digest, replace(settings, policy="approved")) is not None
    with pytest.raises(NotTrusted):
        reason(hub, replace(settings, policy="never"))
    assert known.latest(place_of(hub)) == known.get(hub.digest) == known.all()[0]
    assert known.revoke(hub.digest).note == "read"
    assert recall(hub.digest, settings) is None
    with pytest.raises(NotTrusted):
        reason(hub, settings)
    with pytest.raises(OptionError, match="nobody approved"):
        known.revoke(Digest.of_bytes(b""))


def test_changed_code_that_was_approved_runs(settings):
    """What the memory of first use would refuse."""
    before, after = (tree(source, Origin("hub", "maria/castle", "c" * 40, "main")) for source in (b"a = 1", b"a = 2"))
    reason(before, settings, True)
    with pytest.raises(CodeChanged):
        reason(after, settings, True)
    Approvals(settings).add(Approval.now(after.digest))
    assert reason(after, settings).startswith("approved by")
