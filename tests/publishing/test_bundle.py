"""Where code goes, how its imports read there, and what plain diffusers needs besides."""

from __future__ import annotations

import pytest

from gremio.code import CodeTree, Origin
from gremio.errors import CodeError
from gremio.publishing.code.bundle import Bundle, bundle
from gremio.publishing.code.placing import Piece

HERE = Origin("local", "/somewhere")


def tree(entry: str, **files: str) -> CodeTree:
    """Files by their path without ``.py`` and with ``__`` for ``/``; ``mine__init`` is ``mine/__init__.py``."""
    named = {f"{name.replace('__', '/')}.py": text.encode() for name, text in files.items()}
    named = {name.replace("/init.py", "/__init__.py"): data for name, data in named.items()}
    return CodeTree(named, entry, HERE)


def texts(found: Bundle) -> dict[str, str]:
    """Decoded."""
    return {path: data.decode() for path, data in found.files.items()}


def test_one_file_goes_as_it_is() -> None:
    """Nothing to change, nothing changed."""
    source = "import torch\n\n\nclass Painter: ...\n"
    found = bundle([Piece("", tree("painter.py", painter=source), "Painter")])
    assert texts(found) == {"painter.py": source}
    assert found.classes == {"": ("painter", "Painter")}
    assert (found.edits, found.limits) == ((), ())


def test_siblings_by_absolute_name_become_relative() -> None:
    """Plain diffusers knows relative imports alone; the comment and the rest stay, and the edit is told."""
    found = bundle([Piece("", tree("p.py", p="from helper import h  # ours\nimport numpy\n", helper="h = 1\n"), "P")])
    assert texts(found)["p.py"] == "from .helper import h  # ours\nimport numpy\n"
    assert [(e.path, e.line, e.before, e.after) for e in found.edits] == [
        ("p.py", 1, "from helper import h", "from .helper import h")
    ]


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("import helper\n", "from . import helper\n"),
        ("import helper as h\n", "from . import helper as h\n"),
        ("import os, helper\n", "import os\nfrom . import helper\n"),
        ("from helper import (\n    a,\n    b as c,\n)\n", "from .helper import a, b as c\n"),
        ("if 1: import helper\n", "if 1: from . import helper\n"),
        ("try:\n    import os, helper\nexcept ImportError:\n    pass\n", None),
    ],
)
def test_every_form_of_import(written: str, spelled: str | None) -> None:
    """One statement may become several, where it stands and as deep as it stands."""
    found = bundle([Piece("", tree("p.py", p=f"{written}class P: ...\n", helper="a = b = 1\n"), "P")])
    text = texts(found)["p.py"].partition("class P")[0]
    if spelled is None:
        spelled = "try:\n    import os\n    from . import helper\nexcept ImportError:\n    pass\n"
    assert text == spelled


def test_line_ends_and_encodings_are_kept() -> None:
    """Only the statement is another, in bytes."""
    windows = CodeTree({"p.py": b"from h import x\r\ny = 1\r\n", "h.py": b"x = 1\r\n"}, "p.py", HERE)
    assert bundle([Piece("", windows, "P")]).files["p.py"] == b"from .h import x\r\ny = 1\r\n"
    latin = "# -*- coding: latin-1 -*-\nname = 'Íñigo'; from h import x\n".encode("latin-1")
    found = bundle([Piece("", CodeTree({"p.py": latin, "h.py": b"x = 1\n"}, "p.py", HERE), "P")])
    assert found.files["p.py"].startswith(latin.replace(b"from h", b"from .h").rstrip())


def test_imports_of_a_checkout_of_diffusers_lead_to_the_installed_one() -> None:
    """Written to live inside the library, it runs outside of it."""
    source = "from ...image_processor import VaeImageProcessor\nfrom ..pipeline_utils import DiffusionPipeline\n"
    found = bundle([Piece("", tree("pipeline_x.py", pipeline_x=source), "P")])
    assert texts(found)["pipeline_x.py"] == (
        "from diffusers.image_processor import VaeImageProcessor\n"
        "from diffusers.pipelines.pipeline_utils import DiffusionPipeline\n"
    )
    assert found.limits == ()


def test_what_nobody_imports_stays() -> None:
    """The closure travels, through helpers of helpers."""
    found = bundle([Piece("", tree("p.py", p="from .a import x\n", a="from .b import x\n", b="x = 1\n", c="0\n"), "P")])
    assert sorted(found.files) == ["a.py", "b.py", "p.py"]


def test_the_package_around_a_class_stays_unless_something_is_taken_from_it() -> None:
    """Its ``__init__`` may import everything, and who takes one class out of it does not want that."""
    inside = {"mine__init": "from .model import M\nSIZE = 3\n", "mine__layers": "l = 1\n"}
    alone = tree("mine/model.py", mine__model="from mine.layers import l\nclass M: ...\n", **inside)
    assert texts(bundle([Piece("unet", alone, "M")])) == {
        "unet/layers.py": "l = 1\n",
        "unet/model.py": "from .layers import l\nclass M: ...\n",
    }
    asking = tree("mine/model.py", mine__model="from . import SIZE\nclass M: ...\n", **inside)
    found = bundle([Piece("unet", asking, "M")])
    assert sorted(found.files) == ["unet/__init__.py", "unet/model.py"]
    assert "package of helpers" in found.limits[0]


def test_a_class_that_climbs_brings_the_folders_above_it() -> None:
    """The layout is kept below the component's folder, as deep as the imports reach."""
    climbing = tree("models/unet.py", models__unet="from ..tools.math import f\nclass U: ...\n", tools__math="f = 1\n")
    found = bundle([Piece("unet", climbing, "U")])
    assert sorted(found.files) == ["unet/models/unet.py", "unet/tools/math.py"]
    assert found.classes == {"unet": ("models.unet", "U")}
    assert "imports from folders above it" in found.limits[0]


