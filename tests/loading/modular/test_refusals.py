"""What can't work is refused before anything of it runs, with the way on."""

from __future__ import annotations

import json

import pytest
from tests.samples.code import PLAIN
from tests.samples.modular import CODE_OF_BLOCKS, INDEX, modular_index, written

import gremio
from gremio import DiffusionPipeline, ModularPipeline
from gremio.errors import GremioError, ModelError, OptionError


def _index(**entries: object) -> dict[str, str]:
    return {INDEX: json.dumps({"_class_name": "StableDiffusionXLModularPipeline", **entries})}


def _unet(**spec: object) -> dict[str, str]:
    return _index(unet=[None, None, {"type_hint": ["diffusers", "UNet2DConditionModel"], **spec}])


MODELS = {
    "a pipeline with code of its own": (
        {"model_index.json": json.dumps({"_class_name": ["plain", "Plain"]}), "plain.py": PLAIN},
        "no modular blocks",
        "DiffusionPipeline.from_pretrained",
    ),
    "a pipeline without blocks": (
        {"model_index.json": json.dumps({"_class_name": "StableDiffusionPipeline"})},
        "a model for StableDiffusionPipeline, for which diffusers .* has no modular blocks",
        "DiffusionPipeline.from_pretrained",
    ),
    "a pipeline in a modular index": (
        {INDEX: json.dumps({"_class_name": "StableDiffusionPipeline"})},
        "is no modular pipeline",
        "DiffusionPipeline.from_pretrained",
    ),
    "a class that nobody has": (
        {INDEX: json.dumps({"_class_name": "NobodysPipeline"})},
        "has no modular pipeline NobodysPipeline",
        "Another version",
    ),
    "blocks that nobody has": (
        {INDEX: json.dumps({"_class_name": "StableDiffusionXLModularPipeline", "_blocks_class_name": "MineBlocks"})},
        "its blocks are MineBlocks, which are neither in diffusers",
        "Pass blocks=",
    ),
    "blocks that are told nowhere": (
        {INDEX: json.dumps({"_class_name": "ModularPipeline", "_blocks_class_name": "SequentialPipelineBlocks"})},
        "does not say which blocks it is made of",
        "Pass blocks=",
    ),
    "code that no config names": ({"block.py": CODE_OF_BLOCKS["add_block.py"]}, "neither an index nor", "block.py"),
    "blocks whose file is missing": (
        {"modular_config.json": CODE_OF_BLOCKS["modular_config.json"]},
        "names the blocks AddBlock of add_block.py, and there is no such file",
        "Ask the author",
    ),
    "an index that is no JSON": ({INDEX: "{"}, "is no JSON", "force_download"),
    "an index that is a list": ({INDEX: "[]"}, "is no JSON object", "force_download"),
    "an index without a class": ({INDEX: "{}"}, "no usable", "force_download"),
    "an index without bottom": ({INDEX: '{"a": ' * 20_000}, "nested too deep", "force_download"),
    "an index that trusts itself": (
        {INDEX: '{"trust_remote_code": true}'},
        "the key trust_remote_code",
        "Ask the author",
    ),
    "a spec that is no text": (_unet(subfolder=1), "a place that is no text", "force_download"),
    "a name that is a path": (
        _index(unet=[None, None, {"type_hint": ["../evil", "Evil"]}]),
        "where '../evil' is not a plain name",
        "Ask the author",
    ),
}


@pytest.mark.parametrize(("files", "message", "step"), MODELS.values(), ids=MODELS)
def test_a_model_that_is_none(files, message, step, tmp_path):
    """Each by what is wrong with it, with what to call or to pass instead."""
    folder = written(files, tmp_path / "model")
    with pytest.raises(GremioError, match=message) as refused:
        ModularPipeline.from_pretrained(folder, trust_remote_code=True)
    assert refused.value.ref == str(folder)
    assert step in refused.value.next_step


COMPONENTS = {
    "a folder that isn't there": (_unet(subfolder="unet"), "no folder unet", "pretrained_model_name_or_path="),
    "a folder of somebody's machine": (
        _unet(subfolder="unet", pretrained_model_name_or_path="/home/maria/castle"),
        "/home/maria/castle is a folder of its author's machine; the component unet",
        "pretrained_model_name_or_path=",
    ),
    "a library that may not be imported": (
        {**_index(unet=[None, None, {"type_hint": ["evil", "Evil"], "subfolder": "unet"}]), "unet/config.json": "{}"},
        "names neither a library",
        "pass unet=",
    ),
    "a class that is not there": (
        {
            **_index(unet=[None, None, {"type_hint": ["diffusers", "No"], "subfolder": "unet"}]),
            "unet/config.json": "{}",
        },
        "has no such class",
        "update_components(unet=",
    ),
    "weights that are damaged": (
        {**_unet(subfolder="unet"), "unet/config.json": "{", "unet/diffusion_pytorch_model.safetensors": "no"},
        "unet/config.json is damaged",
        "force_download",
    ),
    "a kernel": (
        {**_unet(subfolder="unet"), "unet/config.json": '{"attn_implementation": "evil/kernel"}'},
        "unet/config.json asks for the kernel",
        "pass unet=",
    ),
    "shards that climb": (
        {
            **_unet(subfolder="unet"),
            "unet/config.json": "{}",
            "unet/diffusion_pytorch_model.safetensors.index.json": '{"weight_map": {"a": "../../x.safetensors"}}',
        },
        "names the shard",
        "pass unet=",
    ),
    "a pipeline that a config names": (
        {**_unet(subfolder="unet"), "unet/config.json": '{"_class_name": "DiffusionPipeline"}'},
        "unet/config.json has DiffusionPipeline",
        "pass unet=",
    ),
}


