"""Which files a load needs: formats, variants, shards, flat repositories."""

import shutil

import pytest
from diffusers import DiffusionPipeline

from gremio.errors import OptionError
from gremio.loading.components import Selection

SAFE, PICKLED = "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.bin"
CONFIG = "unet/config.json"
SHARDS = [f"unet/diffusion_pytorch_model-0000{n}-of-00002.safetensors" for n in (1, 2)]
FP16_SHARDS = [f"unet/diffusion_pytorch_model.fp16-0000{n}-of-00002.safetensors" for n in (1, 2)]
LEGACY_SHARDS = [f"unet/diffusion_pytorch_model-0000{n}-of-00002.fp16.safetensors" for n in (1, 2)]
INDEX = "unet/diffusion_pytorch_model.safetensors.index.json"
FP16_INDEX = "unet/diffusion_pytorch_model.safetensors.index.fp16.json"
FP16 = "unet/diffusion_pytorch_model.fp16.safetensors"
FP16_BIN = "unet/diffusion_pytorch_model.fp16.bin"
JUNK = [
    "unet/flax_model.msgpack",
    "unet/model.ckpt",
    "unet/model.onnx",
    "unet/tf_model.h5",
    "model.ckpt",
    "sd.safetensors",
]

TABLE = {
    "safetensors before pickles": (Selection(), [CONFIG, SAFE, PICKLED], [CONFIG, SAFE]),
    "pickles where there is nothing else": (Selection(), [CONFIG, PICKLED], [CONFIG, PICKLED]),
    "pickles when asked": (Selection(use_safetensors=False), [CONFIG, SAFE, PICKLED], [CONFIG, PICKLED]),
    "safetensors when asked": (Selection(use_safetensors=True), [CONFIG, SAFE, PICKLED], [CONFIG, SAFE]),
    "other frameworks are left": (Selection(), [CONFIG, SAFE, *JUNK], [CONFIG, SAFE]),
    "onnx when asked": (
        Selection(use_onnx=True),
        [SAFE, "unet/model.onnx", "unet/weights.pb"],
        ["unet/model.onnx", "unet/weights.pb"],
    ),
    "no variant unless asked": (Selection(), [CONFIG, SAFE, FP16], [CONFIG, SAFE]),
    "the variant alone": (Selection("fp16"), [CONFIG, SAFE, FP16, PICKLED], [CONFIG, FP16]),
    "not another variant": (Selection("fp16"), [FP16, "unet/diffusion_pytorch_model.non_ema.safetensors"], [FP16]),
    "a variant as pickles": (Selection("fp16"), [CONFIG, PICKLED, FP16_BIN], [CONFIG, FP16_BIN]),
    "a variant as pickles beside plain safetensors": (Selection("fp16"), [SAFE, FP16_BIN], [FP16_BIN]),
    "shards and their index": (Selection(), [*SHARDS, INDEX], [*SHARDS, INDEX]),
    "plain shards only": (Selection(), [*SHARDS, INDEX, *FP16_SHARDS, FP16_INDEX], [*SHARDS, INDEX]),
    "shards of a variant": (Selection("fp16"), [*SHARDS, INDEX, *FP16_SHARDS, FP16_INDEX], [*FP16_SHARDS, FP16_INDEX]),
    "shards named the old way": (
        Selection("fp16"),
        [*SHARDS, INDEX, *LEGACY_SHARDS, FP16_INDEX],
        [*LEGACY_SHARDS, FP16_INDEX],
    ),
    "code never": (Selection(), [SAFE, "unet/code.py", "pipeline.py"], [SAFE]),
    "index, configs and texts at the root": (
        Selection(),
        ["model_index.json", "README.md", "merges.txt", "cat.png", SAFE],
        ["merges.txt", "model_index.json", SAFE],
    ),
    "nothing that leads to another model": (Selection(), [SAFE, "README.md", "unet/model_index.json"], [SAFE]),
    "nothing hidden or compiled": (Selection(), [SAFE, "unet/.metadata", ".x/a.json", "unet/a.so", "b.pyc"], [SAFE]),
    "no folder that isn't asked for": (Selection(), [SAFE, "vae/model.safetensors"], [SAFE]),
    "no folder whose name begins alike": (Selection(), [SAFE, "unet_2/model.safetensors"], [SAFE]),
}


