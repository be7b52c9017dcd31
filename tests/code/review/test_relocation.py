from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.code import CodeTree, Origin
from gremio.code.review import module_name, relocations, rewrite
from gremio.code.syntax.parsing import parse

LIBRARY = {
    "utils/__init__.py": "from .torch_utils import kept\n",
    "utils/torch_utils.py": "def randn_tensor(): ...\ndef kept(): ...\n",
    "utils/logging.py": "",
    "loaders.py": "class StableDiffusionLoraLoaderMixin: ...\n",
    "models/__init__.py": "",
    "models/unets/__init__.py": "",
    "models/unets/unet_2d_blocks.py": "class DownBlock2D: ...\ndef get_down_block(): ...\n",
    "models/controlnets/multi.py": "class Multi: ...\n",
    "models/controlnets/__init__.py": "",
    "models/attention_processor.py": "class Attention: ...\n",
    "pipelines/__init__.py": "",
    "pipelines/pipeline_utils.py": "class DiffusionPipeline: ...\n",
    "pipelines/audio/__init__.py": "",
    "pipelines/audio/pipeline_output.py": "class AudioOutput: ...\n",
    "pipelines/audio/blocks.py": "class DownBlock2D: ...\ndef prepare(a): ...\ndef same(): return 1\n",
    "pipelines/sd3/__init__.py": "from .pipeline_output import SD3Output\n",
    "pipelines/sd3/pipeline_output.py": "class SD3Output: ...\n",
    "pipelines/sd3/pipeline_sd3.py": "def prepare(a, b): ...\ndef same(): return 1\n",
}


def rewritten(tree: CodeTree, package: str = "gremio_code.d1") -> str:
    """The source that the entry's rewritten tree stands for."""
    return ast.unparse(rewrite(parse(tree, tree.entry), tree=tree, path=tree.entry, package=package).module)


SIBLINGS = [
    ("import b", "import P.b as b"),
    ("import b as x", "import P.b as x"),
    ("import os, b", "import os\nimport P.b as b"),
    ("import p.m", "import P.p.m as p\nimport P.p as p"),
    ("import p.m as x", "import P.p.m as x"),
    ("from b import y as z", "from P.b import y as z"),
    ("from p import m, n", "from P.p import m, n"),
    ("from p.m import *", "from P.p.m import *"),
    ("from . import b", "from . import b"),
    ("from .p.m import x", "from .p.m import x"),
    ("import json, numpy", "import json, numpy"),
    ("def f():\n    import b", "def f():\n    import P.b as b"),
    ("class A:\n    import b", "class A:\n    import P.b as b"),
    (
        "try:\n    import b\nexcept ImportError:\n    b = None",
        "try:\n    import P.b as b\nexcept ImportError:\n    b = None",
    ),
    ("try:\n    x\nexcept KeyError:\n    import b", "try:\n    x\nexcept KeyError:\n    import P.b as b"),
    ("match x:\n    case 1:\n        import b", "match x:\n    case 1:\n        import P.b as b"),
    ("with x:\n    import b", "with x:\n    import P.b as b"),
    ("while x:\n    pass\nelse:\n    import b", "while x:\n    pass\nelse:\n    import P.b as b"),
]


@pytest.mark.parametrize(("source", "expected"), SIBLINGS)
def test_siblings(make_tree, source: str, expected: str) -> None:
    """A sibling's absolute name becomes its name under the tree's package, bound as before."""
    tree = make_tree({"a.py": source, "b.py": "", "p/__init__.py": "", "p/m.py": "", "p/n.py": ""})
    assert rewritten(tree) == expected.replace("P.", "gremio_code.d1.")


def test_siblings_of_a_nested_file(make_tree) -> None:
    """The own folder comes first, then those above it."""
    tree = make_tree(
        {"p/q/a.py": "import b\nimport p.m\nimport c", "p/q/b.py": "", "b.py": "", "p/m.py": "", "c.py": ""}
    )
    assert rewritten(tree, "P") == "import P.p.q.b as b\nimport P.p.m as p\nimport P.p as p\nimport P.c as c"


@pytest.mark.parametrize(
    ("path", "name"), [("a/b.py", "P.a.b"), ("__init__.py", "P"), ("a/__init__.py", "P.a"), ("c.py", "P.c")]
)
def test_module_names(path: str, name: str) -> None:
    """A path in the tree is a module under its package."""
    assert module_name("P", path) == name


