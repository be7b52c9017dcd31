"""Models that try one trick each are refused before anything of them runs, and their benign look-alikes load."""

import builtins
import importlib
import pickle
import shutil
import sys

import pytest
import torch
from diffusers import UNet2DConditionModel
from tests.loading.hostile import INDEX, REFUSED, SCHEDULER, TEXT, TOKENIZER, UNET, Model
from tests.samples.code import PLAIN

from gremio import DiffusionPipeline, load_class
from gremio.errors import BadModelIndex, CodeFailed, GremioError, ModelError, UnsafeModel, UnsafePath


@pytest.fixture
def model(sd_folder, tmp_path, monkeypatch):
    """A model to spoil; nobody answers questions, and whoever starts Python here has this folder on the path."""
    model = Model.copy(sd_folder, tmp_path)
    monkeypatch.chdir(model.here)
    monkeypatch.syspath_prepend("")
    monkeypatch.setattr(builtins, "input", _nobody)
    return model


def _nobody(*args):
    raise AssertionError("somebody was asked")


@pytest.mark.parametrize("trick", REFUSED.values(), ids=REFUSED.keys())
def test_a_trick_is_refused(model, trick):
    """Each with its own words that name the file; nothing has run by then."""
    trick.spoil(model)
    arguments = {} if trick.safe is None else {"use_safetensors": trick.safe}
    with pytest.raises(trick.error, match=trick.words) as caught:
        DiffusionPipeline.from_pretrained(model.folder, **arguments)
    assert not model.marker.exists()
    assert "hf_secret" not in str(caught.value)
    assert (caught.value.ref, bool(caught.value.next_step)) == (str(model.folder), True)


@pytest.mark.parametrize(
    "name",
    ["a pipeline in a pipeline", "a kernel", "steps without end", "shards that climb", "code inside of a processor"],
)
def test_a_trick_is_refused_on_the_hub(model, put, hub, name):
    """Before any weights are downloaded, unless only loading shows it."""
    trick = REFUSED[name]
    trick.spoil(model)
    put("maria/model", model.folder)
    with pytest.raises(trick.error, match=trick.words) as caught:
        DiffusionPipeline.from_pretrained("maria/model")
    assert caught.value.ref == "maria/model"
    if isinstance(caught.value, UnsafeModel | BadModelIndex):
        assert not [path for _, path in hub.requests if path.endswith(".safetensors")]


def test_a_config_finds_no_package_in_the_current_directory(model):
    """A method of quantisation that is a folder here is not installed; our own imports still find it."""
    model.package("hqq")
    model.edit(TEXT, quantization_config={"quant_method": "hqq", "nbits": 4, "group_size": 64})
    with pytest.raises(ImportError, match="A valid HQQ version"):
        DiffusionPipeline.from_pretrained(model.folder)
    assert not model.marker.exists()
    importlib.import_module("hqq")
    del sys.modules["hqq"]
    assert model.marker.exists()


def test_a_refusal_has_its_findings(model):
    """All of them, as data."""
    model.edit(TEXT, attn_implementation="evil/kernel", num_hidden_layers=10**6)
    with pytest.raises(UnsafeModel, match="and 1 more") as caught:
        DiffusionPipeline.from_pretrained(model.folder)
    assert [finding.code for finding in caught.value.findings] == ["remote/named-kernel", "config/huge-number"]
    assert "pass text_encoder=" in caught.value.next_step


def test_what_does_not_fit_into_memory_is_told_with_its_file(model, write):
    """Where building a component takes more than there is, the largest number of all configs is named."""
    model.edit(UNET, cross_attention_dim=123456789)
    code = write(
        "from diffusers import StableDiffusionPipeline\n"
        "class Large(StableDiffusionPipeline):\n"
        "    @classmethod\n"
        "    def from_pretrained(cls, *args, **kwargs):\n"
        '        raise RuntimeError("DefaultCPUAllocator: can\'t allocate memory")\n'
    )
    with pytest.raises(ModelError, match=r"123456789 for cross_attention_dim in unet/config\.json"):
        DiffusionPipeline.from_pretrained(model.folder, custom_pipeline=code)


def _left_beside(model):
    """Code in every form beside what is loaded."""
    for path in ("unet/diffusers.py", "text_encoder/custom_generate/generate.py", "sitecustomize.py", "setup.py"):
        model.put(path, model.payload)
    model.put("evil.pth", f"import os; {model.payload}")
    model.put("text_encoder/.metadata", "")
    for path in ("unet/__pycache__/x.cpython-311.pyc", "unet/x.pyc", "unet/x.so", "unet/shard.so"):
        model.put(path, "no code at all")


class _Payload:
    def __init__(self, marker):
        self._marker = marker

    def __reduce__(self):
        return open, (str(self._marker), "w")


def _pickle_beside(model):
    (model.folder / "unet/diffusion_pytorch_model.bin").write_bytes(pickle.dumps(_Payload(model.marker)))


def _linked_inside(model):
    shutil.move(model.folder / "unet", model.folder / "shared")
    model.link("unet", model.folder / "shared")
    shutil.move(model.folder / "vae/config.json", model.folder / "shared/vae.json")
    model.link("vae/config.json", model.folder / "shared/vae.json")
    (model.folder / "shared/loop").symlink_to(model.folder)


def _sharded(model):
    pipe = DiffusionPipeline.from_pretrained(model.folder)
    for name in ("unet", "text_encoder"):
        shutil.rmtree(model.folder / name)
        getattr(pipe, name).save_pretrained(model.folder / name, max_shard_size="20KB")
    assert list(model.folder.rglob("*.index.json"))


