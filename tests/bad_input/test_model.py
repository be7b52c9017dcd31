"""Models that aren't there, can't be opened, or are damaged."""

import json
import shutil

import pytest

from gremio import DiffusionPipeline
from gremio.errors import (
    AccessDenied,
    BadModelIndex,
    ModelError,
    OptionError,
    RefError,
    RefNotFound,
    RevisionNotFound,
    StoreError,
)

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


@pytest.fixture
def folder(sd_folder, tmp_path):
    """A model folder to spoil."""
    return shutil.copytree(sd_folder, tmp_path / "model")


def test_a_repository_that_is_not_there(hub):
    """It may be gone or private: both are said, with what to check."""
    with pytest.raises(RefNotFound, match="there is no such model repository") as caught:
        DiffusionPipeline.from_pretrained("maria/gone")
    assert caught.value.ref == "maria/gone"
    assert "token=" in caught.value.next_step


def test_a_private_repository_opens_with_its_token(put, hub, sd_folder):
    """Without the token it is as if it were not there, and the token is what the error asks for."""
    put("maria/secret", sd_folder, private=True)
    with pytest.raises(RefNotFound, match="private") as caught:
        DiffusionPipeline.from_pretrained("maria/secret")
    assert "token=" in caught.value.next_step
    assert DiffusionPipeline.from_pretrained("maria/secret", token=hub.token) is not None


def test_a_gated_repository_says_where_to_ask(put, hub, sd_folder):
    """The address at which access is given."""
    put("maria/gated", sd_folder)
    hub.configure("maria/gated", gated="manual")
    with pytest.raises(AccessDenied, match="gated") as caught:
        DiffusionPipeline.from_pretrained("maria/gated", token=hub.token_of("ana"))
    assert caught.value.ref == "maria/gated"
    assert f"{hub.endpoint}/maria/gated" in caught.value.next_step


def test_a_revision_that_is_not_there(put, sd_folder):
    """Those that are there are listed."""
    put("maria/model", sd_folder)
    with pytest.raises(RevisionNotFound, match="v2") as caught:
        DiffusionPipeline.from_pretrained("maria/model", revision="v2")
    assert (caught.value.ref, caught.value.nearest) == ("maria/model", ("main",))


@pytest.mark.parametrize("text", ["", "{", "<html>sign in</html>", "[]"])
def test_an_index_that_is_no_json(folder, text):
    """The error names the model and the file."""
    (folder / "model_index.json").write_text(text)
    with pytest.raises(BadModelIndex, match=r"model_index\.json is no JSON") as caught:
        DiffusionPipeline.from_pretrained(folder)
    assert caught.value.ref == str(folder)
    assert caught.value.next_step


def test_a_folder_that_is_no_pipeline(folder):
    """A component or a folder of something else."""
    with pytest.raises(BadModelIndex, match=r"there is no model_index\.json") as caught:
        DiffusionPipeline.from_pretrained(folder / "unet")
    assert "component" in caught.value.next_step


def _truncate(file):
    data = file.read_bytes()
    real = file.resolve()
    real.chmod(0o644)
    real.write_bytes(data[: len(data) // 2])


@pytest.mark.parametrize(
    "path", [WEIGHTS, "text_encoder/model.safetensors", "unet/config.json", "tokenizer/tokenizer.json"]
)
def test_a_damaged_file_of_a_folder_is_named(folder, path):
    """Cut in half, whichever it is: the error has its path and what is wrong with it."""
    _truncate(folder / path)
    with pytest.raises(ModelError, match=f"{path} is damaged") as caught:
        DiffusionPipeline.from_pretrained(folder)
    assert caught.value.ref == str(folder)
    assert str(folder / path) in caught.value.next_step
    assert caught.value.__cause__ is not None


def test_a_damaged_file_of_the_cache_is_named_and_downloaded_again(put, sd_folder, tmp_path):
    """A truncated file of the Hub's cache: the error says that ``force_download=True`` gets it anew, and it does."""
    put("maria/model", sd_folder)
    DiffusionPipeline.from_pretrained("maria/model")
    cached = next((tmp_path / "hub-cache").rglob(f"snapshots/*/{WEIGHTS}"))
    _truncate(cached)
    with pytest.raises(ModelError, match="should have") as caught:
        DiffusionPipeline.from_pretrained("maria/model")
    assert caught.value.ref == "maria/model"
    assert "force_download=True" in caught.value.next_step
    assert DiffusionPipeline.from_pretrained("maria/model", force_download=True) is not None
    assert DiffusionPipeline.from_pretrained("maria/model") is not None


def test_a_damaged_index_of_the_cache_is_named(put, sd_folder, tmp_path):
    """Small files are checked against the Hub's own hashes on every load."""
    put("maria/model", sd_folder)
    DiffusionPipeline.from_pretrained("maria/model")
    cached = next((tmp_path / "hub-cache").rglob("snapshots/*/model_index.json"))
    cached.resolve().write_text(json.dumps({"_class_name": "EvilPipeline"}))
    with pytest.raises(StoreError, match=r"model_index\.json of maria/model was changed or damaged") as caught:
        DiffusionPipeline.from_pretrained("maria/model")
    assert caught.value.ref == "maria/model"
    assert str(cached) in caught.value.next_step


def test_a_component_without_its_folder_is_named(folder):
    """The index names it, and it isn't there: get it, or pass one."""
    shutil.rmtree(folder / "unet")
    with pytest.raises(ModelError, match="no folder unet") as caught:
        DiffusionPipeline.from_pretrained(folder)
    assert caught.value.ref == str(folder)
    assert "pass unet=" in caught.value.next_step


def test_a_component_without_its_weights_is_named(folder):
    """diffusers' own words name the folder."""
    (folder / WEIGHTS).unlink()
    with pytest.raises(OSError, match="unet"):
        DiffusionPipeline.from_pretrained(folder)


@pytest.mark.parametrize(
    ("arguments", "words", "step"),
    [
        ({"dtype": "float17"}, "'float17' is no dtype", "torch.float16"),
        ({"torch_dtype": 16}, "16 is no dtype", "torch.float16"),
        ({"dtype": "float16", "torch_dtype": "float32"}, "both given and differ", "Pass dtype alone"),
        ({"device_map": "gpu"}, "is no device", '"cuda"'),
        ({"device_map": "cuda"}, "no such device", 'device_map="cpu"'),
        ({"device_map": "mps"}, "no such device", 'device_map="cpu"'),
        ({"device_map": {"unet": 0}}, "device_map is", '"balanced"'),
        ({"variant": "fp16"}, "variant 'fp16'", "leave out variant="),
        ({"use_safetensors": False}, "no .bin weights", "use_safetensors=True"),
        ({"custom_revision": "main"}, "without custom_pipeline", "revision="),
        ({"trust_remote_code": 3}, "trust_remote_code is 3", "list of repo ids"),
    ],
)
def test_an_argument_that_can_not_work(sd_folder, arguments, words, step):
    """Each is refused with its value and with what would work."""
    with pytest.raises(OptionError) as caught:
        DiffusionPipeline.from_pretrained(sd_folder, **arguments)
    assert words in caught.value.message
    assert step in caught.value.next_step


@pytest.mark.parametrize("model", ["", None, 3])
def test_what_can_not_be_a_model(model):
    """The error says what is."""
    with pytest.raises(RefError, match="can't name a model") as caught:
        DiffusionPipeline.from_pretrained(model)
    assert "owner/repo" in caught.value.next_step
