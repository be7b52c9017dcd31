"""``gremio add`` and its kin, as a person types them."""

import json
import shutil

import pytest
from tests.samples.code import PLAIN

from gremio.cli.main import run
from gremio.sandbox.confinement.tiers import layers


@pytest.fixture
def project(tmp_path, hub, put, sd_folder, monkeypatch):
    """A folder to lock in; code and a model on the Hub; nobody at a terminal."""
    put("maria/sd", sd_folder)
    put("maria/code", {"pipeline.py": PLAIN})
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


ADD = ["add", "fox", "maria/code", "--model", "maria/sd"]


def test_from_adding_to_a_changed_branch(project, put, capsys):
    """Refused without approval, locked with it; synced, verified; an update shows the diff and wants a new approval."""
    assert run(ADD) == 1
    told = capsys.readouterr().err
    assert "nobody approved its code" in told
    assert "gremio approve hub:maria/code@" in told
    assert not (project / "gremio.lock").exists()
    assert run([*ADD, "--approve", "--note", "read"]) == 0
    assert run(ADD) == 1
    assert "gremio update fox" in capsys.readouterr().err
    assert run(["sync"]) == run(["verify"]) == run(["lock", "--check"]) == run(["update"]) == 0
    assert "fox: nothing has changed" in capsys.readouterr().out
    put("maria/code", {"pipeline.py": PLAIN + "import subprocess\nsubprocess.run(['true'])\n"})
    before = (project / "gremio.lock").read_text()
    assert run(["update", "--dry-run"]) == 0
    assert run(["update", "--yes"]) == 1
    assert (project / "gremio.lock").read_text() == before
    told = capsys.readouterr().out
    assert "+subprocess.run(['true'])" in told
    assert "came, high: 1" in told
    assert run(["update", "--yes", "--approve", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["code"]["files"][0]["path"] == "pipeline.py"
    assert run(["remove", "fox"]) == 0
    assert run(["remove", "fox"]) == 1


def test_verify_says_what_differs(project, tmp_path, capsys):
    """With exit code 1, in words and as JSON."""
    assert run([*ADD, "--approve"]) == 0
    capsys.readouterr()
    assert run(["verify", "--format", "json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {each["what"] for each in found} >= {"unet/diffusion_pytorch_model.safetensors of maria/sd is missing"}


def test_a_bundle_brings_no_approval(project, tmp_path, monkeypatch, capsys):
    """``import`` says what nobody here approved; ``gremio approve`` makes it run."""
    assert run([*ADD, "--approve"]) == run(["sync"]) == run(["export", "fox.tar", "--weights"]) == 0
    shutil.rmtree(tmp_path / "gremio-home")
    (project / "gremio.lock").unlink()
    assert run(["import", "fox.tar"]) == 0
    assert "nobody here approved hub:maria/code@" in capsys.readouterr().out
    assert run(["verify"]) == 1
    assert run(["approve", "maria/code", "--yes"]) == 0
    assert run(["verify"]) == 0


def test_approvals_are_listed_and_revoked(project, capsys):
    """By digest; a digest that was never seen can't be approved."""
    assert run(["approve", "maria/code"]) == 1
    assert "gremio approve maria/code --yes" in capsys.readouterr().err
    assert run(["approve", "maria/code", "--yes", "--note", "bell \x07"]) == 0
    assert run(["approvals", "--format", "json"]) == 0
    lines = capsys.readouterr().out.splitlines()
    digest = lines[0].split()[0]
    assert json.loads("\n".join(lines[1:]))[0]["digest"] == digest
    assert run(["approvals"]) == 0
    assert "bell \\x07" in capsys.readouterr().out
    assert run(["revoke", digest]) == 0
    assert run(["revoke", digest]) == 2
    assert run(["approve", "sha256:" + "0" * 64, "--yes"]) == 2


def test_a_lock_written_by_hand_is_completed(project, sd_folder):
    """Entries with nothing but what is asked for; local folders are hashed anew when they change."""
    shutil.copytree(sd_folder, project / "model")
    (project / "mine.py").write_text(PLAIN)
    entry = '[[pipelines]]\nname = "fox"\nref = "./mine.py"\nmodel = "./model"\n'
    (project / "gremio.lock").write_text(f'lock-version = "1.0"\n{entry}')
    assert run(["lock", "--check"]) == 1
    assert run(["lock"]) == run(["lock", "--check"]) == run(["verify"]) == 0
    (project / "mine.py").write_text(PLAIN + "# more\n")
    assert run(["lock", "--check"]) == run(["verify"]) == 1
    assert run(["lock"]) == run(["verify"]) == 0


def test_on_a_terminal_it_asks(project, monkeypatch, capsys):
    """Once, after what the code could do was shown; no is a refusal."""
    monkeypatch.setattr("gremio.cli.consent.can_ask", lambda: True)
    answers = [False, True]
    monkeypatch.setattr("click.confirm", lambda *_, **__: answers.pop(0))
    assert run(ADD) == 1
    assert run(ADD) == 0
    assert answers == []
    assert "maria/code" in capsys.readouterr().err


def test_running_a_locked_pipeline(project, hub, capsys):
    """Without a request; the picture tells the entry's digest, and what the lock decides can't be given."""
    assert run([*ADD, "--approve"]) == run(["sync"]) == 0
    before = len(hub.requests)
    assert run(["run", "fox", "--prompt", "a fox", "--steps", "1", "-o", "fox.png"]) == 0
    assert len(hub.requests) == before
    from gremio import Workspace
    from gremio.running.outputs import read_metadata

    assert read_metadata(project / "fox.png")["gremio:lock"] == str(Workspace().entry("fox").digest)
    capsys.readouterr()
    assert run(["run", "fox", "--locked", "--variant", "fp16"]) == 2
    assert "the lock decides" in capsys.readouterr().err
    assert run(["run", "dog", "--locked"]) == 1
    assert "It has fox" in capsys.readouterr().err
    assert run(["run", "dog"]) == 2


def test_run_asks_on_a_terminal_before_code_of_the_hub_runs(project, monkeypatch, capsys):
    """After its review; yes draws and is remembered, and nobody is asked where no word would help."""
    monkeypatch.setattr("gremio.cli.consent.can_ask", lambda: True)
    answers = [False, True]
    monkeypatch.setattr("click.confirm", lambda *_, **__: answers.pop(0))
    draw = ["run", "maria/code", "--model", "maria/sd", "--prompt", "a fox", "--steps", "1", "-o", "fox.png"]
    assert run(draw) == 1
    assert not (project / "fox.png").exists()
    assert run(draw) == run(draw) == 0
    assert answers == []
    monkeypatch.setenv("GREMIO_POLICY", "never")
    assert run(draw) == 1


@pytest.mark.parametrize("sandbox", [(), ("--sandbox",)])
def test_modular_blocks_are_neither_locked_nor_confined(project, put, capsys, sandbox):
    """Whether they bring a model or not; said before anything is downloaded or written."""
    block = "from diffusers import ModularPipelineBlocks\n\n\nclass Warm(ModularPipelineBlocks):\n    pass\n"
    put(
        "maria/blocks",
        {"block.py": block, "modular_config.json": '{"auto_map": {"ModularPipelineBlocks": "block.Warm"}}'},
    )
    for model in ((), ("--model", "maria/sd")):
        assert run(["add", "warm", "maria/blocks", *model, *sandbox]) == 1
        assert "has modular blocks" in capsys.readouterr().err
        if sandbox:
            assert run(["run", "maria/blocks", *model, *sandbox]) == 2
            assert "a modular pipeline does not run in a sandbox" in capsys.readouterr().err
    assert not (project / "gremio.lock").exists()


@pytest.mark.skipif(not all(layers().values()), reason="this machine lacks layers of the sandbox")
def test_a_pipeline_that_is_locked_into_the_sandbox(project, hub, capsys, zygote):
    """Needs no approval; ``run`` takes it there by itself, without a request, and the picture tells the entry."""
    assert run([*ADD, "--sandbox"]) == run(["sync"]) == run(["lock", "--check"]) == run(["verify"]) == 0
    assert "in a sandbox only" in capsys.readouterr().out
    before = len(hub.requests)
    assert run(["run", "fox", "--prompt", "a fox", "--steps", "1", "--seed", "7", "-o", "fox.png"]) == 0
    assert len(hub.requests) == before
    from gremio import Workspace
    from gremio.running.outputs import read_metadata

    assert read_metadata(project / "fox.png")["gremio:lock"] == str(Workspace().entry("fox").digest)
    assert run(["run", "fox", "--variant", "fp16"]) == 2
