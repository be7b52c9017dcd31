from __future__ import annotations

import ast

import pytest

from gremio.code.review.classes import ClassReader
from gremio.code.review.signatures import SignatureReader, type_names
from gremio.errors import NoClass

SOURCE = '''
from typing import Optional, Union
from diffusers import AutoencoderKL, DiffusionPipeline, UNet2DConditionModel as UNet
import transformers
from .nets import Net

class P(DiffusionPipeline):
    _optional_components = ["helper", "extra"]

    def __init__(self, vae: AutoencoderKL, unet: Union[UNet, "Net"], text: transformers.CLIPTextModel | None,
                 scheduler, helper: Optional[Net] = None, extra=None, size: int = 8, flag: bool = True, steps: int = 0,
                 must: bool = None, *, plain: int):
        ...

    @torch.no_grad()
    def __call__(self, prompt: str | list[str], /, n: int = 2, *images: object, size: int, eta: float = 0.0, **kwargs):
        """Draw.

            Args: some
        """

class Q(P):
    ...

class R(P):
    async def __call__(self): ...
'''


def reader(tree) -> SignatureReader:
    """Of a tree."""
    return SignatureReader(ClassReader(tree))


def test_the_call_signature_as_written(make_tree) -> None:
    """Names, annotations, defaults and kinds, without self."""
    found = reader(make_tree({"a.py": SOURCE, "nets.py": "class Net: ..."})).signature("Q", "__call__")
    assert [(p.name, p.annotation, p.default, p.kind, p.required) for p in found] == [
        ("prompt", "str | list[str]", None, "positional_only", True),
        ("n", "int", "2", "positional", False),
        ("images", "object", None, "var_positional", False),
        ("size", "int", None, "keyword_only", True),
        ("eta", "float", "0.0", "keyword_only", False),
        ("kwargs", "", None, "var_keyword", False),
    ]


def test_components(make_tree) -> None:
    """What has no default or is called optional is a component; plain values are not."""
    found = reader(make_tree({"a.py": SOURCE, "nets.py": "class Net: ..."})).components("R")
    assert [(slot.name, slot.types, slot.optional) for slot in found] == [
        ("vae", ("diffusers.AutoencoderKL",), False),
        ("unet", ("diffusers.UNet2DConditionModel", "tree.nets.Net"), False),
        ("text", ("transformers.CLIPTextModel",), False),
        ("scheduler", (), False),
        ("helper", ("tree.nets.Net",), True),
        ("extra", (), True),
    ]


def test_docstrings_are_cleaned(make_tree) -> None:
    """The docstring of the call, inherited too, loses its indentation."""
    tree = make_tree({"a.py": SOURCE, "nets.py": ""})
    assert reader(tree).call_docstring("Q").startswith("Draw.\n\n")
    assert reader(tree).call_docstring("R") == ""


def test_what_is_inherited_from_diffusers_is_read_there(make_tree) -> None:
    """A class without a method of its own has that of its base in the installed library."""
    tree = make_tree({"a.py": "from diffusers import StableDiffusionPipeline as S\nclass A(S): ..."})
    assert reader(tree).signature("A", "__call__")[0].name == "prompt"
    slots = {slot.name: slot for slot in reader(tree).components("A")}
    assert list(slots)[:3] == ["vae", "text_encoder", "tokenizer"]
    assert slots["unet"].types[0].endswith(".UNet2DConditionModel")
    assert slots["safety_checker"].optional
    assert "requires_safety_checker" not in slots


def test_a_class_that_is_not_there(make_tree) -> None:
    """Asking about another class is an error, not an empty answer."""
    with pytest.raises(NoClass):
        reader(make_tree({"a.py": SOURCE, "nets.py": ""})).signature("Z", "__init__")
    assert reader(make_tree({"a.py": "class A: ..."})).signature("A", "__init__") == ()


@pytest.mark.parametrize(
    ("annotation", "names"),
    [
        ("A", ("A",)),
        ("a.B", ("a.B",)),
        ("A | B | None", ("A", "B")),
        ("Optional['A']", ("A",)),
        ("typing.Union[A, typing.Optional[B]]", ("A", "B")),
        ("list[A]", ("list",)),
        ("'A | B'", ("A", "B")),
        ("'not a type'", ()),
        ("Any", ()),
        ("f()", ()),
    ],
)
def test_type_names(annotation: str, names: tuple[str, ...]) -> None:
    """The members of a union, whichever way it is written."""
    assert type_names(ast.parse(annotation, mode="eval").body) == names
