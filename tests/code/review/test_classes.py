from __future__ import annotations

import pytest

from gremio.code.review import classes, entry_class
from gremio.code.review.classes import library_kind
from gremio.errors import NoClass, SeveralClasses

PIPELINE = "from diffusers import DiffusionPipeline\n"

KINDS = [
    (PIPELINE + "class A(DiffusionPipeline): ...", "pipeline"),
    ("import diffusers\nclass A(diffusers.DiffusionPipeline): ...", "pipeline"),
    ("import diffusers as d\nclass A(d.StableDiffusionPipeline): ...", "pipeline"),
    ("from diffusers import StableDiffusionXLPipeline as Base\nclass A(Base): ...", "pipeline"),
    ("from ..pipeline_utils import DiffusionPipeline\nclass A(DiffusionPipeline): ...", "pipeline"),
    ("from helper import Base\nclass A(Base): ...", "pipeline"),
    ("from .helper import again\nclass A(again.Base): ...", "other"),
    ("from diffusers import ModularPipelineBlocks\nclass A(ModularPipelineBlocks): ...", "blocks"),
    ("from diffusers.modular_pipelines import SequentialPipelineBlocks as B\nclass A(B): ...", "blocks"),
    ("from diffusers import UNet2DConditionModel\nclass A(UNet2DConditionModel): ...", "model"),
    ("from diffusers import ConfigMixin, ModelMixin\nclass A(ModelMixin, ConfigMixin): ...", "model"),
    ("from transformers import CLIPTextModel\nclass A(CLIPTextModel): ...", "model"),
    ("from diffusers import DDIMScheduler\nclass A(DDIMScheduler): ...", "scheduler"),
    ("from diffusers.utils import BaseOutput\nclass A(BaseOutput): ...", "other"),
    ("from torch import nn\nclass A(nn.Module): ...", "other"),
    ("class A:\n    def set_timesteps(self): ...\n    def step(self): ...", "scheduler"),
    ("class A:\n    def __init__(self): self.register_modules()\n    def __call__(self): ...", "pipeline"),
    ("class A(SomePipeline): ...", "pipeline"),
    ("class A(A): ...", "other"),
    ("class A(make()): ...", "other"),
]


@pytest.mark.parametrize(("source", "kind"), KINDS)
def test_kinds(make_tree, source: str, kind: str) -> None:
    """A class is what its bases are, here or in the installed libraries; without them, what it does."""
    tree = make_tree({"a.py": source, "helper.py": PIPELINE + "class Base(DiffusionPipeline): ...\nagain = 1"})
    assert classes(tree)[-1].kind == kind


def test_what_is_known_of_a_class(make_tree) -> None:
    """Name, place, bases as written and as meant, docstring."""
    tree = make_tree(
        {"p/a.py": "from .b import B as C\nclass A(C):\n    '''Does.\n\n       More.'''", "p/b.py": "class B: ..."}
    )
    (found,) = classes(tree)
    assert (found.name, found.path, found.line) == ("A", "p/a.py", 2)
    assert (found.bases, found.resolved) == (("C",), ("tree.p.b.B",))
    assert found.docstring == "Does.\n\nMore."


def test_inner_classes_are_not_listed(make_tree) -> None:
    """Only what a module binds at its top level can be loaded from it."""
    tree = make_tree({"a.py": "class A:\n    class B: ...\ndef f():\n    class C: ...\nif 1:\n    class D: ..."})
    assert [info.name for info in classes(tree)] == ["A", "D"]


HELPER = PIPELINE + "class Base(DiffusionPipeline): ...\nclass Other(Base): ..."
MEANT = [
    (PIPELINE + "class A(DiffusionPipeline): ...\nclass Output: ...", "A"),
    ("from helper import Base\nclass A(Base): ...", "A"),
    (PIPELINE + "class A(DiffusionPipeline): ...\nclass B(A): ...", "B"),
    (PIPELINE + "class A(DiffusionPipeline): ...\nclass B(A): ...\nclass C(B): ...", "C"),
    (PIPELINE + "__all__ = ['A']\nclass A(DiffusionPipeline): ...\nclass B(DiffusionPipeline): ...", "A"),
    ("from helper import Base", "Base"),
    ("from .helper import Base as Mine", "Mine"),
]


@pytest.mark.parametrize(("source", "name"), MEANT)
def test_d27_the_class_that_is_meant(make_tree, source: str, name: str) -> None:
    """A base in a helper is no rival of the class that the entry defines."""
    assert entry_class(make_tree({"a.py": source, "helper.py": HELPER})) == name


def test_d27_several_are_listed_with_the_way_to_choose(make_tree) -> None:
    """Two classes with equal rights are not guessed between."""
    tree = make_tree({"a.py": PIPELINE + "class A(DiffusionPipeline): ...\nclass B(DiffusionPipeline): ..."})
    with pytest.raises(SeveralClasses, match='class_name="A"') as caught:
        entry_class(tree)
    assert caught.value.names == ("A", "B")
    assert entry_class(tree, class_name="B") == "B"
    with pytest.raises(NoClass, match="A, B"):
        entry_class(tree, class_name="C")


def test_none_says_what_there_is(make_tree) -> None:
    """A file without a pipeline names the classes that it has."""
    tree = make_tree({"a.py": "from diffusers import DDIMScheduler\nclass S(DDIMScheduler): ..."})
    with pytest.raises(NoClass, match=r"S \(scheduler\)"):
        entry_class(tree)
    assert entry_class(tree, "scheduler") == "S"
    assert entry_class(tree, "class") == "S"


def test_any_class_is_a_pipeline_before_it_is_a_model(make_tree) -> None:
    """`class` means what the file is about."""
    both = "from diffusers import ModelMixin\n" + PIPELINE + "class M(ModelMixin): ...\nclass P(DiffusionPipeline): ..."
    assert entry_class(make_tree({"a.py": both}), "class") == "P"
    assert entry_class(make_tree({"a.py": both}), "model") == "M"
    assert entry_class(make_tree({"a.py": "class Plain: ..."}), "class") == "Plain"
    with pytest.raises(NoClass):
        entry_class(make_tree({"a.py": "x = 1"}), "class")


def test_a_library_that_is_not_installed_is_judged_by_names(make_library) -> None:
    """Without the source of a base its name has to do."""
    make_library("diffusers", {})
    assert library_kind("diffusers.StableDiffusionPipeline") == "pipeline"
    assert library_kind("diffusers.Whatever") is None