@pytest.mark.parametrize(("selection", "paths", "wanted"), TABLE.values(), ids=TABLE.keys())
def test_the_files_of_one_component(selection, paths, wanted):
    """Each row: how to choose, what the repository has, what the component ``unet`` needs."""
    assert selection.files(paths, ["unet"], ref="maria/castle") == sorted(wanted)


def test_a_component_without_the_variant_is_taken_plain():
    """As long as one component has the variant."""
    paths = [FP16, SAFE, "vae/diffusion_pytorch_model.safetensors"]
    found = Selection("fp16").files(paths, ["unet", "vae"], ref="m")
    assert found == [FP16, "vae/diffusion_pytorch_model.safetensors"]


def test_a_flat_repository_gives_its_root():
    """A component without a folder is loaded from the root, whose weights are then needed, in one format."""
    paths = ["config.json", "model.safetensors", "pytorch_model.bin", SAFE]
    assert Selection().files(paths, ["text_encoder"], ref="m") == ["config.json", "model.safetensors"]
    assert Selection().files(paths, ["unet"], ref="m") == ["config.json", SAFE]


def test_a_variant_that_no_component_has_is_refused():
    """The error lists the variants that are there."""
    with pytest.raises(OptionError, match="variant 'fp16'") as caught:
        Selection("fp16").files([SAFE, "unet/diffusion_pytorch_model.bf16.safetensors"], ["unet"], ref="m")
    assert caught.value.ref == "m"
    assert "bf16" in caught.value.next_step
    with pytest.raises(OptionError) as caught:
        Selection("fp16").files([SAFE], ["unet"], ref="m")
    assert "leave out variant=" in caught.value.next_step


@pytest.mark.parametrize(("safe", "has", "other"), [(True, PICKLED, False), (False, SAFE, True)])
def test_a_format_that_a_component_lacks_is_refused(safe, has, other):
    """The error names the component and the argument that takes what is there."""
    with pytest.raises(OptionError, match="unet has no") as caught:
        Selection(use_safetensors=safe).files([CONFIG, has], ["unet"], ref="m")
    assert caught.value.ref == "m"
    assert f"use_safetensors={other}" in caught.value.next_step


def _selected(folder, tmp_path, **kwargs):
    paths = [p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()]
    names = [p.name for p in folder.iterdir() if p.is_dir()]
    chosen = Selection(**kwargs).files(paths, names, ref="m")
    for path in chosen:
        (tmp_path / "chosen" / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / path, tmp_path / "chosen" / path)
    return tmp_path / "chosen", chosen


@pytest.mark.parametrize("arguments", [{}, {"variant": "fp16"}, {"variant": "fp16", "use_safetensors": True}])
def test_plain_diffusers_loads_from_the_selected_files_alone(sd_folder, tmp_path, arguments):
    """For a model saved plain and as a variant, in shards, what is selected is enough and nothing is double."""
    folder = tmp_path / "model"
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    pipe.save_pretrained(folder)
    pipe.save_pretrained(folder, variant="fp16", max_shard_size="60KB")
    (folder / "unet" / "flax_model.msgpack").write_bytes(b"flax")
    place, chosen = _selected(folder, tmp_path, **arguments)
    assert DiffusionPipeline.from_pretrained(place, **arguments)("a cat", num_inference_steps=1, output_type="np")
    weights = [path for path in chosen if path.endswith(".safetensors")]
    assert weights
    assert all(("fp16" in path) == ("variant" in arguments) for path in weights)
