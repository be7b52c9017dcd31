"""The tutorial's section on `from_pipe`: new abilities over the weights that are there."""

import pytest
from tests.tutorial.snippets import run

pytestmark = pytest.mark.usefixtures("mirror", "cyber_realistic")


def _addresses(pipeline):
    return {p.data_ptr() for name in ("unet", "vae", "text_encoder") for p in getattr(pipeline, name).parameters()}


def test_from_pipe_adds_long_prompts_and_loads_no_weights(hub):
    """The new pipeline draws with the very tensors of the old one, and asks the Hub for the code alone."""
    names = run("from_pipe")
    sd, lpw = names["pipeline_sd"], names["pipeline_lpw"]
    assert type(lpw).__name__ == "LongPromptPipeline"
    assert _addresses(sd) == _addresses(lpw)
    assert lpw("a (red:1.3) cat " * 50, num_inference_steps=2).images[0].size == (64, 64)
    assert sd("a red cat", num_inference_steps=2).images[0].size == (64, 64)


def test_the_short_form_needs_no_device_map(hub):
    """`from_pipe` with the source and a name is enough, and costs no request for the model."""
    original = run("from_pipe")["pipeline_sd"]
    hub.requests.clear()
    names = run("from_pipe, short", {"pipeline_original": original})
    assert names["pipeline_lpw"]("a cat", num_inference_steps=2).images[0].size == (64, 64)
    assert not any("CyberRealistic" in path for _, path in hub.requests)
