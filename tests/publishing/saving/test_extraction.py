"""Classes of notebooks and scripts, cut out into modules of their own."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.publishing.saving.notebook import Notebook, imported, notebook

from gremio.errors import CodeError
from gremio.publishing.saving.class_code import piece_of
from gremio.publishing.saving.extraction import extract, file_name, needs_extraction

__all__ = ["notebook"]


def cut(notebook: Notebook, folder: Path, name: str = "Fox") -> tuple[str, Any]:
    """The source of a class of the notebook, and the class that it makes."""
    found = extract(notebook[name])
    return found.source, imported(found.source, folder, found.file)[name]


def test_a_class_brings_what_it_uses_from_other_cells(notebook: Notebook, tmp_path: Path) -> None:
    """Functions, decorators, constants, bases and imports, wherever they were run; nothing else."""
    notebook.run("""
        import math
        from functools import partial as bound, wraps

        LEGS = 4  # of a fox
        UNUSED = open
    """)
    notebook.run("""
        def doubled(method):
            @wraps(method)
            def twice(self):
                return scaled(method(self))
            return twice

        def scaled(x):
            return x * 2
    """)
    notebook.run("""
        class Animal:
            legs = LEGS
    """)
    notebook.run("""
        class Fox(Animal):
            "Quick."

            @doubled
            def run(self):
                return math.sqrt(self.legs) + bound(scaled, 1)()
    """)
    source, fox = cut(notebook, tmp_path)
    assert fox().run() == notebook["Fox"]().run() == 8.0
    assert "LEGS = 4  # of a fox" in source
    assert "from functools import partial as bound, wraps" in source
    assert "UNUSED" not in source


def test_what_runs_at_once_comes_after_what_it_needs(notebook: Notebook, tmp_path: Path) -> None:
    """A decorator is called at import, so what its body uses must be there by then."""
    notebook.run("""
        def helper():
            return Fox
    """)
    notebook.run("""
        BY_KIND = {}
        def register(kind):
            def into(cls):
                cls.registered = lower(kind)
                return cls
            return into
        def lower(text):
            return text.lower() + SUFFIX
        SUFFIX = "!"
    """)
    notebook.run("""
        class Animal:
            def family(self):
                return helper().__name__
    """)
    notebook.run("""
        @register("RED")
        class Fox(Animal):
            ...
    """)
    _, fox = cut(notebook, tmp_path)
    assert fox.registered == "red!"
    assert fox().family() == "Fox"


def test_the_definition_in_memory_is_what_is_cut_out(notebook: Notebook, tmp_path: Path) -> None:
    """A cell that ran again made another class; each is cut out of its own text."""
    notebook.run("class Fox:\n    def say(self):\n        return 1\n")
    first = notebook["Fox"]
    notebook.run("class Fox:\n    def say(self):\n        return 2\n")
    assert "return 1" in extract(first).source
    assert "return 2" in extract(notebook["Fox"]).source


def test_a_base_that_was_made_again_is_the_old_one(notebook: Notebook, tmp_path: Path) -> None:
    """A class keeps the base that it was made with, and so does its source."""
    notebook.run("class Animal:\n    def say(self):\n        return 1\n")
    notebook.run("class Fox(Animal):\n    def twice(self):\n        return self.say() * 2\n")
    notebook.run("class Animal:\n    def say(self):\n        return 5\n")
    _, fox = cut(notebook, tmp_path)
    assert fox().twice() == notebook["Fox"]().twice() == 2


def test_a_name_that_means_two_things_is_refused(notebook: Notebook) -> None:
    """The class needs the old base and its helper the new one: one file can not have both."""
    notebook.run("class Animal:\n    def say(self):\n        return 1\n")
    notebook.run("class Fox(Animal):\n    def kind(self):\n        return super(Fox, self), old()\n")
    notebook.run("class Animal:\n    def say(self):\n        return 5\n\ndef old():\n    return Animal\n")
    with pytest.raises(CodeError, match="Animal means two things"):
        extract(notebook["Fox"])


def test_a_class_without_methods_is_told_by_its_values(notebook: Notebook) -> None:
    """Where two cells fit, the latest is taken and a note says so."""
    notebook.run("class Fox:\n    legs = 4\n")
    first = notebook["Fox"]
    notebook.run("class Fox:\n    legs = 3\n")
    assert "legs = 4" in extract(first).source
    assert extract(first).notes == ()
    notebook.run("class Fox:\n    legs = 3\n    tail = print\n")
    assert "the latest cell that fits" in extract(notebook["Fox"]).notes[0]


def test_what_is_not_certain_is_warned_of(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever saves or publishes the class can look at the file before anybody else does."""
    monkeypatch.chdir(tmp_path)
    notebook.run("class Fox:\n    legs = eval\n")
    assert piece_of(notebook["Fox"])[0].tree.entry == "fox.py"
    assert caplog.messages == [
        "Fox was cut out into fox.py, and not all of it is certain: Fox uses eval: the names that come in that way are"
        " not seen"
    ]


