"""What was proven is not proven again while nothing changes that it depends on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gremio.errors import NotProven
from gremio.machine.settings import Settings
from gremio.publishing import publish as publishing
from gremio.publishing.proof import cache
from gremio.publishing.proof.cache import RememberedProofs
from gremio.publishing.proof.exchange import ProofSubject
from gremio.publishing.proof.facts import ComponentFacts, Facts
from gremio.publishing.proof.proof import Attempt, Proof
from gremio.publishing.publish import Published, publish

PLAIN = "from diffusers import DDIMPipeline\nclass Plain(DDIMPipeline):\n    pass\n"
FACTS = Facts("code", ComponentFacts("Plain", parts={"method __call__": "(prompt)"}))


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was loaded, in place of the processes that would load it."""
    loaded: list[str] = []

    def facts(subject: ProofSubject, *_: Any) -> Facts:
        loaded.append("folder")
        return FACTS

    def prove(subject: ProofSubject, expected: Facts, *_: Any, **__: Any) -> Proof:
        loaded.append(subject.name)
        return Proof(subject, (Attempt("gremio", "ok", seconds=7.0), Attempt("diffusers", "impossible", ("mended",))))

    monkeypatch.setattr(publishing, "facts_of_folder", facts)
    monkeypatch.setattr(publishing, "prove", prove)
    return loaded


@pytest.fixture
def again(hub: Any, loads: list[str], write: Callable[..., Path]) -> Callable[..., tuple[Published, list[str]]]:
    """``again("maria/mine", text)``: publish that code; what came of it, and what was loaded for that."""

    def again(repo_id: str = "maria/mine", text: str = PLAIN, **how: Any) -> tuple[Published, list[str]]:
        loads.clear()
        return publish(write(text), repo_id, token=hub.token, **how), list(loads)

    return again


def test_an_unchanged_commit_is_proven_once(again: Callable[..., tuple[Published, list[str]]]) -> None:
    """The second time nothing is loaded, and the proof of before is told with its day and its versions."""
    first, loaded = again()
    assert loaded == ["folder", "maria/mine"]
    second, loaded = again()
    assert loaded == []
    assert (second.commit, second.proof.attempts) == (first.commit, first.proof.attempts)
    told = second.proof.lines()
    assert f"diffusers {cache.version_of('diffusers')}" in told[0]
    assert "verify=True proves it again" in told[0]
    assert told[1:] == first.proof.lines()
    assert again(verify=True)[1] == ["folder", "maria/mine"]


def test_other_code_versions_or_places_are_proven_anew(
    again: Callable[..., tuple[Published, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new commit of the same files needs no second look at the folder; everything else is a new proof."""
    published, settings = again()[0], Settings.from_environment()
    elsewhere = replace(settings, endpoint="http://127.0.0.1:9")
    assert RememberedProofs(published.publication, "maria/mine", settings).find()
    assert not RememberedProofs(published.publication, "maria/mine", elsewhere).find()
    assert again("maria/other")[1] == ["folder", "maria/other"]
    assert again(text=f"{PLAIN}\nMORE = 1\n", replace_code=True)[1] == ["folder", "maria/mine"]
    assert again("maria/other", tags=["more"])[1] == ["maria/other"]
    monkeypatch.setattr(cache, "version_of", lambda name: "99" if name == "diffusers" else "")
    assert again("maria/other", tags=["more"])[1] == ["folder", "maria/other"]


def test_a_proof_that_failed_or_was_left_out_is_not_remembered(
    again: Callable[..., tuple[Published, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So the next publish proves."""
    again(verify=False)
    failed = Proof(ProofSubject("maria/mine", "code"), (Attempt("gremio", "failed", ("no",)),))
    with monkeypatch.context() as broken:
        broken.setattr(publishing, "prove", lambda *_, **__: failed)
        with pytest.raises(NotProven):
            again()
    assert again()[1] == ["folder", "maria/mine"]
