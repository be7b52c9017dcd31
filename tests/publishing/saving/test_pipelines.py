"""Pipelines into folders: however they were built, the folder loads by Gremio and by plain diffusers."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import diffusers
import pytest
import torch
from tests.publishing.saving.conftest import AUTHOR

import gremio
from gremio import DiffusionPipeline
from gremio.errors import CodeError, OptionError
from gremio.publishing.folder import read_folder
from gremio.publishing.proof.facts import differences
from gremio.publishing.proof.object_facts import facts_of

SHELF = Path(__file__).parents[3] / "shelf"


def files(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def index(folder: Path) -> dict[str, Any]:
    """The model index."""
    found: dict[str, Any] = json.loads((folder / "model_index.json").read_text())
    return found


def assert_loads(folder: Path, pipeline: Any, *, plain: bool = True, **how: Any) -> Any:
    """What loads from the folder is the pipeline, by Gremio and, unless told otherwise, by plain diffusers."""
    expected = facts_of(pipeline)
    ours = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True, **how)
    assert differences(expected, facts_of(ours)) == ()
    if plain:
        theirs = diffusers.DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True, **how)
        assert differences(expected, facts_of(theirs)) == ()
    return ours


@pytest.mark.parametrize("name", ["long_prompt", "difference_map", "seamless_tiling", "prompt_walk"])
def test_every_pipeline_of_the_shelf(name: str, sd_folder: Path, tmp_path: Path) -> None:
    """Loaded by Gremio from a folder; the class, the weights and the code are what they were."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / name)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert (folder / "pipeline.py").read_bytes() == (SHELF / name / "pipeline.py").read_bytes()
    assert index(folder)["_class_name"] == ["pipeline", type(pipe).__name__]
    assert_loads(folder, pipe)


def test_a_scheduler_of_the_shelf_in_a_pipeline_of_diffusers(sd_folder: Path, tmp_path: Path) -> None:
    """The pipeline's class stays a plain name; the component's entry names its file."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    ember = gremio.load_class(SHELF / "ember_scheduler" / "scheduler" / "ember_scheduler.py")
    pipe.scheduler = ember.from_config(pipe.scheduler.config)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert index(folder)["_class_name"] == "StableDiffusionPipeline"
    assert index(folder)["scheduler"] == ["ember_scheduler", "EmberScheduler"]
    config = json.loads((folder / "scheduler" / "scheduler_config.json").read_text())
    assert config["auto_map"] == {"SchedulerMixin": "ember_scheduler.EmberScheduler"}
    assert_loads(folder, pipe)


def test_modules_of_the_authors_own(authors: dict[str, Any], sd_folder: Path, tmp_path: Path) -> None:
    """The tutorial's way: plain imports, helpers that import helpers, a component whose base is in another file."""
    pipe = authors["AuthorPipeline"].from_pretrained(str(sd_folder))
    pipe.register_modules(unet=authors["FinalNet"].from_pretrained(sd_folder, subfolder="unet"))
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert {path for path in files(folder) if path.endswith(".py")} == {
        "author_pipeline.py",
        "brackets.py",
        "wrapping.py",
        "unet/base_net.py",
        "unet/deep.py",
        "unet/final_net.py",
        "unet/layers.py",
    }
    for name in AUTHOR:
        sys.modules.pop(name.removesuffix(".py"), None)
    ours = assert_loads(folder, pipe)
    assert ours.style == "(plain)"


def test_clashing_names(
    modules: Callable[..., list[ModuleType]], sd_folder: Path, tmp_path: Path, authors: dict[str, Any]
) -> None:
    """``layers.py`` of the UNet and ``layers.py`` of the VAE are two files, in both loaders."""
    source = "from diffusers import {base}\nfrom .layers import mark\n\n\nclass {name}({base}):\n    mark = mark\n"
    unet, vae = modules(
        {
            "one/__init__.py": "",
            "one/model.py": source.format(base="UNet2DConditionModel", name="OneNet"),
            "one/layers.py": "mark = 1\n",
            "two/__init__.py": "",
            "two/model.py": source.format(base="AutoencoderKL", name="TwoVae"),
            "two/layers.py": "mark = 2\n",
        },
        "one.model",
        "two.model",
    )
    pipe = authors["AuthorPipeline"].from_pretrained(str(sd_folder))
    pipe.register_modules(
        unet=unet.OneNet.from_pretrained(sd_folder, subfolder="unet"),
        vae=vae.TwoVae.from_pretrained(sd_folder, subfolder="vae"),
    )
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    ours = assert_loads(folder, pipe)
    theirs = diffusers.DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True)
    assert (ours.unet.mark, ours.vae.mark) == (theirs.unet.mark, theirs.vae.mark) == (1, 2)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({"max_shard_size": 20_000}, "diffusion_pytorch_model.safetensors.index.json"),
        ({"variant": "fp16"}, "diffusion_pytorch_model.fp16.safetensors"),
    ],
)
def test_shards_and_variants(sd_folder: Path, tmp_path: Path, how: dict[str, Any], expected: str) -> None:
    """As diffusers names them; loaded with the same variant they are the same weights."""
    dtype = torch.float16 if "variant" in how else None
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt", dtype=dtype)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved", **how)
    assert f"unet/{expected}" in files(folder)
    assert_loads(folder, pipe, **({"variant": "fp16"} if dtype else {}))


