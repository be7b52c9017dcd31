"""``from_pretrained``: standard models as diffusers loads them, and what a caller may pass."""

import json
import shutil

import diffusers
import pytest
import torch
from diffusers import AutoencoderKL, StableDiffusionImg2ImgPipeline, StableDiffusionPipeline, UNet2DConditionModel

import gremio
from gremio import DiffusionPipeline
from gremio.errors import BadModelIndex, NotTrusted, OptionError

MODELS = ("unet", "vae", "text_encoder")


@pytest.fixture
def folder(sd_folder, tmp_path):
    """A model folder to write into."""
    return shutil.copytree(sd_folder, tmp_path / "model")


def _index(folder, **entries):
    file = folder / "model_index.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | entries))


def _weights(pipeline):
    return {(m, k): t for m in MODELS for k, t in getattr(pipeline, m).state_dict().items()}


@pytest.mark.parametrize("dtype", [None, torch.float16])
def test_a_standard_pipeline_is_what_diffusers_loads(sd_folder, dtype):
    """Class, config and every weight are those of plain diffusers."""
    ours = DiffusionPipeline.from_pretrained(str(sd_folder), dtype=dtype)
    theirs = diffusers.DiffusionPipeline.from_pretrained(str(sd_folder), dtype=dtype)
    assert type(ours) is type(theirs) is StableDiffusionPipeline
    assert dict(ours.config) == dict(theirs.config)
    assert _weights(ours).keys() == _weights(theirs).keys()
    assert all(torch.equal(t, _weights(theirs)[key]) for key, t in _weights(ours).items())


def test_every_pipeline_is_an_instance_of_the_facade(sd_folder, plain_code):
    """``isinstance`` holds for standard and community pipelines, and not for anything else."""
    assert isinstance(DiffusionPipeline.from_pretrained(sd_folder), DiffusionPipeline)
    assert issubclass(gremio.load_class(plain_code), DiffusionPipeline)
    assert not isinstance("pipeline", DiffusionPipeline)


def test_what_is_passed_is_not_downloaded(put, hub, sd_folder):
    """A UNet of the caller's is taken as it is, and no file of the repository's is fetched."""
    put("maria/model", sd_folder)
    unet = UNet2DConditionModel.from_pretrained(sd_folder, subfolder="unet")
    pipe = DiffusionPipeline.from_pretrained("maria/model", unet=unet)
    assert pipe.unet is unet
    assert any("/vae/" in path for _, path in hub.requests)
    assert not any("/unet/" in path for _, path in hub.requests)


def test_a_passed_component_loads_without_its_folder(folder):
    """A model without the folder of what is passed is whole."""
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet")
    shutil.rmtree(folder / "unet")
    assert DiffusionPipeline.from_pretrained(folder, unet=unet).unet is unet


@pytest.mark.parametrize("code", [False, True])
def test_none_leaves_a_component_out(tmp_path, plain_code, code):
    """``safety_checker=None`` loads none, in a standard and in a community class."""
    from tests.samples import tiny_sd

    folder = tiny_sd(tmp_path / "checked", safety_checker=True)
    chosen = {"custom_pipeline": plain_code} if code else {}
    pipe = DiffusionPipeline.from_pretrained(folder, safety_checker=None, requires_safety_checker=False, **chosen)
    assert pipe.safety_checker is None
    assert not pipe.config.requires_safety_checker
    assert pipe.feature_extractor is not None


def test_null_components_stay_none(sd_folder, plain_code):
    """What the index leaves out is None."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=plain_code)
    assert pipe.safety_checker is pipe.feature_extractor is pipe.image_encoder is None


@pytest.mark.parametrize(
    ("arguments", "unet", "vae"),
    [
        ({"dtype": {"unet": torch.float16, "default": torch.float32}}, torch.float16, torch.float32),
        ({"torch_dtype": {"vae": "bf16"}}, torch.float32, torch.bfloat16),
        ({"dtype": "float16"}, torch.float16, torch.float16),
        ({"torch_dtype": "torch.bfloat16"}, torch.bfloat16, torch.bfloat16),
        ({"dtype": None}, torch.float32, torch.float32),
    ],
)
def test_a_dtype_for_all_or_for_each(sd_folder, arguments, unet, vae):
    """One dtype, its name, or a dict by component."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, **arguments)
    assert (pipe.unet.dtype, pipe.vae.dtype) == (unet, vae)


