"""What blocks say of themselves is read, and is what they say when they are asked."""

from __future__ import annotations

import pytest

from gremio.code import CodeTree, Origin
from gremio.code.review import entry_class, read

CODE = """
from diffusers import AutoModel, ModularPipelineBlocks, SequentialPipelineBlocks
from diffusers.modular_pipelines import ComponentSpec, InputParam, OutputParam


class Step(ModularPipelineBlocks):
    '''One step.'''

    @property
    def expected_components(self):
        place = ComponentSpec("net", AutoModel, pretrained_model_name_or_path="ana/net", subfolder="a", revision="v1")
        return [place, ComponentSpec(name=computed(), type_hint=AutoModel)]

    @property
    def inputs(self):
        return [InputParam("number", int, required=True), InputParam(name="scale", default=2.0), InputParam(computed())]

    @property
    def intermediate_outputs(self):
        return [OutputParam("sum"), OutputParam.template("images")]


class Wider(Step):
    @property
    def inputs(self):
        return [*super().inputs, InputParam.template("prompt", note="more")]


PARTS = {"first": Wider, "second": Step("x")}


class Both(SequentialPipelineBlocks):
    block_classes = list(PARTS.values())
    block_names = list(PARTS.keys())
"""


def _read(code: str, class_name: str | None = None):
    return read(CodeTree({"a.py": code.encode()}, "a.py", Origin("local", "x")), class_name=class_name).blocks


def test_what_is_written_down_is_read():
    """Components with their place, inputs with defaults, outputs, what a subclass adds; not what is computed."""
    step = _read(CODE, "Step")
    assert [(each.name, each.type, each.place) for each in step.components] == [("net", "AutoModel", "ana/net/a@v1")]
    told = [(each.name, each.type, each.default, each.required) for each in step.inputs]
    assert told == [("number", "int", "", True), ("scale", "", "2.0", False)]
    assert (step.docstring, step.outputs, step.parts) == ("One step.", ("sum", "images"), ())
    assert [each.name for each in _read(CODE, "Wider").inputs] == ["prompt", "number", "scale"]


def test_blocks_that_are_made_of_others():
    """From a dictionary of the module, with the inputs that none of them makes, none of them needed for certain."""
    both = _read(CODE, "Both")
    assert both.parts == ("first: Wider", "second: Step")
    assert [(each.name, each.required) for each in both.inputs] == [
        ("prompt", False),
        ("number", False),
        ("scale", False),
    ]
    assert both.outputs == ("sum", "images")


def test_the_class_that_others_are_parts_of_is_meant():
    """Written in lists; and what is made of itself comes to an end."""
    code = (
        "from diffusers import SequentialPipelineBlocks as S\nclass A(S): ...\nclass B(S):\n    block_classes = [A]\n"
    )
    assert entry_class(CodeTree({"a.py": code.encode()}, "a.py", Origin("local", "x")), "blocks") == "B"
    assert _read(code.replace("[A]", "[A, B()]")).parts == ("0: A", "1: B")
    assert _read("class A: ...\n") is None


@pytest.mark.parametrize("name", ["StableDiffusionXLAutoBlocks", "StableDiffusion3AutoBlocks", "QwenImageAutoBlocks"])
def test_of_diffusers_own_everything_is_read(name):
    """Through chosen, repeated and nested blocks, as the blocks themselves tell it."""
    import diffusers

    told = getattr(diffusers, name)()
    found = _read(f"from diffusers import {name}\n\n\nclass Mine({name}): ...\n")
    assert {each.name for each in found.components} == {each.name for each in told.expected_components}
    assert {each.name for each in found.inputs} == {name for name in told.input_names if name}
    assert list(found.outputs) == told.output_names
