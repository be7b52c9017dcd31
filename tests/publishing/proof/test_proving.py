"""Loads in clean processes, compared with what was meant."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.publishing.proof.conftest import BLOCKS, MODEL

from gremio.errors import NotProven
from gremio.machine.processes import Trouble
from gremio.machine.settings import Settings
from gremio.publishing.proof.exchange import ProofReport, ProofSubject
from gremio.publishing.proof.facts import ComponentFacts, Facts
from gremio.publishing.proof.loads import Loads, clean_environment
from gremio.publishing.proof.proof import Proof
from gremio.publishing.proof.proving import facts_of_folder, prove
from gremio.sources.model import FolderModel, code_of

FACTS = Facts("pipeline", ComponentFacts("Castle"))
SUBJECT = ProofSubject("maria/castle", "pipeline", revision="0" * 40)


def digest_of(folder: Path) -> str:
    """What grants its code."""
    return str(code_of(FolderModel(folder)).digest)


def settings() -> Settings:
    """Of this test."""
    return Settings.from_environment()


def child(program: str) -> list[str]:
    """A process in place of the one that loads."""
    return [sys.executable, "-c", program]


def proven(program: list[str], subject: ProofSubject = SUBJECT, timeout: float = 30.0, **how: Any) -> Proof:
    """The proof of that process, for what should be ``FACTS``."""
    with Loads(settings(), timeout=timeout, command=program) as loads:
        return prove(subject, FACTS, loads, **how)


def printing(facts: Facts = FACTS) -> list[str]:
    """One that loads what it is told."""
    report = ProofReport(facts).to_json()
    return child(f"print('noise'); print({report!r})")


@pytest.fixture
def show_one(show_one_folder: Path, tmp_path: Path) -> Path:
    """A copy, to be changed, with the one import that plain diffusers does not follow written so that it does."""
    copy = Path(shutil.copytree(show_one_folder, tmp_path / "show_one"))
    unet = copy / "unet" / "showone_unet_3d_condition.py"
    unet.write_text(unet.read_text().replace("from showone_blocks import", "from .showone_blocks import"))
    return copy


def test_both_load_what_was_pushed(hub, put: Callable[..., str], show_one: Path, loads: Loads) -> None:
    """A private repository with code of its own; the object that was pushed is in half precision."""
    import torch

    from gremio import DiffusionPipeline
    from gremio.publishing.proof.object_facts import facts_of

    pipe = DiffusionPipeline.from_pretrained(show_one, trust_remote_code=True).to(torch.bfloat16)
    pipe.unet.save_pretrained(show_one / "unet")
    pipe.text_encoder.save_pretrained(show_one / "text_encoder")
    commit = put("maria/show-one", show_one, private=True)
    subject = ProofSubject("maria/show-one", "pipeline", revision=commit, digest=digest_of(show_one))
    started: list[str] = []
    proof = prove(subject, facts_of(pipe), loads, token=hub.token, before=started.append)
    assert proof.ok, "\n".join(proof.lines())
    assert [(each.loader, each.verdict) for each in proof.attempts] == [("gremio", "ok"), ("diffusers", "ok")]
    assert started == ["gremio", "diffusers"]
    # Both share one cache: the weights come once.
    weights = [path for method, path in hub.requests if method == "GET" and path.endswith(".safetensors")]
    assert len(weights) == len(set(weights)) == 2
    proof.require()


def test_a_component_and_blocks_load_from_the_hub(put: Callable[..., str], tmp_path: Path, loads: Loads) -> None:
    """By the file that the publication says, at their commits; tests/proof has both loaders for both, at once."""
    from gremio import load_class
    from gremio.publishing.proof.object_facts import facts_of

    model, blocks = tmp_path / "model", tmp_path / "blocks"
    model.mkdir()
    (model / "gate.py").write_text(MODEL)
    (model / "layers.py").write_text("WIDTH = 4\n")
    gate = load_class(model / "gate.py")()
    gate.register_to_config(auto_map={"AutoModel": "gate.Gate"})
    gate.save_pretrained(model)
    blocks.mkdir()
    (blocks / "shout.py").write_text(BLOCKS)
    config = {"_class_name": "Shout", "auto_map": {"ModularPipelineBlocks": "shout.Shout"}}
    (blocks / "modular_config.json").write_text(json.dumps(config))
    shout = load_class(blocks / "shout.py")()
    for kind, folder, thing, by in [("component", model, gate, "diffusers"), ("blocks", blocks, shout, "gremio")]:
        commit, entry = put(f"maria/{kind}", folder), next(folder.glob("[gs]*.py")).name
        digest = str(code_of(FolderModel(folder), entry).digest)
        subject = ProofSubject(f"maria/{kind}", kind, revision=commit, entry=entry, digest=digest)
        proof = prove(subject, facts_of(thing), loads, loaders=[by])
        assert proof.ok, "\n".join(proof.lines())


def test_a_helper_that_only_the_author_has_is_told(
    hub, put: Callable[..., str], show_one: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the author's own folder is on the path, and is the current directory."""
    author = tmp_path / "author"
    author.mkdir()
    (show_one / "unet" / "showone_blocks.py").rename(author / "showone_blocks.py")
    unet = show_one / "unet" / "showone_unet_3d_condition.py"
    unet.write_text(unet.read_text().replace("from .showone_blocks import", "from showone_blocks import"))
    monkeypatch.setenv("PYTHONPATH", str(author))
    monkeypatch.chdir(author)
    commit = put("maria/show-one", show_one)
    subject = ProofSubject("maria/show-one", "pipeline", revision=commit, digest=digest_of(show_one))
    with Loads(settings()) as loads:
        proof = prove(subject, FACTS, loads)
    assert list((settings().home / "proofs").iterdir()) == []
    assert [each.verdict for each in proof.attempts] == ["failed", "failed"]
    assert all("showone_blocks" in "\n".join(each.lines()) for each in proof.attempts), proof.lines()
    with pytest.raises(NotProven, match="not proven to load as what was published") as caught:
        proof.require()
    assert caught.value.ref == "maria/show-one"
    assert "--no-verify" in caught.value.next_step