def test_the_future_of_an_earlier_cell_holds(notebook: Notebook, tmp_path: Path) -> None:
    """IPython keeps the flags of `from __future__` for all later cells."""
    notebook.run("from __future__ import annotations\nfrom decimal import Decimal")
    notebook.run("class Fox:\n    def run(self, far: Decimal, to: Nowhere = 1) -> list[Fox]:\n        return [far]\n")
    source, fox = cut(notebook, tmp_path)
    assert source.startswith("from __future__ import annotations\n")
    assert "from decimal import Decimal" in source
    assert fox().run(1) == [1]


def test_constants_are_written_out(notebook: Notebook, tmp_path: Path) -> None:
    """Values of every kind that has a source are equal to the ones in memory."""
    notebook.run("""
        import decimal, enum, functools, logging, numpy, re, torch
        from pathlib import Path
        from typing import Optional, TypeVar, Union

        class Kind(enum.Enum):
            RED = "red"

        def area(a, b=2):
            return a * b

        A = {"x": [1, 2.5, float("inf"), (None,)], "kinds": {Kind.RED: decimal.Decimal}}
        B = torch.float16
        C = torch.device("cpu")
        D = re.compile(r"a\\d", re.I | re.M)
        E = Path("a/b")
        F = TypeVar("F", bound=int)
        G = Union[torch.Tensor, Optional[list[int]], Kind]
        H = frozenset({"b", "a"})
        I = functools.partial(area, b=3)
        J = logging.getLogger("fox")
        K = logging.getLogger(__name__)
        L = range(3)
        M = str | None
        N = numpy.array([[1.1, 2]], dtype="float32")
        triple = I
        zone = area

        class Fox:
            def all(self):
                return [A["x"], B, C, D, E, F, G.__args__[0], H, triple(2), J, L, M, zone(1), K and 1, N.tolist()]
    """)
    source, fox = cut(notebook, tmp_path)
    here, there = notebook["Fox"]().all(), fox().all()
    assert [value for value in there if not hasattr(value, "__bound__")] == [
        value for value in here if not hasattr(value, "__bound__")
    ]
    assert 'D = re.compile("a\\\\d", re.IGNORECASE | re.MULTILINE)' in source
    assert "K = logging.getLogger(__name__)" in source


def test_guarded_imports_keep_their_condition(notebook: Notebook, tmp_path: Path) -> None:
    """What is missing here may be installed where the class is loaded."""
    notebook.run("""
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from decimal import Decimal
        try:
            import package_that_nobody_has as extra
            HAS = True
        except ImportError:
            HAS = False

        class Fox:
            def run(self, far: "Decimal" = 1):
                return extra.run(far) if HAS else far
    """)
    source, fox = cut(notebook, tmp_path)
    assert fox().run() == 1
    assert "except ImportError:" in source
    assert "if TYPE_CHECKING:\n    from decimal import Decimal" in source


def test_decorated_functions(notebook: Notebook, tmp_path: Path) -> None:
    """Whatever a decorator returns, the function that it was written above is what is cut out."""
    notebook.run("""
        import functools

        def plain(function):
            def inner(x):
                return function(x) + 1
            return inner

        @plain
        def first(x):
            return second(x) * 2

        @functools.lru_cache(maxsize=3)
        def second(x):
            return x + 1

        third = second

        class Fox:
            def run(self, x):
                return first(x) + third(x)

            @plain
            def legs(self):
                return 3
    """)
    source, fox = cut(notebook, tmp_path)
    assert (fox().run(1), fox().legs()) == (notebook["Fox"]().run(1), 4)
    assert "@functools.lru_cache(maxsize=3)" in source
    notebook.run("""
        @functools.singledispatch
        def first(x): ...
    """)
    with pytest.raises(CodeError, match="first has parts registered elsewhere"):
        extract(notebook["Fox"])