@pytest.mark.parametrize(("files", "message", "step"), COMPONENTS.values(), ids=COMPONENTS)
def test_a_component_that_can_not_be_loaded(files, message, step, put, tmp_path, monkeypatch):
    """Nothing of the current directory is imported on the way, and nothing of diffusers' comes in its place."""
    index = json.loads(files[INDEX])
    index["unet"][2].setdefault("pretrained_model_name_or_path", "maria/castle")
    put("maria/castle", {**files, INDEX: json.dumps(index)})
    written({"evil.py": "1 / 0"}, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.syspath_prepend(".")
    pipe = ModularPipeline.from_pretrained("maria/castle")
    with pytest.raises(ModelError, match=message) as refused:
        pipe.load_components()
    assert step in refused.value.next_step
    assert pipe.unet is None


CALLS = {
    "a pipeline for blocks": (
        lambda files: gremio.load_blocks(files / "plain.py"),
        "defines no blocks class, only Plain",
        "DiffusionPipeline.from_pretrained(model, custom_pipeline=",
    ),
    "a pipeline for blocks, by its name": (
        lambda files: gremio.load_blocks(files / "plain.py", class_name="Plain"),
        "Plain is no class of blocks",
        "DiffusionPipeline.from_pretrained",
    ),
    "blocks for a pipeline": (
        lambda files: DiffusionPipeline.from_pretrained(files / "sd", custom_pipeline=files / "add_block.py"),
        "defines no pipeline class, only AddBlock",
        "ModularPipeline.from_pretrained(model, blocks=",
    ),
    "a modular model for a pipeline": (
        lambda files: DiffusionPipeline.from_pretrained(files / "modular"),
        "not a pipeline's model",
        "ModularPipeline.from_pretrained",
    ),
    "a modular model without code for blocks": (
        lambda files: gremio.load_blocks(files / "modular"),
        "there is no pipeline.py",
        "ModularPipeline.from_pretrained",
    ),
    "no such class of blocks": (
        lambda files: gremio.load_blocks(files / "add_block.py", class_name="Other"),
        "has no class Other; it has AddBlock",
        "",
    ),
    "custom_pipeline": (
        lambda files: ModularPipeline.from_pretrained(files / "modular", custom_pipeline="x"),
        "a modular pipeline is made of blocks",
        "blocks=",
    ),
    "custom_revision alone": (
        lambda files: ModularPipeline.from_pretrained(files / "modular", custom_revision="v1"),
        "given without blocks",
        "revision=",
    ),
    "a revision of blocks": (
        lambda files: gremio.load_blocks("ana/b", revision="v1"),
        "of a model",
        "custom_revision=",
    ),
}


@pytest.mark.parametrize(("call", "message", "step"), CALLS.values(), ids=CALLS)
def test_a_call_for_something_else(call, message, step, tmp_path):
    """One kind in the place of another, with the call that takes it."""
    written({**CODE_OF_BLOCKS, "plain.py": PLAIN, f"modular/{INDEX}": modular_index("x/y")}, tmp_path)
    written({"model_index.json": json.dumps({"_class_name": "StableDiffusionPipeline"})}, tmp_path / "sd")
    with pytest.raises(GremioError, match=message) as refused:
        call(tmp_path)
    assert step in refused.value.next_step


def test_names_that_the_blocks_do_not_have(castle):
    """With the near one; and what has no place is told so."""
    pipe = ModularPipeline.from_pretrained("maria/castle", trust_remote_code=True)
    with pytest.raises(OptionError, match="no component 'met'") as refused:
        pipe.load_components("met")
    assert "Did you mean net?" in refused.value.next_step
    bare = gremio.load_blocks("maria/castle", trust_remote_code=True).init_pipeline()
    bare.load_components()
    with pytest.raises(ModelError, match="nothing says where the component net lies"):
        bare.load_components("net")
    with pytest.raises(OptionError, match="variant 'fp16'"):
        pipe.load_components(variant="fp16")
    with pytest.raises(OptionError, match="no dtype"):
        ModularPipeline.from_pretrained("maria/castle", dtype="float17")
    with pytest.raises(TypeError, match="unet"):
        ModularPipeline.from_pretrained("maria/castle", unet=None)