MOVED = [
    ("from diffusers.utils import randn_tensor", "from diffusers.utils.torch_utils import randn_tensor", "moved"),
    (
        "from diffusers.utils import randn_tensor as r",
        "from diffusers.utils.torch_utils import randn_tensor as r",
        "moved",
    ),
    (
        "from diffusers.models.unet_2d_blocks import DownBlock2D",
        "from diffusers.models.unets.unet_2d_blocks import DownBlock2D",
        "moved",
    ),
    ("from diffusers.pipelines.cn.multi import Multi", "from diffusers.models.controlnets.multi import Multi", "moved"),
    ("from diffusers.models import unet_2d_blocks", "from diffusers.models.unets import unet_2d_blocks", "moved"),
    ("import diffusers.models.unet_2d_blocks as u", "import diffusers.models.unets.unet_2d_blocks as u", "moved"),
    ("from diffusers.models.unet_2d_blocks import *", "from diffusers.models.unets.unet_2d_blocks import *", "moved"),
    ("from diffusers.old import same", "from diffusers.pipelines.sd3.pipeline_sd3 import same", "moved"),
    (
        "from diffusers.models.cross_attention import CrossAttention",
        "from diffusers.models.attention_processor import Attention as CrossAttention",
        "renamed",
    ),
    (
        "from diffusers.utils import DIFFUSERS_CACHE",
        "from huggingface_hub.constants import HF_HUB_CACHE as DIFFUSERS_CACHE",
        "renamed",
    ),
    ("from src.diffusers.utils import kept", "from diffusers.utils import kept", "in-tree"),
]


@pytest.mark.parametrize(("source", "expected", "kind"), MOVED)
def test_d41_moved_names(make_tree, make_library, source: str, expected: str, kind: str) -> None:
    """An import of something that moved finds it, under the name that the code uses, and says so."""
    make_library("diffusers", LIBRARY)
    tree = make_tree({"a.py": source})
    result = rewrite(parse(tree, "a.py"), tree=tree, path="a.py", package="P")
    if "same" in source:
        assert ast.unparse(result.module).endswith("import same")
    else:
        assert ast.unparse(result.module) == expected
    assert [(found.kind, found.line, found.file) for found in result.relocations] == [(kind, 1, "a.py")]
    assert result.unresolved == ()


def test_what_is_there_stays_and_what_moved_leaves(make_tree, make_library) -> None:
    """One import of three names becomes as many as their modules are."""
    make_library("diffusers", LIBRARY)
    tree = make_tree({"a.py": "x = 1\nfrom diffusers.utils import kept, logging, randn_tensor\ny = 2"})
    module = rewrite(parse(tree, "a.py"), tree=tree, path="a.py", package="P").module
    assert ast.unparse(module) == (
        "x = 1\nfrom diffusers.utils import kept, logging\nfrom diffusers.utils.torch_utils import randn_tensor\ny = 2"
    )
    assert [node.lineno for node in module.body] == [1, 2, 2, 3]


LOST = [
    ("from diffusers.utils import Gone", "diffusers.utils.Gone", "gone", False),
    ("try:\n    from diffusers.utils import Gone\nexcept ImportError:\n    pass", "diffusers.utils.Gone", "gone", True),
    ("from diffusers.pipelines.old import prepare", "diffusers.pipelines.old.prepare", "several", False),
    ("import diffusers.models.unet_2d_blocks", "diffusers.models.unet_2d_blocks", "several", False),
    ("from .nothing import x", ".nothing.x", "outside", False),
    ("from .. import zz", "..zz", "outside", False),
]


@pytest.mark.parametrize(("source", "name", "why", "guarded"), LOST)
def test_what_is_gone_is_reported_not_invented(make_tree, make_library, source, name, why, guarded) -> None:
    """The code stays as it was, and the report names what is missing."""
    make_library("diffusers", LIBRARY)
    tree = make_tree({"a.py": source})
    result = rewrite(parse(tree, "a.py"), tree=tree, path="a.py", package="P")
    assert ast.unparse(result.module) == source
    assert [(found.name, found.why, found.guarded) for found in result.unresolved] == [(name, why, guarded)]


INSIDE = """
from ...utils import kept
from ...utils.torch_utils import randn_tensor
from ..pipeline_utils import DiffusionPipeline
from .pipeline_output import SD3Output as Output
from ...models.unet_2d_blocks import DownBlock2D
"""


