"""Single components and modular blocks into folders, code included."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import diffusers
import pytest
import torch

import gremio
from gremio.errors import CodeError
from gremio.publishing.folder import read_folder
from gremio.publishing.proof.child.loading import report
from gremio.publishing.proof.exchange import LOADERS, ProofSubject
from gremio.publishing.proof.facts import differences
from gremio.publishing.proof.object_facts import facts_of

NET = """
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config

from activation import bend


class LittleNet(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, width: int = 3):
        super().__init__()
        self.layer = torch.nn.Linear(width, width)

    def forward(self, sample):
        return bend(self.layer(sample))
"""
BLOCKS = """
from diffusers import AutoModel
from diffusers.modular_pipelines import ComponentSpec, InputParam, ModularPipelineBlocks, OutputParam
from diffusers.modular_pipelines import SequentialPipelineBlocks

from arithmetic import double


class DoubleBlock(ModularPipelineBlocks):
    model_name = "double"

    @property
    def description(self):
        return "Doubles a number."

    @property
    def expected_components(self):
        return [ComponentSpec("net", AutoModel)]

    @property
    def inputs(self):
        return [InputParam("number", type_hint=int, required=True)]

    @property
    def intermediate_outputs(self):
        return [OutputParam("number", type_hint=int)]

    def __call__(self, components, state):
        block_state = self.get_block_state(state)
        block_state.number = double(block_state.number)
        self.set_block_state(state, block_state)
        return components, state


class TwiceBlocks(SequentialPipelineBlocks):
    block_classes = [DoubleBlock, DoubleBlock]
    block_names = ["first", "second"]
"""
FILES = {
    "little_net.py": NET,
    "activation.py": "import torch\n\n\ndef bend(sample):\n    return torch.tanh(sample)\n",
    "twice_blocks.py": BLOCKS,
    "arithmetic.py": "def double(number):\n    return 2 * number\n",
}


@pytest.fixture
def little_net(modules: Callable[..., list[ModuleType]]) -> Any:
    """A model of the author's own, with a helper."""
    return modules(FILES, "little_net")[0].LittleNet


@pytest.fixture
def twice_blocks(modules: Callable[..., list[ModuleType]]) -> Any:
    """Blocks of the author's own, two classes in a file and a helper in another."""
    return modules(FILES, "twice_blocks")[0].TwiceBlocks


def test_a_model_with_its_code(little_net: Any, tmp_path: Path) -> None:
    """AutoModel loads it with ``trust_remote_code=True``, and so does Gremio's class."""
    net = little_net(width=5)
    folder = gremio.save_pretrained(net, tmp_path / "saved")
    assert json.loads((folder / "config.json").read_text())["auto_map"] == {"AutoModel": "little_net.LittleNet"}
    theirs = diffusers.AutoModel.from_pretrained(str(folder), trust_remote_code=True)
    ours = gremio.load_class(folder).from_pretrained(folder)
    sample = torch.ones(2, 5)
    assert torch.equal(theirs(sample), net(sample))
    assert torch.equal(ours(sample), net(sample))


def test_what_automodel_loaded_can_be_saved_again(little_net: Any, tmp_path: Path) -> None:
    """Its class lies in diffusers' copy of the code; all of it comes along (D29)."""
    gremio.save_pretrained(little_net(), tmp_path / "saved")
    loaded = diffusers.AutoModel.from_pretrained(str(tmp_path / "saved"), trust_remote_code=True)
    folder = gremio.save_pretrained(loaded, tmp_path / "again")
    assert sorted(p.name for p in folder.glob("*.py")) == ["activation.py", "little_net.py"]
    again = diffusers.AutoModel.from_pretrained(str(folder), trust_remote_code=True)
    assert differences(facts_of(loaded), facts_of(again)) == ()


def test_where_a_component_came_from_goes_along(put: Callable[..., str], tmp_path: Path) -> None:
    """By commit, through ``load_class``, into its config; and from there on."""
    commit = put("ana/net", {**FILES, "config.json": json.dumps({"auto_map": {"AutoModel": "little_net.LittleNet"}})})
    cls = gremio.load_class("ana/net", custom_revision=commit, trust_remote_code=True)
    folder = gremio.save_pretrained(cls(width=4), tmp_path / "saved")
    (source,) = read_folder(folder).sources
    assert (source.source, source.repo, source.commit) == ("hub", "ana/net", commit)
    loaded = gremio.load_class(folder).from_pretrained(folder)
    assert loaded.config.width == 4