def test_a_variant_is_loaded(folder):
    """``variant="fp16"`` takes the files of that variant."""
    pipe = diffusers.DiffusionPipeline.from_pretrained(folder, dtype=torch.float16)
    pipe.save_pretrained(folder, variant="fp16")
    for plain in folder.rglob("*.safetensors"):
        if "fp16" not in plain.name:
            plain.write_bytes(b"not to be read")
    assert DiffusionPipeline.from_pretrained(folder, variant="fp16", dtype=torch.float16).unet.dtype == torch.float16


@pytest.mark.parametrize("safe", [True, False, None])
def test_the_format_is_chosen(folder, safe):
    """``use_safetensors`` True, False and None take what they say, where the other is there too."""
    whole = diffusers.DiffusionPipeline.from_pretrained(folder)
    whole.save_pretrained(folder, safe_serialization=False)
    # transformers has given up saving pickles, not loading them.
    torch.save(whole.text_encoder.state_dict(), folder / "text_encoder" / "pytorch_model.bin")
    for spoiled in folder.rglob("*.safetensors" if safe is False else "*.bin"):
        spoiled.write_bytes(b"not to be read")
    assert DiffusionPipeline.from_pretrained(folder, use_safetensors=safe).unet is not None


@pytest.mark.parametrize("place", ["cpu", torch.device("cpu"), "balanced"])
def test_a_device_map_on_a_machine_without_accelerator(sd_folder, show_one_folder, plain_code, place):
    """``"cpu"`` places everything there; ``"balanced"`` has nothing to balance over; both draw, custom code or not."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=plain_code, device_map=place)
    assert pipe("a cat", num_inference_steps=1, output_type="latent").images.shape == (1, 4, 8, 8)
    film = DiffusionPipeline.from_pretrained(show_one_folder, trust_remote_code=True, device_map=place)
    assert film.unet.device == torch.device("cpu")


def test_an_explicit_class_wins(sd_folder, show_one_folder, plain_code):
    """D16: a class that the caller chose is what loads; code may only narrow it."""

    class Mine(DiffusionPipeline):
        def __init__(self, unet, vae, scheduler):
            super().__init__()
            self.register_modules(unet=unet, vae=vae, scheduler=scheduler)

    mine = Mine.from_pretrained(sd_folder)
    assert type(mine) is Mine
    assert set(mine.components) == {"unet", "vae", "scheduler"}
    assert isinstance(mine.vae, AutoencoderKL)
    assert isinstance(mine, Mine)
    assert not isinstance(DiffusionPipeline.from_pretrained(sd_folder), Mine)
    with pytest.raises(OptionError, match="Plain is not a Mine") as caught:
        Mine.from_pretrained(sd_folder, custom_pipeline=plain_code)
    assert caught.value.ref == str(plain_code)


def test_a_custom_scheduler_that_the_index_names(folder):
    """A scheduler with its code beside its config is loaded, when it is trusted."""
    shutil.copytree("shelf/ember_scheduler/scheduler", folder / "scheduler", dirs_exist_ok=True)
    name = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())["_class_name"]
    _index(folder, scheduler=["ember_scheduler", name])
    with pytest.raises(NotTrusted):
        DiffusionPipeline.from_pretrained(folder)
    pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
    assert type(pipe.scheduler).__name__ == name
    assert pipe.gremio.components["scheduler"].class_name == name
    assert pipe("a cat", num_inference_steps=2, output_type="np").images.shape == (1, 64, 64, 3)


@pytest.mark.parametrize("file", ["unet/diffusers.py", "None.py", "unet/unet.py", "pipeline.py", "diffusers.py"])
def test_code_that_nothing_names_is_not_executed(folder, file, tmp_path):
    """D15: Python files in a model's folder stay files, whatever their names."""
    (folder / file).write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
    assert type(pipe) is StableDiffusionPipeline
    assert not (tmp_path / "ran").exists()