def test_other_code_than_was_published_never_runs(
    put: Callable[..., str], show_one: Path, tmp_path: Path, loads: Loads
) -> None:
    """Under neither loader."""
    expected = digest_of(show_one)
    ran = tmp_path / "ran"
    pipeline = show_one / "pipeline_t2v_base_pixel.py"
    pipeline.write_text(f"open({str(ran)!r}, 'w').close()\n{pipeline.read_text()}")
    commit = put("maria/show-one", show_one)
    subject = ProofSubject("maria/show-one", "pipeline", revision=commit, digest=expected)
    gremio, diffusers = prove(subject, FACTS, loads).attempts
    assert (gremio.verdict, gremio.error) == ("failed", "NotTrusted")
    assert diffusers.verdict == "impossible"
    assert diffusers.reasons == ("the code that lies there is not the code that was published",)
    assert not ran.exists()


def test_a_folder_is_what_a_process_of_its_own_says(
    sd_folder: Path, monkeypatch: pytest.MonkeyPatch, loads: Loads
) -> None:
    """Also where it is named from the current directory."""
    monkeypatch.chdir(sd_folder.parent)
    facts = facts_of_folder(ProofSubject(sd_folder.name, "pipeline"), loads)
    assert facts.class_name == "StableDiffusionPipeline"
    assert facts.components["vae"].class_name == "AutoencoderKL"


def test_a_folder_that_does_not_load_is_refused(tmp_path: Path) -> None:
    """Before anything is published."""
    printed = ProofReport(error=Trouble("ImportError", "no castle", "pipeline.py:3")).to_json()
    program = child(f"import sys; print('details', file=sys.stderr); print({printed!r})")
    told = r"can't be loaded: ImportError: no castle \(pipeline\.py:3\)\ndetails"
    with Loads(settings(), command=program) as loads, pytest.raises(NotProven, match=told):
        facts_of_folder(ProofSubject(str(tmp_path), "pipeline"), loads)


def test_what_is_another_thing_is_told() -> None:
    """Loading is not enough."""
    other = replace(FACTS, components={"unet": ComponentFacts("Unet")})
    proof = proven(printing(other))
    assert not proof.ok
    assert proof.lines()[0] == "Gremio: failed: unet: no such component was expected"
    assert json.loads(json.dumps(proof.as_dict()))["attempts"][0]["verdict"] == "failed"


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import time; time.sleep(60)", "no result after 1 seconds"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", "its process ended with SIGSEGV and no report"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "when memory runs out"),
        ("print('{\"facts\": 3}')", "its process ended with exit code 0 and no report"),
        ("print()", "ended with exit code 0 and no report"),
        ("raise SystemExit('oh')", "ended with exit code 1 and no report: oh"),
    ],
)
def test_a_process_that_says_nothing_is_explained(program: str, told: str) -> None:
    """Whatever became of it."""
    proof = proven(child(program), timeout=1.2, loaders=["gremio"])
    assert told in proof.attempts[0].lines()[0]
    assert not proof.ok


