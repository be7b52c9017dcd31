"""The code of a pipeline with that of its components, as a project on disk tells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gremio.checking.assembly import assembled
from gremio.checking.config_files import configured
from gremio.code import CodeTree, PipelineRef
from gremio.errors import OptionError
from gremio.machine.settings import Settings
from gremio.sources import Access, fetch

PIPELINE = """
from diffusers import DiffusionPipeline, UNet2DConditionModel
from src.shared import helper

class Dance(DiffusionPipeline):
    def __init__(self, unet: UNet2DConditionModel, guider, scheduler, spare=None, size=None): ...
"""
SCRIPT = """
from src.pipes.dance import Dance
from src.nets.guider import Guider
from src.nets.unet import UNet
Dance(unet=UNet.from_pretrained("x"), guider=Guider(320), spare=Guider(1))
"""
# It speaks of its own parts: nothing imports it, however alike its names are.
OTHER = """
from diffusers import DiffusionPipeline, SchedulerMixin
class Schedulers(SchedulerMixin): ...
class Other(DiffusionPipeline):
    def __init__(self, unet, guider, scheduler: "Schedulers"): ...
"""
ALONE = """
from diffusers import DiffusionPipeline
from diffusers.schedulers.scheduling_utils import SchedulerMixin

class Alpha(SchedulerMixin): ...

class Pipe(DiffusionPipeline):
    '''
    Args:
        scheduler ([`SchedulerMixin`]): one.
    '''

    def __init__(self, scheduler): ...
"""
PROJECT = {
    "README.md": "",
    "configs/a.yaml": "kwargs: &kwargs {width: 320, depth: 4, more: true}\nagain: [*kwargs, {width: 1, other: 2}]\n",
    "configs/broken.json": "{",
    "run.py": SCRIPT,
    "other.py": OTHER,
    "src/__init__.py": "",
    "src/shared.py": "helper = 1\n",
    "src/pipes/dance.py": PIPELINE,
    "src/nets/guider.py": "class Guider:\n    def __init__(self, width, depth=1, more=False): ...\n",
    "src/nets/unet.py": "from .blocks import Block\nclass UNet: ...\n",
    "src/nets/blocks.py": "class Block: ...\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., CodeTree]:
    """``project(*without)``: the pipeline's file in a project on disk, as it is fetched."""

    def lay(*without: str) -> CodeTree:
        for path, text in PROJECT.items():
            file = tmp_path / "project" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if path not in without:
                file.write_text(text)
        return fetched(tmp_path / "project/src/pipes/dance.py")

    return lay


def fetched(path: Path) -> CodeTree:
    """The code of a path, as a check fetches it."""
    settings = Settings.from_environment()
    return fetch(PipelineRef.parse(path), revision=None, access=Access.of(settings), settings=settings)


def test_the_components_code_comes_along(project) -> None:
    """With what it reaches, and nothing else; numbers come from the script and from the config that fits."""
    tree = project()
    assert set(tree.files) == {"src/__init__.py", "src/shared.py", "src/pipes/dance.py"}
    found = assembled(tree, "Dance")
    assert set(found.tree.files) - set(tree.files) == {f"src/nets/{name}.py" for name in ("guider", "unet", "blocks")}
    assert found.tree.entry == tree.entry
    assert {name: (each.name, each.path) for name, each in found.classes.items()} == {
        "unet": ("UNet", "src/nets/unet.py"),
        "guider": ("Guider", "src/nets/guider.py"),
        "spare": ("Guider", "src/nets/guider.py"),
    }
    assert found.classes["guider"].arguments == {0: 320, "width": 320, "depth": 4, "more": True}
    types = {slot.name: slot.types for slot in found.slots}
    assert types["unet"] == ("tree.src.nets.unet.UNet",)
    assert types["scheduler"] == ()
    assert "size" not in types


def test_a_base_that_is_documented_is_the_class_beside_the_pipeline(tmp_path: Path) -> None:
    """``scheduler ([`SchedulerMixin`])`` means the one scheduler that the file defines."""
    tmp_path.joinpath("alone.py").write_text(ALONE)
    assert assembled(fetched(tmp_path / "alone.py"), "Pipe").classes["scheduler"].name == "Alpha"


def test_a_file_that_belongs_to_no_project_is_alone(project) -> None:
    """What lies around it is nobody's business."""
    tree = project("README.md")
    found = assembled(tree, "Dance")
    assert found.tree is tree
    assert found.classes == {}


def test_what_the_caller_says_comes_first(project) -> None:
    """A slot that isn't there is refused."""
    found = assembled(project(), "Dance", {"unet": "UNet2DModel", "scheduler": "src/nets/blocks.py:Block"})
    assert found.classes["unet"].name == "diffusers.UNet2DModel"
    assert found.classes["scheduler"].path == "src/nets/blocks.py"
    with pytest.raises(OptionError, match=r"no component 'unett'(.|\n)*unet, guider, scheduler, spare, size"):
        assembled(project(), "Dance", {"unett": "UNet"})


def test_config_files_are_data(tmp_path: Path) -> None:
    """The largest mapping of parameters alone; one that holds itself is read once."""
    (tmp_path / "a.yaml").write_text("a: &a {width: 1, depth: 2, inside: *a}\nb: {width: 3, depth: 4}\n")
    (tmp_path / "c.yaml").write_text("a: !!python/x {width: 1, depth: 2, more: 3, most: 4}\n")
    (tmp_path / "b.json").write_text('{"net": [{"width": 5, "depth": 6, "more": 7}, {"width": 8}]}')
    assert configured(tmp_path, frozenset({"width", "depth", "more"})) == {"width": 5, "depth": 6, "more": 7}
    assert configured(tmp_path, frozenset({"width"})) == {}
