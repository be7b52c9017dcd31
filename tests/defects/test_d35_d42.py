"""D35 to D42: requirements, variants, paths, provenance, remote code, old code, single files."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline
from PIL import Image
from tests.samples import instruct_pix2pix_sd3, long_prompt_weighting_sd, tiny_sd3
from tests.samples.code import PLAIN

from gremio import DiffusionPipeline, load_class
from gremio.errors import MissingPackages, NotTrusted, OptionError, RefNotFound


def test_d35_all_missing_packages_are_named_before_anything_runs(write, sd_folder, tmp_path):
    """Both packages that aren't there are named, with where and how to install; the guarded one is not asked for."""
    ran = tmp_path / "ran"
    code = write(
        f"import pathlib\npathlib.Path({str(ran)!r}).touch()\n"
        "import no_such_package_a\nfrom no_such_package_b.part import thing\n"
        "try:\n    import no_such_package_c\nexcept ImportError:\n    pass\n" + PLAIN
    )
    with pytest.raises(MissingPackages) as caught:
        DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code)
    assert caught.value.packages == ("no-such-package-a", "no-such-package-b")
    assert caught.value.next_step == "pip install no-such-package-a no-such-package-b"
    assert "pipeline.py, line 3" in str(caught.value)
    assert not ran.exists()


@pytest.mark.parametrize("entry", ["LICENSE", "notes/readme.txt"])
@pytest.mark.parametrize("on_hub", [False, True])
def test_d36_a_variant_loads_beside_an_entry_without_extension(sd_folder, tmp_path, put, entry, on_hub):
    """A file or folder without a dot in a component's folder does not disturb `variant=`."""
    folder = shutil.copytree(sd_folder, tmp_path / "model")
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    weights.rename(weights.with_suffix(".fp16.safetensors"))
    (folder / "unet" / entry).parent.mkdir(exist_ok=True)
    (folder / "unet" / entry).write_text("of whoever")
    if on_hub:
        put("maria/model", folder)
    pipe = DiffusionPipeline.from_pretrained("maria/model" if on_hub else folder, variant="fp16")
    assert pipe("a cat", num_inference_steps=1, output_type="np").images.shape == (1, 64, 64, 3)


@pytest.mark.parametrize("written", ["./no/such/folder", Path("no/such/folder"), "no/such/folder"])
def test_d37_a_typo_in_the_models_path_names_the_path(written, tmp_path, monkeypatch):
    """Text and Path alike: the error says which folder is not there."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefNotFound, match="there is no folder at") as caught:
        DiffusionPipeline.from_pretrained(written)
    assert str(tmp_path / "no/such/folder") in caught.value.message
    assert caught.value.ref == str(written)


@pytest.mark.parametrize("written", ["./cod", Path("cod"), "./code/pipelin.py"])
def test_d37_a_typo_in_the_codes_path_names_the_path_and_what_is_there(written, write, tmp_path, monkeypatch):
    """The error has the absolute path, and what lies beside."""
    write(PLAIN)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RefNotFound, match="there is nothing at") as caught:
        load_class(written)
    assert str(tmp_path / written) in caught.value.message
    assert {"code", "pipeline.py"} & set(caught.value.nearest)


def test_d37_paths_work_for_models_and_code(sd_folder, write):
    """`pathlib.Path` is taken for both."""
    pipe = DiffusionPipeline.from_pretrained(Path(sd_folder), custom_pipeline=write(PLAIN).parent)
    assert type(pipe).__name__ == "Plain"


def test_d38_a_pipeline_says_which_code_and_weights_it_is_made_of(put, sd_folder, show_one_folder):
    """`pipe.gremio` names the source, commits and digests of weights, pipeline and components, ready for JSON."""
    model = put("maria/model", sd_folder)
    code = put("ana/code", {"pipeline.py": PLAIN})
    pipe = DiffusionPipeline.from_pretrained("maria/model", custom_pipeline="ana/code", trust_remote_code=True)
    facts = json.loads(json.dumps(pipe.gremio.as_dict()))
    assert (facts["model"], facts["model_commit"]) == ("maria/model", model)
    assert facts["components"] == {}
    named = {"source": "hub", "repo": "ana/code", "commit": code, "entry": "pipeline.py", "class_name": "Plain"}
    assert named.items() <= facts["pipeline"].items()
    assert facts["pipeline"]["digest"] == str(pipe.gremio.digest)

    film = DiffusionPipeline.from_pretrained(show_one_folder, trust_remote_code=True)
    unet = json.loads(json.dumps(film.gremio.as_dict()))["components"]["unet"]
    assert (unet["class_name"], unet["source"]) == ("ShowOneUNet3DConditionModel", "local")


def test_d38_a_standard_pipeline_has_provenance_too(sd_folder):
    """Where no community code takes part, it says so."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    assert pipe.gremio.pipeline is None
    assert pipe.gremio.model == str(sd_folder)