def test_names_that_clash_get_their_component_in_front() -> None:
    """In plain diffusers the second ``layers`` would be the first one's, and no error would say so."""
    unet = tree("model.py", model="from .layers import L\nclass U: ...\n", layers="L = 1\n")
    vae = tree("model.py", model="from .layers import L\nfrom . import layers\nclass V: ...\n", layers="L = 2\n")
    found = bundle([Piece("unet", unet, "U"), Piece("vae", vae, "V")])
    assert texts(found) == {
        "unet/layers.py": "L = 1\n",
        "unet/model.py": "from .layers import L\nclass U: ...\n",
        "vae/vae_layers.py": "L = 2\n",
        "vae/vae_model.py": "from .vae_layers import L\nfrom . import vae_layers as layers\nclass V: ...\n",
    }
    assert found.classes == {"unet": ("model", "U"), "vae": ("vae_model", "V")}


def test_the_same_helper_of_two_components_keeps_its_name() -> None:
    """The same bytes can be shared."""
    pieces = [
        Piece(role, tree(f"{role}.py", **{role: "from .layers import L\n", "layers": "L = 1\n"}), "C")
        for role in ("unet", "vae")
    ]
    assert sorted(bundle(pieces).files) == ["unet/layers.py", "unet/unet.py", "vae/layers.py", "vae/vae.py"]


@pytest.mark.parametrize(
    ("file", "module"),
    [("diffusers.py", "unet_diffusers"), ("stable_diffusion.py", "unet_stable_diffusion"), ("3d-net.py", "_3d-net")],
)
def test_an_index_can_name_every_file(file: str, module: str) -> None:
    """Not a library's name, and an identifier."""
    found = bundle([Piece("unet", CodeTree({file: b"class U: ...\n"}, file, HERE), "U")])
    assert found.classes == {"unet": (module, "U")}
    assert list(found.files) == [f"unet/{module}.py"]


def test_a_helper_in_a_folder_with_the_name_of_a_component_is_refused() -> None:
    """Neither may win."""
    pipeline = tree("p.py", p="from .unet.model import f\n", unet__model="f = 1\n")
    with pytest.raises(CodeError, match=r"two different files would be published as unet/model\.py"):
        bundle([Piece("", pipeline, "P"), Piece("unet", tree("model.py", model="class U: ...\n"), "U")])


def test_declared_data_goes_along_and_plain_diffusers_can_not_have_it() -> None:
    """Gremio keeps data beside the code."""
    source = b"import pathlib\nwords = (pathlib.Path(__file__).parent / 'words.txt').read_text()\n"
    found = bundle([Piece("", CodeTree({"p.py": source, "words.txt": b"castle", "x.txt": b""}, "p.py", HERE), "P")])
    assert sorted(found.files) == ["p.py", "words.txt"]
    assert "data files" in found.limits[0]


class TestBridge:
    """Plain diffusers copies those helpers only that a class's own file names."""

    PIPELINE = tree("p.py", p="from .a import x\nclass P: ...\n", a="from .b import x\n", b="x = 1\n")
    UNET = tree("u.py", u="from .layers import L\nclass U: ...\n", layers="L = 1\n")

    def test_the_pipeline_names_what_its_helpers_and_the_components_need(self) -> None:
        """In a block that never runs."""
        found = bundle([Piece("", self.PIPELINE, "P"), Piece("unet", self.UNET, "U")])
        head, _, block = texts(found)["p.py"].partition("if False:\n")
        assert head.startswith("from .a import x\nclass P: ...\n")
        assert [line.split()[1] for line in block.splitlines()] == [".b", ".unet.layers"]
        assert found.limits == ()

    def test_it_is_put_there_once(self) -> None:
        """Saving what was saved changes nothing."""
        first = bundle([Piece("", self.PIPELINE, "P"), Piece("unet", self.UNET, "U")])
        saved = first.tree(HERE)
        assert saved is not None
        again = [Piece("", saved.with_entry("p.py"), "P"), Piece("unet", saved.with_entry("unet/u.py"), "U")]
        assert bundle(again).files == first.files

    def test_without_a_pipeline_of_its_own_a_component_with_weights_has_one_file(self) -> None:
        """There is nowhere to name its helpers in; without weights diffusers downloads the whole folder."""
        assert "layers.py" in bundle([Piece("unet", self.UNET, "U")]).limits[0]
        assert bundle([Piece("scheduler", self.UNET, "U", has_weights=False)]).limits == ()

    def test_helpers_of_helpers_of_components_are_named_in_the_one_place_that_is_looked_at(self) -> None:
        """diffusers would look for ``norm`` at the top of the repository, if it saw that ``layers`` imports it."""
        deep = tree("u.py", u="from .layers import L\n", layers="from .norm import L\n", norm="L = 1\n")
        found = bundle([Piece("", self.PIPELINE, "P"), Piece("unet", deep, "U")])
        assert found.limits == ()
        assert texts(found)["unet/layers.py"] == "from.norm import L\n"
        assert "from .unet.norm import" in texts(found)["p.py"]
        assert "from .norm import" in texts(found)["unet/u.py"].partition("if False")[2]

    def test_packages_and_climbing_are_out_of_reach(self) -> None:
        """They go along, for Gremio."""
        package = tree("p.py", p="from .tools.math import f\n", tools__init="", tools__math="f = 1\n")
        found = bundle([Piece("", package, "P")])
        assert sorted(found.files) == ["p.py", "tools/__init__.py", "tools/math.py"]
        assert "package of helpers" in found.limits[0]
