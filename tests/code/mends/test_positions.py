"""Positional calls of inherited methods whose parameters have moved."""

import ast

import pytest
from tests.code.libraries.conftest import forget, make_library

from gremio.code.mends import mended

__all__ = ["forget", "make_library"]

LIBRARY = {
    "__init__.py": "from .base import Pipeline\n",
    "base.py": (
        "class Root:\n    def check_inputs(self, prompt, new, height, width, steps=None): ...\n"
        "    @staticmethod\n    def get_size(height, width): ...\n"
        "    def prepare_more(self, prompt, height, steps, width): ...\n"
        "class Pipeline(Root): ...\n"
    ),
}
HEAD = (
    "from diffusers import Pipeline\nclass Mine(Pipeline):\n    def run(self, prompt, height, width, steps):\n        "
)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("self.check_inputs(prompt, height, width)", "self.check_inputs(prompt, height=height, width=width)"),
        (
            "self.check_inputs(prompt, height, width, steps=3)",
            "self.check_inputs(prompt, height=height, width=width, steps=3)",
        ),
        ("self.check_inputs(prompt, self.height)", "self.check_inputs(prompt, height=self.height, width=width)"),
        ("self.check_inputs('x', self.height, width)", None),
        ("self.check_inputs(prompt, 1, height, width)", None),
        ("self.check_inputs(prompt, size, height)", None),
        ("self.check_inputs(prompt, height, 3)", None),
        ("self.check_inputs(prompt, *rest)", None),
        ("self.check_inputs(prompt, height, **rest)", None),
        ("self.get_size(height, width)", None),
        ("self.get_size(width, height)", None),
        ("self.prepare_more(prompt, width)", "self.prepare_more(prompt, width=width, height=height, steps=steps)"),
        ("self.prepare_more(prompt, height, width)", "self.prepare_more(prompt, height, width=width, steps=steps)"),
        ("other.check_inputs(prompt, height)", None),
        ("self.get_unknown(height, prompt)", None),
    ],
)
def test_names_go_to_their_parameters(make_library, call, expected):
    """A name that stands elsewhere than its parameter is passed by keyword; where that is unclear nothing is done."""
    make_library("diffusers", LIBRARY)
    source = HEAD + call
    done = mended(ast.parse(source), source.encode(), "a.py")
    assert ast.unparse(done.module).splitlines()[-1].strip() == (expected or call)
    assert bool(done.repairs) is bool(expected)


def test_a_constructor_passes_on_by_name(make_library):
    """What a class hands to the constructor it inherits goes where that has it now."""
    make_library(
        "diffusers", {"__init__.py": "class Pipeline:\n    def __init__(self, vae, new=None, check=True): ...\n"}
    )
    source = (
        "from diffusers import Pipeline\nclass Mine(Pipeline):\n"
        "    def __init__(self, vae, check):\n        super().__init__(vae, check)\n"
    )
    (repair,) = mended(ast.parse(source), source.encode(), "a.py").repairs
    assert repair.new == "super().__init__(vae, check=check)"
    own = "class Root(Pipeline):\n    def __init__(self, vae, check): ...\n"
    between = source.replace("class Mine(Pipeline)", f"{own}class Mine(Root)")
    assert not mended(ast.parse(between), between.encode(), "a.py").repairs


def test_a_method_of_its_own_is_never_touched(make_library):
    """A class that defines the method, or has it from another class of the file, knows its parameters."""
    make_library("diffusers", LIBRARY)
    own = "\n    def check_inputs(self, prompt, height): ...\n"
    for source in (
        HEAD + "self.check_inputs(prompt, height)" + own,
        "from diffusers import Pipeline\nclass Mid(Pipeline):"
        + own
        + HEAD.partition("\n")[2].replace("(Pipeline)", "(Mid)")
        + "self.check_inputs(prompt, height)",
    ):
        assert not mended(ast.parse(source), source.encode(), "a.py").repairs