def test_d40_relative_imports_that_leave_the_tree_are_rebased(make_tree, make_library) -> None:
    """A file written to live inside diffusers finds its old neighbours there, moved ones too."""
    make_library("diffusers", LIBRARY)
    moved, lost = relocations(make_tree({"pipeline_sd3_more.py": INSIDE}))
    assert lost == ()
    assert [(found.old, found.new) for found in moved] == [
        ("...utils.kept", "diffusers.utils.kept"),
        ("...utils.torch_utils.randn_tensor", "diffusers.utils.torch_utils.randn_tensor"),
        ("..pipeline_utils.DiffusionPipeline", "diffusers.pipelines.pipeline_utils.DiffusionPipeline"),
        (".pipeline_output.SD3Output", "diffusers.pipelines.sd3.pipeline_output.SD3Output"),
        ("...models.unet_2d_blocks.DownBlock2D", "diffusers.models.unets.unet_2d_blocks.DownBlock2D"),
    ]
    assert {found.kind for found in moved} == {"in-tree"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from ..utils import kept", "from diffusers.utils import kept"),
        (
            "from ..pipeline_utils import DiffusionPipeline",
            "from diffusers.pipelines.pipeline_utils import DiffusionPipeline",
        ),
        (
            "from ....pipelines.sd3 import SD3Output\nfrom ....utils import kept",
            "from diffusers.pipelines.sd3 import SD3Output\nfrom diffusers.utils import kept",
        ),
        ("from ...src.diffusers.utils import kept", "from diffusers.utils import kept"),
        ("from .b import x\nfrom ..utils import kept", "from .b import x\nfrom diffusers.utils import kept"),
    ],
)
def test_d12_roots_of_other_depths(make_tree, make_library, source: str, expected: str) -> None:
    """Whichever level of diffusers a file was written for, its imports name the package, never the directory."""
    make_library(
        "diffusers", {**LIBRARY, "pipelines/deprecated/__init__.py": "", "pipelines/deprecated/old/__init__.py": ""}
    )
    assert rewritten(make_tree({"a.py": source, "b.py": "x = 1"})) == expected


OLD, NEW = "from diffusers.utils import randn_tensor", "from diffusers.utils.torch_utils import randn_tensor"


@pytest.mark.parametrize(
    "source", [f"try:\n    {OLD}\nexcept ImportError:\n    {NEW}", f"try:\n    {NEW}\nexcept ImportError:\n    {OLD}"]
)
def test_a_fallback_of_the_author_is_left_to_work(make_tree, make_library, source: str) -> None:
    """Code that already knows both places is not changed and not reported."""
    make_library("diffusers", LIBRARY)
    tree = make_tree({"a.py": source})
    result = rewrite(parse(tree, "a.py"), tree=tree, path="a.py", package="P")
    assert (result.relocations, result.unresolved) == ((), ())
    assert result.module is parse(tree, "a.py")


def test_nothing_to_do_costs_no_index(make_tree, make_library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code whose imports are all there is returned as it is, and the library is not searched."""
    source = make_library("diffusers", LIBRARY)
    monkeypatch.setattr(type(source), "defining", None)
    tree = make_tree(
        {"a.py": "from diffusers.utils import kept\nimport diffusers, torch\nfrom diffusers.pipelines import sd3"}
    )
    assert rewrite(parse(tree, "a.py"), tree=tree, path="a.py", package="P").module is parse(tree, "a.py")


def test_the_tree_that_is_given_stays_as_it_is(make_tree) -> None:
    """Syntax trees are shared, so a rewrite copies what it changes."""
    tree = make_tree(
        {"a.py": "def f():\n    try:\n        import b\n    except KeyError:\n        import b\n", "b.py": ""}
    )
    before = ast.dump(parse(tree, "a.py"), include_attributes=True)
    assert "P.b" in rewritten(tree, "P")
    assert ast.dump(parse(tree, "a.py"), include_attributes=True) == before


NAMES = st.sampled_from(["b", "p.m", "p", "os", "numpy", "c"])
LINES = st.lists(st.one_of(NAMES.map("import {}".format), NAMES.map("from {} import x".format)), min_size=1, max_size=6)


@given(LINES, st.sampled_from(["", "def f():\n", "if x:\n", "try:\n"]))
def test_what_comes_out_compiles(lines: list[str], opening: str) -> None:
    """Whatever is re-pointed and wherever it stands, the result compiles, with every line number kept."""
    indent = "    " if opening else ""
    text = (
        opening + "\n".join(indent + line for line in lines) + ("\nfinally:\n    pass" if opening == "try:\n" else "")
    )
    files = {"a.py": text.encode(), "b.py": b"", "p/m.py": b"", "p/__init__.py": b""}
    tree = CodeTree(files, "a.py", Origin("local", "x"))
    module = rewrite(parse(tree, "a.py"), tree=tree, path="a.py", package="P").module
    compile(module, "a.py", "exec")
    lines_of = {node.lineno for node in ast.walk(module) if isinstance(node, ast.Import | ast.ImportFrom)}
    start = 2 if opening else 1
    assert lines_of == set(range(start, start + len(lines)))


def test_the_installed_diffusers_has_what_the_table_says() -> None:
    """Every rename of a diffusers or transformers name leads to a name that this installation has."""
    from gremio.code.libraries.library import library
    from gremio.code.libraries.moved_names import RENAMES

    lost = []
    for new in RENAMES.values():
        module, _, name = new.rpartition(".")
        source = library(module.partition(".")[0])
        if source is None or not source.has(module, name):
            lost.append(new)
    assert lost == []