def test_submodules_stay_imported(notebook: Notebook, tmp_path: Path) -> None:
    """`import a.b` binds `a` alone, and `a` need not have `b`."""
    notebook.run("import os.path, xml.dom.minidom\nimport xml.dom as d")
    notebook.run("class Fox:\n    def run(self):\n        return xml.dom.minidom.Document, os.path.sep, d\n")
    source, fox = cut(notebook, tmp_path)
    assert "import xml.dom.minidom\n" in source
    assert fox().run() == notebook["Fox"]().run()


def test_what_a_class_reads_before_it_binds_it(notebook: Notebook, tmp_path: Path) -> None:
    """A name that a class body binds may have been the module's a line before."""
    notebook.run("size = 3\nname = open")
    notebook.run("""
        class Fox:
            size = size + 1
            name = "fox"
            __secret = [name for _ in range(size)]

            @property
            def both(self):
                return self.name, self.size, self.__secret

            @both.setter
            def both(self, value):
                ...
    """)
    _, fox = cut(notebook, tmp_path)
    assert (fox().both[0], fox().both[1]) == ("fox", 4)
    assert fox().both == notebook["Fox"]().both


def test_dataclasses_and_named_tuples(notebook: Notebook, tmp_path: Path) -> None:
    """Methods that a decorator or a base made are nobody's replacement."""
    notebook.run("""
        from dataclasses import dataclass, field
        from typing import NamedTuple

        class Pair(NamedTuple):
            a: int = 1

        @dataclass
        class Fox:
            pairs: list[Pair] = field(default_factory=lambda: [Pair()])

            def sum(self):
                return sum(pair.a for pair in self.pairs)
    """)
    _, fox = cut(notebook, tmp_path)
    assert fox().sum() == 1


@pytest.mark.parametrize(
    ("made", "used", "says"),
    [
        ("f = lambda x: x", "f(1)", "Fox uses f .line 3 of its cell., which is a lambda"),
        ("f = open(os.devnull)", "f.read()", "f .*an object of class _io.TextIOWrapper"),
        ("import torch\nf = torch.zeros(2)", "f + 1", "f .*an object of class torch.Tensor"),
        ("import numpy\nf = numpy.zeros(2000)", "f + 1", "f .*an object of class numpy.ndarray"),
        ("f = {'a': [lambda: 1]}", "f['a']", "f .*a lambda"),
        ("def make():\n    def inner(): ...\n    return inner\nf = make()", "f()", "the function f was made by a call"),
        ("class Point: ...\nf = Point()", "f.x", "f .*an object of class Point"),
        ("f = 1", "nowhere(1)", "Fox uses nowhere .*nothing of that name"),
    ],
)
def test_what_has_no_source_is_refused_by_name(notebook: Notebook, made: str, used: str, says: str) -> None:
    """The error names what is used, where, and what it is."""
    notebook.run(f"import os\n{made}")
    notebook.run(f"class Fox:\n    def run(self):\n        return {used}\n")
    with pytest.raises(CodeError, match=says) as caught:
        extract(notebook["Fox"])
    assert caught.value.next_step
    if hasattr(notebook["f"], "close"):
        notebook["f"].close()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("def run(self): return 2\nFox.run = run", r"Fox\.run was replaced"),
        ("Fox.run = lambda self: 2", r"Fox\.run was replaced"),
        ("class Other:\n    def run(self): return 1\nFox.run = Other.run", r"Fox\.run was replaced"),
        ("def more(self): ...\nFox.more = more", r"Fox\.more was put into it"),
        ("del Fox.walk", r"Fox\.walk was deleted"),
        ("Fox.legs = 5", r"Fox\.legs was given another value"),
        ("Fox.act = lambda self: 3", r"Fox\.act was replaced"),
    ],
)
def test_a_class_changed_afterwards_is_refused(notebook: Notebook, change: str, says: str) -> None:
    """Its source would make another class than the one in memory."""
    notebook.run("""
        class Fox:
            legs = 4
            act = lambda self: 1
            def run(self):
                return 1
            def walk(self):
                return 0
    """)
    assert "legs = 4" in extract(notebook["Fox"]).source
    notebook.run(change)
    with pytest.raises(CodeError, match=says):
        extract(notebook["Fox"])


def test_classes_without_a_statement_of_their_own(notebook: Notebook) -> None:
    """There is nothing at the top of any text that could be cut out."""
    notebook.run("""
        def make():
            class Inner:
                def run(self): ...
            return Inner

        class Outer:
            class Nested: ...

        Inner, Nested = make(), Outer.Nested
        Made = type("Made", (), {"run": make})
        exec("class Executed:\\n    def run(self): ...")
    """)
    for name, says in (
        ("Inner", "Inner is defined inside make"),
        ("Nested", "Nested is defined inside Outer"),
        ("Made", "source of Made is gone"),
        ("Executed", "source of Executed is gone"),
    ):
        with pytest.raises(CodeError, match=says) as caught:
            extract(notebook[name])
        assert caught.value.next_step


