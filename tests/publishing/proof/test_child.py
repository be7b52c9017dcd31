"""What one load makes of every kind of publication, by Gremio and by plain diffusers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.publishing.proof.conftest import BLOCKS, MODEL, SCHEDULER
from tests.samples.code import PLAIN

from gremio.publishing.proof.child.loading import report
from gremio.publishing.proof.exchange import LOADERS, ProofSubject
from gremio.publishing.proof.facts import ComponentFacts, Facts, differences
from gremio.sources.model import FolderModel, code_of

WHO = pytest.mark.parametrize("loader", LOADERS)


@pytest.fixture(autouse=True)
def _forget_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """diffusers puts its folder of copied code on the path."""
    import sys

    monkeypatch.setattr(sys, "path", [*sys.path])


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """``folder(pipeline=text, …)``: a folder with these files, which one may add to."""

    def made(**files: str) -> Path:
        place = tmp_path / "published"
        place.mkdir()
        for name, text in files.items():
            (place / f"{name}.py").write_text(text)
        return place

    return made


def facts(subject: ProofSubject, loader: str) -> Facts:
    """Of what was loaded; it must have been."""
    found = report(subject, loader)  # type: ignore[arg-type]
    assert found.facts is not None, found.error
    return found.facts


def at_once(subject: ProofSubject) -> Facts:
    """By both loaders, which agree."""
    ours, plain = (facts(subject, loader) for loader in LOADERS)
    assert differences(ours, plain) == ()
    return ours


def test_a_pipeline_without_code(sd_folder: Path) -> None:
    """The common kind: nothing is granted, and nothing needs to be."""
    found = at_once(ProofSubject(str(sd_folder), "pipeline"))
    assert found.class_name == "StableDiffusionPipeline"
    assert found.components["safety_checker"] is None


def test_code_without_weights(folder: Callable[..., Path]) -> None:
    """There is a class, and nothing more."""
    found = at_once(ProofSubject(str(folder(pipeline=PLAIN)), "code"))
    assert (found.what, found.whole) == ("code", ComponentFacts("Plain"))


def test_code_of_the_hub_runs_by_its_digest_alone(hub, put: Callable[..., str], folder: Callable[..., Path]) -> None:
    """Without a grant, or with one of other code, nothing runs."""
    place = folder(pipeline=PLAIN)
    commit = put("maria/plain", place)
    digest = str(code_of(FolderModel(place)).digest)
    subject = ProofSubject("maria/plain", "code", revision=commit, digest=digest)
    assert facts(subject, "gremio").class_name == "Plain"
    named = ProofSubject("maria/plain", "code", revision=commit, digest=digest, entry="pipeline.py", class_name="Plain")
    assert facts(named, "gremio").class_name == "Plain"
    for other in ("", "sha256:" + "0" * 64):
        refused = report(ProofSubject("maria/plain", "code", revision=commit, digest=other), "gremio")
        assert refused.error is not None
        assert refused.error.kind == "NotTrusted"
        assert refused.error.hint


def test_a_model_with_code(folder: Callable[..., Path]) -> None:
    """Its weights and its helper come along."""
    import torch

    from gremio import load_class

    place = folder(gate=MODEL, layers="WIDTH = 4\n")
    model = load_class(place / "gate.py")()
    model.register_to_config(auto_map={"AutoModel": "gate.Gate"})
    model.save_pretrained(place)
    digest = str(code_of(FolderModel(place), "gate.py").digest)
    found = at_once(ProofSubject(str(place), "component", entry="gate.py", class_name="Gate", digest=digest))
    component = found.components[""]
    assert component is not None
    assert component.class_name == "Gate"
    assert set(component.parts) > {"weight layer.weight", "weight layer.bias", "config width", "method forward"}
    with torch.no_grad():
        model.layer.bias += 1
    model.save_pretrained(place)
    changed = facts(ProofSubject(str(place), "component", entry="gate.py", digest=digest), "gremio")
    assert differences(found, changed)[0].startswith("the component: weight layer.bias is")


def test_a_scheduler_with_code(folder: Callable[..., Path]) -> None:
    """diffusers has no automatic class for it; its own function finds the class."""
    from gremio import load_class

    place = folder(slow=SCHEDULER)
    scheduler = load_class(place / "slow.py")(patience=3.0)
    scheduler.register_to_config(auto_map={"Scheduler": "slow.Slow"})
    scheduler.save_pretrained(place)
    digest = str(code_of(FolderModel(place), "slow.py").digest)
    found = at_once(ProofSubject(str(place), "component", entry="slow.py", digest=digest))
    assert found.components[""].parts["config patience"] == "3.0"


def test_a_component_of_a_library(sd_folder: Path) -> None:
    """Without code of its own, by the class that its config or the caller names."""
    found = at_once(ProofSubject(str(sd_folder / "vae"), "component"))
    assert found.whole == ComponentFacts("AutoencoderKL", "diffusers")
    tokenizer = ProofSubject(str(sd_folder / "tokenizer"), "component", class_name="CLIPTokenizer")
    assert "vocabulary" in at_once(tokenizer).components[""].parts
    unknown = report(ProofSubject(str(sd_folder / "tokenizer"), "component"), "gremio")
    assert unknown.error is not None
    assert unknown.error.kind == "NoClass"


def test_blocks(folder: Callable[..., Path]) -> None:
    """By what they take and make."""
    place = folder(shout=BLOCKS)
    config = {"_class_name": "Shout", "auto_map": {"ModularPipelineBlocks": "shout.Shout"}}
    (place / "modular_config.json").write_text(json.dumps(config))
    found = at_once(ProofSubject(str(place), "blocks", entry="shout.py"))
    assert (found.what, found.class_name) == ("blocks", "Shout")
    assert found.whole.parts["inputs"] == '["prompt"]'


@WHO
def test_code_that_fails_is_told_with_its_line(folder: Callable[..., Path], loader: str) -> None:
    """Of the published file, whoever loads it."""
    place = folder(pipeline=f"{PLAIN}\nraise KeyError('moat')\n")
    error = report(ProofSubject(str(place), "code"), loader).error  # type: ignore[arg-type]
    assert str(error) == "KeyError: 'moat' (pipeline.py:7)"


def test_code_that_exits_is_told(folder: Callable[..., Path]) -> None:
    """As a failure like any other."""
    error = report(ProofSubject(str(folder(pipeline=f"{PLAIN}\nraise SystemExit(3)\n")), "code"), "diffusers").error
    assert str(error) == "SystemExit: 3 (pipeline.py:7)"


def test_plain_diffusers_finds_no_other_entry(folder: Callable[..., Path]) -> None:
    """It knows pipeline.py alone, and that is what the proof says."""
    subject = ProofSubject(str(folder(castle=PLAIN)), "code", entry="castle.py")
    assert facts(subject, "gremio").class_name == "Plain"
    assert report(subject, "diffusers").error is not None
