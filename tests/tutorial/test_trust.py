"""The tutorial's sections on `trust_remote_code` and pinning."""

import logging
import shutil

import pytest
from tests.tutorial.snippets import run

from gremio import DiffusionPipeline
from gremio.errors import NotTrusted, RevisionNotFound

# A scheduler of diffusers gives numpy tensors of torch.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
MODEL = "usuario/modelo-comunitario"


@pytest.fixture
def community_model(put, show_one_folder):
    """The commit of `usuario/modelo-comunitario`, a model with code."""
    return put(MODEL, show_one_folder)


def _films(pipeline):
    return len(pipeline("a cat", num_inference_steps=2).frames[0]) == 4


def test_a_model_with_code_runs_when_it_is_trusted(tmp_path, show_one_folder, monkeypatch):
    """`trust_remote_code=True` lets the code of `tu-repo` run, here a folder of that name."""
    shutil.copytree(show_one_folder, tmp_path / "tu-repo")
    monkeypatch.chdir(tmp_path)
    assert _films(run("trust_remote_code")["pipeline"])


def test_the_code_of_a_model_is_not_run_untrusted(community_model):
    """Without `trust_remote_code` the error names the repository and the argument that would let it run."""
    with pytest.raises(NotTrusted) as caught:
        DiffusionPipeline.from_pretrained(MODEL)
    assert caught.value.ref == MODEL
    assert f"trust_remote_code=True and revision='{community_model}'" in caught.value.next_step


@pytest.mark.parametrize("digits", [40, 7])
def test_a_commit_pins_the_code(community_model, put, digits):
    """The commit of the snippet, in full or by its first seven digits, is what runs after others were pushed."""
    put(MODEL, {"pipeline_t2v_base_pixel.py": "raise RuntimeError('a later commit')"})
    pipeline = run("trust_remote_code, pinned", commit=community_model[:digits])["pipeline"]
    assert pipeline.gremio.model_commit == pipeline.gremio.commit == community_model
    assert _films(pipeline)


def test_a_pinned_load_is_quiet_and_asks_nothing_twice(community_model, hub, caplog):
    """A full commit gives no warning; the second load makes no request at all."""
    with caplog.at_level(logging.WARNING, "gremio"):
        run("trust_remote_code, pinned", commit=community_model)
        hub.requests.clear()
        run("trust_remote_code, pinned", commit=community_model)
    assert not caplog.records
    assert hub.requests == []


def test_a_commit_that_is_not_there_is_refused_with_those_that_are(community_model):
    """The tutorial's own "1234567" is in no repository: the error says so and names revisions that exist."""
    with pytest.raises(RevisionNotFound, match="1234567") as caught:
        run("trust_remote_code, pinned")
    assert caught.value.ref == MODEL
    assert "main" in caught.value.next_step