def test_d39_only_remote_code_is_disabled(put, write, sd_folder, monkeypatch):
    """With DIFFUSERS_DISABLE_REMOTE_CODE a folder of one's own runs, and code of the Hub does not."""
    monkeypatch.setenv("DIFFUSERS_DISABLE_REMOTE_CODE", "1")
    assert load_class(write(PLAIN)).__name__ == "Plain"
    put("ana/code", {"pipeline.py": PLAIN})
    with pytest.raises(NotTrusted, match="DIFFUSERS_DISABLE_REMOTE_CODE") as caught:
        DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline="ana/code", trust_remote_code=True)
    assert caught.value.ref == "ana/code"


def test_d40_code_written_for_inside_diffusers_loads_and_runs(tmp_path):
    """In-tree relative imports mean the installed diffusers, wherever the file lies; each is reported."""
    code = instruct_pix2pix_sd3(tmp_path / "anywhere")
    pipe = DiffusionPipeline.from_pretrained(tiny_sd3(tmp_path / "model", edit=True), custom_pipeline=code)
    picture = pipe("make it snow", Image.new("RGB", (32, 32)), num_inference_steps=1).images[0]
    assert picture.size == (32, 32)
    assert any("image_processor" in move.new for move in pipe.gremio.pipeline.relocations)


MOVED = {
    "diffusers.pipelines.controlnet.multicontrolnet.MultiControlNetModel": "diffusers.MultiControlNetModel",
    "diffusers.models.unet_2d_condition.UNet2DConditionModel": "diffusers.UNet2DConditionModel",
    "transformers.CLIPFeatureExtractor": "transformers.CLIPImageProcessor",
}


@pytest.mark.parametrize(("old", "new"), MOVED.items())
def test_d41_names_that_moved_are_found_and_reported(write, old, new, sd_folder):
    """Imports of older libraries are re-pointed to where the names live now; the provenance says which."""
    module, _, name = old.rpartition(".")
    code = write(f"from {module} import {name}\n{PLAIN}\n    kind = {name}\n")
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code)
    assert pipe.kind.__name__.startswith(new.rpartition(".")[2])
    assert [(move.old, move.new) for move in pipe.gremio.pipeline.relocations] == [(old, new)]


def test_d41_code_that_needs_nothing_relocates_nothing(write, sd_folder):
    """What is where it was is left alone."""
    assert DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=write(PLAIN)).gremio.pipeline.relocations == ()


def test_d42_a_pipeline_of_one_file_gets_a_community_class(sd_folder, tmp_path):
    """A pipeline that Gremio did not load, as `from_single_file` gives it, takes a community class by `from_pipe`."""
    single = StableDiffusionPipeline.from_pretrained(sd_folder)
    single = StableDiffusionPipeline(**single.components, requires_safety_checker=False)
    pipe = DiffusionPipeline.from_pipe(single, custom_pipeline=long_prompt_weighting_sd(tmp_path))
    assert type(pipe).__name__ == "LongPromptPipeline"
    assert pipe.unet is single.unet
    assert pipe.gremio.pipeline.class_name == "LongPromptPipeline"


def test_d42_a_class_comes_without_weights(write):
    """`load_class` needs no model."""
    assert issubclass(load_class(write(PLAIN)), StableDiffusionPipeline)


def test_d42_from_single_file_says_how_to_go_on():
    """Without a class, the facade says to call it on one."""
    with pytest.raises(OptionError, match="not told which class") as caught:
        DiffusionPipeline.from_single_file("model.safetensors")
    assert "custom_pipeline" in caught.value.next_step


def test_d42_from_single_file_into_a_class_that_cannot(write):
    """A community class without single-file loading is refused with the two steps that do it."""
    code = write(
        "from diffusers import DiffusionPipeline\n"
        "class Own(DiffusionPipeline):\n"
        "    def __init__(self, unet):\n"
        "        super().__init__()\n"
    )
    with pytest.raises(OptionError, match="Own can't load single files") as caught:
        DiffusionPipeline.from_single_file("model.safetensors", custom_pipeline=code)
    assert "from_pipe" in caught.value.next_step


def test_d42_from_single_file_reaches_the_community_class(write, tmp_path):
    """Where the class can read one file, it is the community class that does."""
    code = write(
        f"{PLAIN}\n    @classmethod\n    def from_single_file(cls, path, **kwargs):\n        return cls, path, kwargs\n"
    )
    cls, path, kwargs = DiffusionPipeline.from_single_file(
        "m.safetensors", custom_pipeline=code, torch_dtype=torch.half
    )
    assert (cls.__name__, path, kwargs) == ("Plain", "m.safetensors", {"torch_dtype": torch.half})