def _odd_numbers(model):
    model.edit(SCHEDULER, lambda_min_clipped=float("-inf"), sigma_max=1e30)
    model.edit(TOKENIZER, model_max_length=77, maximum_length=10**30)


def _told_places(model):
    places = {"name_or_path": "/root/models/x", "special_tokens_map_file": "/root/.cache/special_tokens_map.json"}
    model.edit(TOKENIZER, **places, tokenizer_file="/root/never/tokenizer.json", trust_remote_code=False)


def _own_auto_map(model):
    model.edit(TEXT, auto_map={"AutoModel": "modeling_mine.Mine"}, backbone="resnet50")


LOADED = {
    "code beside it, in every form": _left_beside,
    "a pickle beside safetensors": _pickle_beside,
    "links inside the folder, and one in a circle": _linked_inside,
    "weights in shards": _sharded,
    "infinity, and a tokenizer without limit": _odd_numbers,
    "places where it lay once": _told_places,
    "code of its own for a class of the library": _own_auto_map,
    "an attention of the library": lambda model: model.edit(TEXT, attn_implementation="sdpa"),
    "the same, saved": lambda model: model.edit(TEXT, _attn_implementation="eager", _attn_implementation_autoset=True),
    "a link to the outside that is not loaded": lambda model: model.link("samples", model.outside),
    "an unused config with a trick": lambda model: model.put("config.json", '{"attn_implementation": "evil/kernel"}'),
    "a picture and a card": lambda model: (model.put("README.md", "# x"), model.put("cat.png", "x")),
}


@pytest.mark.parametrize("change", LOADED.values(), ids=LOADED.keys())
def test_a_benign_look_alike_loads(model, sd_folder, change):
    """With the weights of the model that it is a copy of, and nothing else has run."""
    change(model)
    pipe = DiffusionPipeline.from_pretrained(model.folder)
    whole = UNet2DConditionModel.from_pretrained(sd_folder, subfolder="unet").state_dict()
    assert all(torch.equal(weight, whole[name]) for name, weight in pipe.unet.state_dict().items())
    assert not model.marker.exists()


def test_a_nested_config_loads(tmp_path):
    """A safety checker has the configs of two models in one."""
    from tests.samples import tiny_sd

    assert DiffusionPipeline.from_pretrained(tiny_sd(tmp_path / "checked", safety_checker=True)).safety_checker


def test_a_folder_that_is_a_link_loads(model):
    """Where a model lies as a whole is its owner's business."""
    link = model.here / "linked"
    link.symlink_to(model.folder)
    assert DiffusionPipeline.from_pretrained(link).unet


def test_a_snapshot_of_the_hubs_cache_loads_as_a_folder(model, put, tmp_path):
    """Its files are links to blobs, which lie outside of it."""
    put("maria/model", model.folder)
    DiffusionPipeline.from_pretrained("maria/model")
    index = next((tmp_path / "hub-cache").rglob(f"snapshots/*/{INDEX}"))
    assert index.is_symlink()
    assert DiffusionPipeline.from_pretrained(index.parent).unet


def test_a_component_that_is_passed_is_not_judged(model):
    """What the caller brings is not loaded from the model, whatever its config says there."""
    unet = UNet2DConditionModel.from_pretrained(model.folder, subfolder="unet")
    model.edit(UNET, attn_implementation="evil/kernel")
    model.edit(INDEX, unet=["diffusers", "DiffusionPipeline"])
    assert DiffusionPipeline.from_pretrained(model.folder, unet=unet).unet is unet


HELPER = "from pathlib import Path\nTEXT = Path(__file__).with_name('words.txt').read_text()\n"


@pytest.fixture
def code(tmp_path):
    """A folder of code that imports a helper and declares a data file."""
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "pipeline.py").write_text(f"from . import helper\n{PLAIN}")
    (folder / "helper.py").write_text(HELPER)
    (folder / "words.txt").write_text("words")
    return folder


@pytest.mark.parametrize("name", ["pipeline.py", "helper.py", "words.txt"])
@pytest.mark.parametrize("entered", ["", "pipeline.py"])
def test_code_that_is_a_link_to_elsewhere_is_refused(code, model, name, entered):
    """A file of the tree, or a data file that it declares; only the file that the caller named may lie elsewhere."""
    (code / name).replace(model.outside / name)
    (code / name).symlink_to(model.outside / name)
    if name == entered:
        assert load_class(code / entered).__name__ == "Plain"
        return
    with pytest.raises(UnsafePath, match=f"{name} is a link to") as caught:
        load_class(code / entered)
    assert caught.value.ref.startswith(str(code))
    assert "copy" in caught.value.next_step


def test_compiled_code_is_never_imported(code, model):
    """A module that is there as bytecode or native code alone is not there."""
    import py_compile

    (code / "helper.py").write_text(model.payload)
    py_compile.compile(str(code / "helper.py"), cfile=str(code / "helper.pyc"))
    (code / "helper.py").unlink()
    (code / "helper.so").write_bytes(b"\x7fELF")
    with pytest.raises(GremioError) as caught:
        load_class(code)
    assert isinstance(caught.value, CodeFailed)
    assert not model.marker.exists()


def test_a_pickle_that_is_all_there_is_runs_nothing(model):
    """PyTorch reads tensors from it and refuses the rest; asked for safetensors, Gremio doesn't open it."""
    (model.folder / "unet/diffusion_pytorch_model.safetensors").unlink()
    _pickle_beside(model)
    with pytest.raises(Exception, match="Unable to load weights"):
        DiffusionPipeline.from_pretrained(model.folder)
    assert not model.marker.exists()
