"""``gremio publish``."""

import json

import pytest

PIPELINE = '''from diffusers import StableDiffusionPipeline


class Painter(StableDiffusionPipeline):
    """Paints foxes."""

    def __call__(self, prompt: str, num_inference_steps: int = 20):
        return super().__call__(prompt, num_inference_steps=num_inference_steps)
'''


@pytest.fixture
def mine(tmp_path):
    """An author's folder."""
    folder = tmp_path / "my_painter"
    folder.mkdir()
    (folder / "pipeline.py").write_text(PIPELINE)
    (folder / "notes.txt").write_text("foxes are hard")
    return folder


def test_the_dry_run_shows_everything_and_needs_no_network(gremio, mine):
    """Files with sizes, the card, the code, what stays; nobody has to be logged in."""
    found = gremio("publish", str(mine), "--dry-run", "--base-model", "ana/model", "--license", "mit", "--tag", "foxes")
    assert found.code == 0
    for part in ("pipeline.py", "base_model: ana/model", "license: mit", "- foxes", "Paints foxes.", "notes.txt"):
        assert part in found.out
    assert "sha256:" in found.out
    assert found.out.rstrip().endswith("Nothing was published.")


def test_the_dry_run_as_json(gremio, mine):
    """The same, for scripts."""
    found = json.loads(gremio("publish", str(mine), "maria/painter", "--dry-run", "--format", "json").out)
    assert (found["repo_id"], found["kind"], found["class_name"]) == ("maria/painter", "code", "Painter")
    assert found["files"] == {"pipeline.py": len(PIPELINE)}
    assert "maria/painter" in found["card"]
    assert found["secrets"] == []


def test_secrets_are_shown_by_the_dry_run_and_stop_the_rest(gremio, hub, mine, monkeypatch):
    """File and line; nothing was made on the Hub."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    (mine / "pipeline.py").write_text(PIPELINE + '\nFOX = "/home/maria/foxes/one.png"\n')
    shown = gremio("publish", str(mine), "--dry-run")
    assert "pipeline.py" in shown.out.partition("secrets, which would stop it")[2]
    stopped = gremio("publish", str(mine), "maria/painter")
    assert stopped.code == 1
    assert "pipeline.py" in stopped.err
    assert not [path for method, path in hub.requests if method == "POST"]


def test_published(gremio, hub, api, mine, monkeypatch):
    """One commit; the command tells commit, tag and digest, in words or as JSON."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    first = gremio("publish", str(mine), "--no-verify", "--message", "Foxes")
    assert first.code == 0
    assert f"{hub.endpoint}/maria/my_painter" in first.out
    assert [commit.title for commit in api.list_repo_commits("maria/my_painter")] == ["Foxes", "initial commit"]
    again = json.loads(gremio("publish", str(mine), "--no-verify", "--format", "json").out)
    assert again["commit"] == api.repo_info("maria/my_painter").sha
    assert (again["uploaded"], again["proof"]) == ([], None)


def test_what_does_not_load_is_not_sent(gremio, hub, api, mine, monkeypatch, loads):
    """The folder itself is loaded before anything else."""
    monkeypatch.setenv("HF_TOKEN", hub.token)
    (mine / "pipeline.py").write_text(f"{PIPELINE}\nraise OSError('not today')\n")
    found = gremio("publish", str(mine), "maria/painter")
    assert found.code == 1
    assert "not today" in found.err
    assert "--no-verify" in found.err
    assert not api.repo_exists("maria/painter")


def test_nobody_is_logged_in(gremio, hub, mine):
    """What to do is said."""
    found = gremio("publish", str(mine), "maria/painter")
    assert found.code == 1
    assert "hf auth login" in found.err


def test_for_diffusers(gremio, mine):
    """The file, the row and the section, and nothing is published."""
    found = gremio("publish", str(mine), "--to-diffusers-pr", "--author", "maria")
    assert found.code == 0
    assert "examples/community/my_painter.py" in found.out
    assert "https://github.com/maria" in found.out
    told = gremio("publish", str(mine), "--to-diffusers-pr", "--author", "maria", "--format", "json")
    assert json.loads(told.out)["content"] == PIPELINE
    assert gremio("publish", str(mine), "--author", "maria").code == 2


def test_nothing_there(gremio, tmp_path):
    """A path that is none."""
    found = gremio("publish", str(tmp_path / "gone"))
    assert found.code == 1
    assert "there is no folder and no .py file" in found.err
