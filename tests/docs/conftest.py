"""The repositories, folders and commits that the documentation names, on a local Hub, at tiny size."""

import shutil
from contextlib import nullcontext

import pytest
from tests.docs.pages import ROOT
from tests.samples import long_prompt_weighting_sd, tiny_sd3
from tests.samples.warm_castle import BLOCKS_COMMIT, put_modular

MIRROR = "diffusers/community-pipelines-mirror"
DIFFUSERS_COMMIT = "1" * 40
CODE_COMMIT = "3e78446d01219d98156f9230baaf6168f9cb0cef"
VIDEO_COMMIT = "94e89872c074e136b13373e78a4e8ffd4647b021"


@pytest.fixture
def one_thread():
    """Tiny models are slower on several."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def world(hub, put, sd_folder, show_one_folder, tmp_path, monkeypatch, one_thread, request):
    """`world(page)` makes what the page names, in a fresh current directory; returns what to replace in its code."""
    import transformers.utils.hub
    from huggingface_hub import constants

    import gremio

    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    # So that what a page sets is taken back.
    monkeypatch.setenv("GREMIO_POLICY", "default")
    monkeypatch.setenv("GREMIO_GITHUB", f"{hub.endpoint}/huggingface/diffusers/resolve/main")
    # transformers and diffusers know one Hub a process.
    template = f"{hub.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    monkeypatch.setattr(constants, "ENDPOINT", hub.endpoint)
    monkeypatch.setattr(transformers.utils.hub, "_hf_api", None, raising=False)
    monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub-cache"))

    def make(page):
        text = (ROOT / page).read_text()
        code = long_prompt_weighting_sd(tmp_path / "community").read_bytes()
        name = "lpw_stable_diffusion.py"
        put(MIRROR, {f"main/{name}": code, f"v0.36.0/{name}": code}, repo_type="dataset")
        put("stable-diffusion-v1-5/stable-diffusion-v1-5", sd_folder)
        if DIFFUSERS_COMMIT in text:
            put("huggingface/diffusers", {f"{DIFFUSERS_COMMIT}/examples/community/{name}": code})
        for folder in ("my_pipeline", "mi_carpeta"):
            (here / folder).mkdir()
            (here / folder / "pipeline.py").write_bytes(code)
        for folder in ("my_model", "mi_modelo"):
            if folder in text:
                shutil.copytree(sd_folder, here / folder)
        replaced = {
            '"cuda"': '"cpu"',
            "num_inference_steps=20": "num_inference_steps=2",
            "--steps 20": "--steps 1",
            '"steps": 20': '"steps": 1',
        }
        if "maria/long-prompt" in text:
            replaced[CODE_COMMIT] = put("maria/long-prompt", {"pipeline.py": code})
        if "gremio publish" in text or "push_to_hub" in text:
            monkeypatch.setenv("HF_TOKEN", hub.token)
            request.getfixturevalue("loads")
        if "gremio check" in text:
            trial = (*request.getfixturevalue("forks"), "gremio.checking.trial")
            monkeypatch.setattr("gremio.checking.runner.TRIAL", trial)
        if "andbox" in text:
            request.getfixturevalue("zygote")
        if "gremio batch" in text:
            (here / "prompts.csv").write_text(
                "id,prompt,guidance_scale\nfox,a (red:1.3) fox,7.5\nowl,an owl at night,\n"
            )
            start = request.getfixturevalue("forks")
            monkeypatch.setattr("gremio.batching.workers.forking", lambda environ: nullcontext(start))
        if "maria/warm-blocks" in text:
            replaced[BLOCKS_COMMIT] = put_modular(put, tiny_sd3(tmp_path / "sd3"))
        if "showlab/show-1-base" in text:
            replaced[VIDEO_COMMIT] = put("showlab/show-1-base", show_one_folder)
        return replaced

    yield make
    gremio.uninstall()