def test_saving_twice_changes_nothing_and_leaves_nothing_behind(sd_folder: Path, tmp_path: Path) -> None:
    """The same again is the same; one file in place of shards removes the shards; other files of the folder stay."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt")
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    first = files(folder)
    gremio.save_pretrained(pipe, folder)
    assert files(folder) == first
    (folder / "notes.txt").write_text("mine")
    gremio.save_pretrained(pipe, folder, max_shard_size=20_000)
    assert "unet/diffusion_pytorch_model.safetensors" not in files(folder)
    gremio.save_pretrained(pipe, folder)
    assert files(folder) == first | {"notes.txt": b"mine"}


def test_code_that_is_gone_goes(authors: dict[str, Any], sd_folder: Path, tmp_path: Path) -> None:
    """What an earlier save wrote and this one does not is removed, so that nobody has to trust it."""
    pipe = authors["AuthorPipeline"].from_pretrained(str(sd_folder))
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert (folder / "wrapping.py").is_file()
    gremio.save_pretrained(DiffusionPipeline.from_pretrained(sd_folder), folder)
    assert not [path for path in files(folder) if path.endswith(".py")]


def test_an_optional_component_that_is_none(sd_folder: Path, tmp_path: Path) -> None:
    """It stays None, and is no component that lacks its files."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt", feature_extractor=None)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert assert_loads(folder, pipe).feature_extractor is None


def test_provenance_goes_along(put: Callable[..., str], sd_folder: Path, tmp_path: Path) -> None:
    """Where code and weights came from, by commit; from place to place, and no folder of this machine."""
    commit = put("maria/painter", {"pipeline.py": (SHELF / "long_prompt" / "pipeline.py").read_text()})
    weights = put("maria/weights", sd_folder)
    pipe = DiffusionPipeline.from_pretrained(
        "maria/weights",
        revision=weights,
        custom_pipeline="maria/painter",
        custom_revision=commit,
        trust_remote_code=True,
    )
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    record = index(folder)["_gremio"]
    source = record["sources"]["pipeline"]
    assert (source["source"], source["repo"], source["commit"]) == ("hub", "maria/painter", commit)
    assert source["digest"] == str(pipe.gremio.digest)
    assert record["model"] == {"repo": "maria/weights", "commit": weights}
    again = gremio.save_pretrained(
        DiffusionPipeline.from_pretrained(folder, trust_remote_code=True), tmp_path / "again"
    )
    second = index(again)["_gremio"]["sources"]["pipeline"]
    assert second["source"] == "local"
    assert second["before"][0]["repo"] == "maria/painter"
    assert str(tmp_path) not in json.dumps(index(again))


def test_provenance_of_classes_that_were_put_together_by_hand(
    put: Callable[..., str], sd_folder: Path, tmp_path: Path
) -> None:
    """As in the tutorial's steps, with ``load_class``."""
    code = (SHELF / "long_prompt" / "pipeline.py").read_text() + "\n# by hand\n"
    commit = put("maria/painter", {"pipeline.py": code})
    cls = gremio.load_class("maria/painter", custom_revision=commit, trust_remote_code=True)
    pipe = cls(**DiffusionPipeline.from_pretrained(sd_folder).components)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    source = index(folder)["_gremio"]["sources"]["pipeline"]
    assert (source["source"], source["repo"], source["commit"]) == ("hub", "maria/painter", commit)


def test_a_class_that_was_loaded_by_plain_diffusers(sd_folder: Path, tmp_path: Path) -> None:
    """Its copy of the code is code of this machine."""
    theirs = diffusers.DiffusionPipeline.from_pretrained(
        str(sd_folder), custom_pipeline=str(SHELF / "long_prompt"), trust_remote_code=True
    )
    folder = gremio.save_pretrained(theirs, tmp_path / "saved")
    assert (folder / "pipeline.py").read_bytes() == (SHELF / "long_prompt" / "pipeline.py").read_bytes()
    assert_loads(folder, theirs)


def test_a_pipeline_without_any_code_of_its_own(sd_folder: Path, tmp_path: Path) -> None:
    """Nothing is added to what diffusers saves but the record."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert not [path for path in files(folder) if path.endswith(".py")]
    assert_loads(folder, pipe)


def test_the_object_stays_as_it_is(sd_folder: Path, tmp_path: Path) -> None:
    """Saving registers nothing on it."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=SHELF / "long_prompt")
    before = dict(pipe.config)
    gremio.save_pretrained(pipe, tmp_path / "saved")
    assert dict(pipe.config) == before


