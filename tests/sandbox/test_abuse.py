"""A worker that says what no worker says: the call is lost with a reason, the parent goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sandbox.abuse_pipeline import ABUSES

from gremio.errors import SandboxError, SandboxFailed, SandboxLost

OTHERWISE = {
    "a failure without words": "raised [1]",
    "half a message": "more than 1 seconds",
    "a message in single bytes": "more than 1 seconds",
    "stopping itself": "more than 1 seconds",
    "hanging up": "exited with 0",
    "an answer, then hanging up": "None",
    "an answer too many": "first",
    "descriptors": "PermissionError",
    "an error that steers terminals": "ValueError",
    "words that steer terminals": "exited with 1",
}
"""What becomes of those that say nothing wrong, or nothing at all."""


def answered(pipe, abuse):
    """What came of it, as a person would see it: the answer or the error, and what the worker had printed."""
    try:
        return str(pipe(abuse=abuse))
    except SandboxError as error:
        return f"{error}\n{getattr(error, 'log', '')}\n{getattr(error, 'traceback', '')}"


def test_the_parent_survives_every_abuse(sandbox, monkeypatch):
    """Each ends in time, in words that steer no terminal; then a call is answered rightly, perhaps by a new worker."""
    monkeypatch.setattr("gremio.sandbox.attended._MOST_PROGRESS", 10_000)
    pipe = sandbox("abuse_pipeline.py", timeout=1)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for abuse in ABUSES:
        told = answered(pipe, abuse)
        assert OTHERWISE.get(abuse, "what no worker sends") in told, abuse
        assert all(c in "\n\t" or c.isprintable() for c in told), abuse
        assert len(told) < 200_000, abuse
        try:
            found = pipe()
        except SandboxLost:
            # It was still at it, or had answered what was not asked yet: lost and told, never believed.
            found = pipe()
        assert found == 7, abuse
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2


def test_an_error_comes_with_its_traceback(sandbox):
    """As text."""
    pipe = sandbox("abuse_pipeline.py")
    with pytest.raises(SandboxFailed) as refusal:
        pipe(abuse="nothing of that name")
    assert refusal.value.kind == "KeyError"
    assert "abuse_pipeline.py" in refusal.value.traceback