def test_what_plain_diffusers_cannot_do_is_not_tried() -> None:
    """The publication says why, and it is proven by what can be tried."""
    limits = ["helpers lie in a package"]
    proof = proven(printing(), limits=limits)
    assert proof.ok
    assert proof.lines()[1] == "plain diffusers: not tried: helpers lie in a package"


@pytest.mark.parametrize(("name", "value"), [("GREMIO_POLICY", "never"), ("DIFFUSERS_DISABLE_REMOTE_CODE", "1")])
def test_where_no_code_may_run_nothing_is_proven(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The author's own rule holds here too; weights alone can be loaded."""
    monkeypatch.setenv(name, value)
    with_code = replace(SUBJECT, digest="sha256:" + "0" * 64)
    proof = proven(child("raise SystemExit('ran')"), with_code)
    assert [each.verdict for each in proof.attempts] == ["impossible", "impossible"]
    assert name in proof.lines()[0]
    with pytest.raises(NotProven):
        proof.require()
    assert proven(printing()).ok


def test_the_environment_is_somebody_elses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty caches, the Hub and the token, no offline mode, and of the path what is installed."""
    loose, installed = tmp_path / "loose", tmp_path / "installed"
    (installed / "torch-2.dist-info").mkdir(parents=True)
    loose.mkdir()
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_TOKEN", "hf_mine")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(loose), str(installed), ""]))
    env = clean_environment(tmp_path / "x", settings(), None)
    assert "HF_TOKEN" not in env
    assert "HF_HUB_OFFLINE" not in env
    assert str(loose) not in env["PYTHONPATH"]
    first, own = env["PYTHONPATH"].split(os.pathsep)
    assert first == str(installed)
    assert Path(own, "gremio", "__init__.py").is_file()
    below = ("HF_HOME", "HF_HUB_CACHE", "HF_MODULES_CACHE", "GREMIO_HOME")
    assert all(Path(env[name]).is_relative_to(tmp_path / "x") for name in below)
    assert clean_environment(tmp_path, settings(), "hf_other")["HF_TOKEN"] == "hf_other"


def test_interrupting_ends_the_process(tmp_path: Path) -> None:
    """^C reaches whoever publishes, and leaves neither process nor folder."""
    pid = tmp_path / "pid"
    program = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    script = (
        "import sys\n"
        "from gremio.publishing.proof.facts import *\n"
        "from gremio.publishing.proof.exchange import ProofSubject\n"
        "from gremio.publishing.proof.loads import Loads\n"
        "from gremio.publishing.proof.proving import prove\n"
        "from gremio.machine.settings import Settings\n"
        "assert 'torch' not in sys.modules\n"
        "with Loads(Settings.from_environment(), command=[sys.executable, '-c', sys.argv[1]]) as loads:\n"
        "    prove(ProofSubject('a/b', 'code'), Facts('code', ComponentFacts('X')), loads)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script, program], stderr=subprocess.PIPE, text=True) as author:
        deadline = time.monotonic() + 30
        while not (pid.exists() and pid.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        author.send_signal(signal.SIGINT)
        _, err = author.communicate(timeout=30)
    assert "KeyboardInterrupt" in err
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
    assert list((settings().home / "proofs").iterdir()) == []


def test_code_that_gremio_mends_may_fail_in_plain_diffusers() -> None:
    """It is told as it is, and is no fault of the publication; that it loads as something else would be."""
    failed, fine = ProofReport(error=Trouble("ImportError", "no castle")).to_json(), ProofReport(FACTS).to_json()
    program = f"import sys; print({failed!r} if 'diffusers' in sys.argv else {fine!r})"
    proof = proven(child(program), mended=True)
    assert proof.ok
    assert "plain diffusers: not possible: it can't load this code, which Gremio mends" in proof.lines()[1]
    assert not proven(child(program)).ok
    other = replace(FACTS, components={"unet": ComponentFacts("Unet")})
    assert not proven(printing(other), mended=True).ok