def test_a_file_that_was_edited_since_is_refused(
    modules: Callable[..., list[ModuleType]], sd_folder: Path, tmp_path: Path
) -> None:
    """What would be published is not what ran; after a reload it is."""
    (pipeline,) = modules(AUTHOR, "author_pipeline")
    pipe = pipeline.AuthorPipeline.from_pretrained(str(sd_folder))
    file = Path(pipeline.__file__)
    file.write_text(file.read_text().replace('"plain"', '"fancy"'))
    os.utime(file, (1, 1))
    with pytest.raises(CodeError, match=r"author_pipeline\.py was changed since AuthorPipeline was imported"):
        gremio.save_pretrained(pipe, tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
    changed = importlib.reload(pipeline).AuthorPipeline(**pipe.components)
    gremio.save_pretrained(changed, tmp_path / "saved")


def test_a_component_that_can_not_be_saved_is_named(
    modules: Callable[..., list[ModuleType]], sd_folder: Path, tmp_path: Path
) -> None:
    """diffusers would leave it out without a word that helps."""
    source = (
        "from diffusers import DiffusionPipeline\n\n\nclass Odd(DiffusionPipeline):\n"
        "    def __init__(self, unet, judge):\n        super().__init__()\n"
        "        self.register_modules(unet=unet, judge=judge)\n"
    )
    (module,) = modules({"odd.py": source, "judging.py": "class Judge: ...\n"}, "odd")
    (judging,) = modules({}, "judging")
    unet = DiffusionPipeline.from_pretrained(sd_folder).unet
    with pytest.raises(OptionError, match=r"the component judge \(Judge\) can't be saved and loaded again"):
        gremio.save_pretrained(module.Odd(unet, judging.Judge()), tmp_path / "saved")


def test_a_class_that_could_not_be_built_again_is_told(
    modules: Callable[..., list[ModuleType]], sd_folder: Path, tmp_path: Path
) -> None:
    """It takes a UNet and registers it under another name: what is saved has no UNet."""
    source = (
        "from diffusers import DiffusionPipeline\n\n\nclass Renaming(DiffusionPipeline):\n"
        "    def __init__(self, unet):\n        super().__init__()\n        self.register_modules(network=unet)\n"
    )
    (module,) = modules({"renaming.py": source}, "renaming")
    unet = DiffusionPipeline.from_pretrained(sd_folder).unet
    with pytest.raises(OptionError, match="its constructor takes unet"):
        gremio.save_pretrained(module.Renaming(unet), tmp_path / "saved")


def test_a_setting_that_is_none_is_no_component(
    modules: Callable[..., list[ModuleType]], sd_folder: Path, tmp_path: Path
) -> None:
    """diffusers writes it as one and hands the pair to the constructor; here it is None, whoever saved it."""
    source = (
        "from diffusers import DiffusionPipeline\n\n\nclass Adapting(DiffusionPipeline):\n"
        "    def __init__(self, unet, adapter=None):\n        super().__init__()\n"
        "        self.register_modules(unet=unet, adapter=adapter)\n        self.given = adapter\n"
    )
    (module,) = modules({"adapting.py": source}, "adapting")
    pipe = module.Adapting(DiffusionPipeline.from_pretrained(sd_folder).unet)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    assert "adapter" not in index(folder)
    theirs = diffusers.DiffusionPipeline.from_pretrained(str(folder), trust_remote_code=True)
    assert theirs.given is None
    (folder / "model_index.json").write_text(json.dumps(index(folder) | {"adapter": [None, None]}))
    assert DiffusionPipeline.from_pretrained(folder, trust_remote_code=True).given is None


def test_a_component_from_a_package_that_diffusers_has_moved(
    modules: Callable[..., list[ModuleType]], tmp_path: Path
) -> None:
    """Under the name that the package had; Gremio finds where it is now, and plain diffusers is said not to."""
    from diffusers.pipelines.deprecated.unclip.text_proj import UnCLIPTextProjModel

    source = (
        "from diffusers import DiffusionPipeline\n\n\nclass Projecting(DiffusionPipeline):\n"
        "    def __init__(self, text_proj):\n        super().__init__()\n"
        "        self.register_modules(text_proj=text_proj)\n"
    )
    (module,) = modules({"projecting.py": source}, "projecting")
    projection = UnCLIPTextProjModel(clip_embeddings_dim=8, time_embed_dim=8, cross_attention_dim=8)
    folder = gremio.save_pretrained(module.Projecting(projection), tmp_path / "saved")
    assert index(folder)["text_proj"] == ["unclip", "UnCLIPTextProjModel"]
    assert "has been moved" in read_folder(folder).limits[0]
    ours = DiffusionPipeline.from_pretrained(folder, trust_remote_code=True)
    assert isinstance(ours.text_proj, UnCLIPTextProjModel)


def test_pickles_are_refused(sd_folder: Path, tmp_path: Path) -> None:
    """Before anything is written."""
    pipe = DiffusionPipeline.from_pretrained(sd_folder)
    with pytest.raises(OptionError, match="asks for pickles"):
        gremio.save_pretrained(pipe, tmp_path / "saved", safe_serialization=False)
    with pytest.raises(OptionError, match="no pipeline, component or modular blocks"):
        gremio.save_pretrained(type(pipe), tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