def test_a_second_load_executes_nothing(sd_folder, tmp_path):
    """D05: the same code gives the same class, and its file ran once."""
    code = tmp_path / "once.py"
    log = tmp_path / "log"
    code.write_text(
        f"with open({str(log)!r}, 'a') as log:\n    log.write('ran ')\n"
        "from diffusers import StableDiffusionPipeline\nclass Once(StableDiffusionPipeline): pass\n"
    )
    first, second = (DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code) for _ in range(2))
    assert type(first) is type(second)
    assert log.read_text() == "ran "


HOMEMADE = """
import json, pathlib, torch

class Homemade(torch.nn.Linear):
    @classmethod
    def from_pretrained(cls, folder):
        return cls(**json.loads((pathlib.Path(folder) / "config.json").read_text()))
"""


def test_a_component_of_no_known_base_is_loaded_by_its_own_method(folder, tmp_path):
    """A class with a ``from_pretrained`` of its own is a component, and gets the dtype too."""
    (folder / "extra").mkdir()
    (folder / "extra" / "homemade.py").write_text(HOMEMADE)
    (folder / "extra" / "config.json").write_text('{"in_features": 3, "out_features": 2}')
    (folder / "pipeline.py").write_text(
        "from diffusers import DiffusionPipeline\n"
        "class WithExtra(DiffusionPipeline):\n"
        "    def __init__(self, unet, extra):\n"
        "        super().__init__()\n"
        "        self.register_modules(unet=unet, extra=extra)\n"
    )
    _index(folder, _class_name=["pipeline", "WithExtra"], extra=["homemade", "Homemade"])
    pipe = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True, dtype=torch.float16)
    assert type(pipe.extra).__name__ == "Homemade"
    assert pipe.extra.weight.dtype == pipe.unet.dtype == torch.float16
    assert set(pipe.gremio.components) == {"extra"}


def test_a_class_that_diffusers_does_not_have_is_named_with_the_nearest(folder):
    """An index of a later diffusers, or with a slip, says what it may mean."""
    _index(folder, _class_name="StableDifusionPipeline")
    with pytest.raises(BadModelIndex, match="has no pipeline StableDifusionPipeline") as caught:
        DiffusionPipeline.from_pretrained(folder)
    assert "StableDiffusionPipeline" in caught.value.next_step


def test_an_explicit_class_of_diffusers_loads_under_install(sd_folder):
    """Under ``install``, a class of diffusers keeps being the class that is made."""
    gremio.install()
    try:
        pipe = StableDiffusionImg2ImgPipeline.from_pretrained(sd_folder)
    finally:
        gremio.uninstall()
    assert type(pipe) is StableDiffusionImg2ImgPipeline
    assert pipe.gremio.model == str(sd_folder)


def test_a_component_is_passed_where_the_index_names_code(show_one_folder):
    """A UNet that the caller brings takes the place of the repository's own, whose code is then not needed for it."""
    grant = {"trust_remote_code": True}
    unet = DiffusionPipeline.from_pretrained(show_one_folder, **grant).unet
    pipe = DiffusionPipeline.from_pretrained(show_one_folder, unet=unet, **grant)
    assert pipe.unet is unet
    assert list(pipe.gremio.components) == []


def test_one_of_several_devices_is_taken(sd_folder):
    """A device with a number is where the pipeline ends up, though diffusers' own device_map knows no numbers."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, device_map="cpu:0")
    assert pipe.device.type == "cpu"