def test_the_author_s_own_modules_stay_imported(
    notebook: Notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By name, as their files travel; a class of one of them is published with its file."""
    (tmp_path / "fox_layers.py").write_text("class Layer: ...\nSIZE = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    notebook.run("from fox_layers import *\nimport fox_layers as f\nimport torch")
    notebook.run("class Fox(Layer):\n    def run(self):\n        return SIZE, f, torch\n")
    found = extract(notebook["Fox"])
    assert "from fox_layers import Layer" in found.source
    assert "import torch\n" in found.source
    assert not needs_extraction(notebook["Layer"])
    with pytest.raises(CodeError, match="the module fox_layers, which has a file"):
        extract(notebook["Layer"])
    sys.modules.pop("fox_layers")


def test_file_names() -> None:
    """Snake case, with the names of the field in one piece."""
    assert [file_name(name) for name in ("LongPromptSD3Pipeline", "UNetSmall", "_Fox")] == [
        "long_prompt_sd3_pipeline.py",
        "unet_small.py",
        "fox.py",
    ]


SCRIPT = '''
import math

import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.utils import logging
from torch import nn

logger = logging.get_logger(__name__)
ACTS = {"silu": nn.SiLU, "relu": nn.ReLU}


def gain(x):
    return x * math.pi


class Block(nn.Module):
    """One layer."""

    def __init__(self, width, act="silu"):
        super().__init__()
        self.linear, self.act = nn.Linear(width, width), ACTS[act]()

    def forward(self, x):
        return self.act(self.linear(x))


class TinyFox(ModelMixin, ConfigMixin):
    """A model of one block."""

    @register_to_config
    def __init__(self, width: int = 4):
        super().__init__()
        self.block = Block(width)

    @torch.no_grad()
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logger.debug("forward")
        return gain(self.block(x))


if __name__ == "__main__":
    import sys

    from gremio.publishing.saving.extraction import extract

    torch.manual_seed(0)
    model = TinyFox()
    found = extract(TinyFox)
    open(found.file, "w").write(found.source)
    model.save_pretrained("weights", safe_serialization=True)
    print(model(torch.ones(1, 4)).tolist())
    if "changed" in sys.argv:
        text = open(__file__).read()
        open(__file__, "w").write(text.replace("gain(self.block(x))", "self.block(x)"))
'''


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, as its user would."""
    source = Path(__file__).resolve().parents[3] / "src"
    path = os.pathsep.join(filter(None, [str(source), os.environ.get("PYTHONPATH", "")]))
    environment = os.environ | {"PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_a_script_s_class_works_in_another_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Written by a script that is gone, loaded with its weights by plain Diffusers: the same values."""
    (tmp_path / "train.py").write_text(SCRIPT)
    first = run("train.py", folder=tmp_path)
    assert first.returncode == 0, first.stderr
    (tmp_path / "train.py").unlink()
    monkeypatch.syspath_prepend(tmp_path)
    tiny_fox = importlib.import_module("tiny_fox")
    again = tiny_fox.TinyFox.from_pretrained(tmp_path / "weights")(torch.ones(1, 4)).tolist()
    assert str(again) == first.stdout.splitlines()[-1]
    assert "__main__" not in (tmp_path / "tiny_fox.py").read_text()


def test_a_script_that_was_edited_since_is_refused(tmp_path: Path) -> None:
    """What is on disk is not what is in memory."""
    text = """
        import linecache

        from gremio.errors import CodeError
        from gremio.publishing.saving.extraction import extract

        class Fox:
            def run(self):
                return 1

        own = open(__file__).read()
        open(__file__, "w").write(own.replace("return " + "1", "return 2"))
        linecache.checkcache()
        try:
            extract(Fox)
        except CodeError as error:
            print(error)
    """
    (tmp_path / "edited.py").write_text(textwrap.dedent(text))
    found = run("edited.py", folder=tmp_path)
    assert "edited.py was changed since Fox was made" in found.stdout, found.stderr


def test_source_from_standard_input_is_gone(tmp_path: Path) -> None:
    """Python keeps no text of it."""
    code = "class Fox:\n    def run(self): ...\nfrom gremio.publishing.saving.extraction import extract\nextract(Fox)"
    found = run("-c", code, folder=tmp_path)
    assert re.search("source of Fox is gone", found.stderr)