def test_blocks_with_their_code(twice_blocks: Any, tmp_path: Path) -> None:
    """Plain diffusers drops the code of blocks (D29); here it is what makes them load."""
    folder = gremio.save_pretrained(twice_blocks(), tmp_path / "saved")
    assert sorted(p.name for p in folder.iterdir()) == ["arithmetic.py", "modular_config.json", "twice_blocks.py"]
    theirs = diffusers.ModularPipelineBlocks.from_pretrained(str(folder), trust_remote_code=True)
    assert theirs.init_pipeline()(number=3, output="number") == 12
    ours = gremio.load_class(folder)()
    assert ours.init_pipeline()(number=3, output="number") == 12


def test_a_modular_pipeline_with_a_component_of_ones_own(
    little_net: Any, modules: Callable[..., list[ModuleType]], tmp_path: Path
) -> None:
    """Blocks, component and index in one folder: it loads whole, and from there."""
    twice_blocks = modules(FILES, "twice_blocks")[0].TwiceBlocks
    pipe = twice_blocks().init_pipeline()
    net = little_net()
    pipe.update_components(net=net)
    folder = gremio.save_pretrained(pipe, tmp_path / "saved")
    theirs = diffusers.ModularPipeline.from_pretrained(str(folder), trust_remote_code=True)
    theirs.load_components(trust_remote_code=True)
    assert torch.equal(theirs.net.layer.weight, net.layer.weight)
    assert theirs(number=1, output="number") == 4


def test_blocks_put_together_without_a_class_are_refused(twice_blocks: Any, tmp_path: Path) -> None:
    """There would be no code that makes them anew."""
    blocks = diffusers.SequentialPipelineBlocks.from_blocks_dict(dict(twice_blocks().sub_blocks))
    with pytest.raises(CodeError, match="SequentialPipelineBlocks"):
        gremio.save_pretrained(blocks, tmp_path / "saved")


def test_a_class_of_an_installed_package_stays_there(
    little_net: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is published says which package it needs, and is a class of that name."""
    packages = tmp_path / "site-packages"
    (packages / "its_package").mkdir(parents=True)
    (packages / "its_package" / "__init__.py").touch()
    (packages / "its_package" / "nets.py").write_text(NET)
    monkeypatch.syspath_prepend(str(packages))
    module = importlib.import_module("its_package.nets")
    folder = gremio.save_pretrained(module.LittleNet(), tmp_path / "saved")
    assert "from its_package.nets import LittleNet as _LittleNet" in (folder / "nets.py").read_text()
    loaded = gremio.load_class(folder)
    assert issubclass(loaded, module.LittleNet)


def test_a_class_made_inside_a_function_is_refused(little_net: Any, tmp_path: Path) -> None:
    """Nobody else could make it."""

    class Inner(little_net):  # type: ignore[misc]
        pass

    with pytest.raises(CodeError, match="Inner"):
        gremio.save_pretrained(Inner(), tmp_path / "saved")


@pytest.mark.filterwarnings("ignore:The `local_dir_use_symlinks`:UserWarning")  # in diffusers' own loading of blocks
def test_a_modular_pipeline_comes_back_from_the_hub(
    little_net: Any, modules: Callable[..., list[ModuleType]], one_hub: Any
) -> None:
    """Published with its blocks and its component, it loads by one call and is what it was, for plain diffusers too."""
    pipe = modules(FILES, "twice_blocks")[0].TwiceBlocks().init_pipeline()
    pipe.update_components(net=little_net())
    done = gremio.push_to_hub(pipe, "maria/twice", token=one_hub.token, verify=False)
    again = gremio.ModularPipeline.from_pretrained(
        "maria/twice", revision=done.commit, trust_remote_code=[str(done.digest)]
    )
    again.load_components()
    assert differences(facts_of(pipe), facts_of(again)) == ()
    assert again(number=1, output="number") == 4
    assert (again.gremio.commit, str(again.gremio.digest)) == (done.commit, str(done.digest))
    assert {each.digest for each in again.gremio.components.values()} == {again.gremio.digest}
    subject = ProofSubject("maria/twice", "blocks", done.commit, digest=str(done.digest))
    for loader in LOADERS:
        found = report(subject, loader)
        assert found.facts is not None, found.error
        assert differences(facts_of(pipe), found.facts) == ()
