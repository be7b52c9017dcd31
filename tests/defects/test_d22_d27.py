"""D22 to D27: how the files of one tree find each other, and which class is meant."""

from __future__ import annotations

import json
import shutil
import textwrap

import pytest
from tests.defects.painters import Code, component, painter
from tests.files import lay

from gremio import DiffusionPipeline, load_class
from gremio.errors import CodeFailed, NoClass, SeveralClasses


@pytest.mark.parametrize("repo_id", ["maria/castle.v1", "maria/castle-v1.0", "maria/class", "maria/1.0"])
def test_d22_a_repository_with_a_dot_and_a_relative_import(repo_id, put):
    """A repository's name plays no part in the names of its modules."""
    put(repo_id, {"pipeline.py": painter(Code("NAME"), head="from .helper import NAME"), "helper.py": "NAME = 'red'"})
    assert load_class(repo_id, trust_remote_code=True).mark() == "red"


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_d23_a_component_with_a_helper_beside_it_on_the_hub(put, show_one_folder, hub):
    """The UNet of a text-to-video repository imports its blocks by their plain name; both come along."""
    commit = put("showlab/show-1", show_one_folder)
    pipe = DiffusionPipeline.from_pretrained("showlab/show-1", trust_remote_code=True)
    assert type(pipe).__name__ == "TextToVideoIFPipeline"
    assert type(pipe.unet).__name__ == "ShowOneUNet3DConditionModel"
    assert type(pipe.unet.down).__module__.endswith(".unet.showone_blocks")
    assert pipe.gremio.components["unet"].commit == commit
    frames = pipe("a cat", num_inference_steps=2, height=16, width=16).frames
    assert len(frames) == 1


def model_with(folder, sd_folder, parts):
    """The tiny Stable Diffusion with custom components: name to (file, code)."""
    shutil.copytree(sd_folder, folder)
    index = json.loads((folder / "model_index.json").read_text())
    for name, (file, text) in parts.items():
        shutil.rmtree(folder / name)
        code = lay(folder.parent / "making" / name, {file: text}) / file
        load_class(code)().save_pretrained(folder / name)
        lay(folder / name, {file: text})
        index[name] = [file.removesuffix(".py"), "Brush"]
    index["_class_name"] = ["painter", "Painter"]
    lay(folder, {"painter.py": painter(parts="unet, vae")})
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


def test_d24_one_filename_in_two_component_folders(tmp_path, sd_folder):
    """``unet/model.py`` and ``vae/model.py`` with a class of one name each are two classes."""
    parts = {name: ("model.py", component(f"of the {name}")) for name in ("unet", "vae")}
    model = model_with(tmp_path / "model", sd_folder, parts)
    pipe = DiffusionPipeline.from_pretrained(model, trust_remote_code=True)
    assert (pipe.unet.mark(), pipe.vae.mark()) == ("of the unet", "of the vae")
    assert type(pipe.unet) is not type(pipe.vae)


@pytest.mark.parametrize("where", ["index", "auto_map", "both"])
def test_d25_both_conventions_are_read(where, tmp_path, sd_folder, put):
    """``["module", "Class"]`` in the index and ``auto_map`` in the component's config mean the same."""
    model = model_with(tmp_path / "model", sd_folder, {"unet": ("brush.py", component("brush"))})
    index = json.loads((model / "model_index.json").read_text())
    config = json.loads((model / "unet" / "config.json").read_text())
    if where != "index":
        config["auto_map"] = {"AutoModel": "brush.Brush"}
    if where == "auto_map":
        index["unet"] = ["diffusers", "AutoModel"]
    (model / "unet" / "config.json").write_text(json.dumps(config))
    (model / "model_index.json").write_text(json.dumps(index))
    put("maria/model", model)
    for place in (model, "maria/model"):
        assert DiffusionPipeline.from_pretrained(place, trust_remote_code=True).unet.mark() == "brush"


TREES = {
    "transitive": (
        "from .a import NAME",
        {"a.py": "from .b import NAME", "b.py": "from .c import NAME", "c.py": "NAME = 1"},
    ),
    "transitive by plain names": ("from a import NAME", {"a.py": "from b import NAME", "b.py": "NAME = 1"}),
    "nested": ("from .a.b.c import NAME", {"a/__init__.py": "", "a/b/__init__.py": "", "a/b/c.py": "NAME = 1"}),
    "nested without __init__": ("from .a.b.c import NAME", {"a/b/c.py": "NAME = 1"}),
    "import a.b as": ("import a.b as m\nNAME = m.NAME", {"a/b.py": "NAME = 1"}),
    "import a.b": ("import a.b\nNAME = a.b.NAME", {"a/b.py": "NAME = 1"}),
    "two dots": ("from .a.b import NAME", {"a/b.py": "from ..c import NAME", "c.py": "NAME = 1"}),
    "from . import x": ("from . import a\nNAME = a.NAME", {"a.py": "NAME = 1"}),
    "from .. import x": ("from .a.b import NAME", {"a/b.py": "from .. import c\nNAME = c.NAME", "c.py": "NAME = 1"}),
    "from . import package": (
        "from . import a\nNAME = a.b.NAME",
        {"a/__init__.py": "from . import b", "a/b.py": "NAME = 1"},
    ),
    "__init__ re-exports": ("from .a import NAME", {"a/__init__.py": "from .b import NAME", "a/b.py": "NAME = 1"}),
    "__init__ imports submodules": (
        "import a\nNAME = a.b.NAME + a.c.ZERO",
        {"a/__init__.py": "from . import b\nimport a.c", "a/b.py": "NAME = 1", "a/c.py": "ZERO = 0"},
    ),
    "star": ("from .a import *", {"a/__init__.py": "__all__ = ['b']", "a/b.py": "NAME = 1"}),
    "try, not there": ("try:\n    from .gone import NAME\nexcept ImportError:\n    NAME = 1", {"a.py": ""}),
    "try, there": ("try:\n    from .a import NAME\nexcept ImportError:\n    from a import NAME", {"a.py": "NAME = 1"}),
    "relative or plain": (
        "try:\n    from gone_package import NAME\nexcept ImportError:\n    from .a import NAME",
        {"a.py": "NAME = 1"},
    ),
    "docstring": ('"""Use it so:\n\n    from .missing import NAME\n    import missing\n"""\nNAME = 1', {}),
    "inside a function": ("def get():\n    from .a import NAME\n    return NAME\nNAME = get()", {"a.py": "NAME = 1"}),
    "cycle": (
        "from .a import NAME",
        {"a.py": "NAME = 1\nfrom . import b", "b.py": "from . import a\nfrom .a import NAME"},
    ),
    "module named like the standard library": (
        "from .types import NAME\nimport types\ntypes.SimpleNamespace",
        {"types.py": "NAME = 1"},
    ),
    "module named like a library": ("from .torch import NAME\nimport torch\ntorch.nn", {"torch.py": "NAME = 1"}),
    "type checking": ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .gone import X\nNAME = 1", {}),
    "importlib": ("import importlib\nNAME = importlib.import_module('.a', __package__).NAME", {"a.py": "NAME = 1"}),
}
TREES["star"] = ("from .a import *\nNAME = b.NAME", TREES["star"][1])


@pytest.mark.parametrize("dressed", ["local", "hub"])
@pytest.mark.parametrize("tree", TREES)
def test_d26_imports_within_a_tree(tree, dressed, tmp_path, put):
    """Every way in which files of one tree name each other works, in a folder and on the Hub."""
    head, files = TREES[tree]
    files = {"pipeline.py": painter(Code("NAME"), head=head), **files}
    if dressed == "local":
        assert load_class(lay(tmp_path / "code", files)).mark() == 1
    else:
        put("maria/castle", files)
        assert load_class("maria/castle", trust_remote_code=True).mark() == 1


@pytest.mark.parametrize("tree", sorted(TREES.keys() - {"importlib"}))
def test_d26_imports_from_a_file(tree, tmp_path):
    """A ``.py`` file brings what it reaches by its imports, whatever it is called."""
    head, files = TREES[tree]
    folder = lay(tmp_path / "code", {"my_entry.py": painter(Code("NAME"), head=head), **files, "unused.py": "1 +"})
    assert load_class(folder / "my_entry.py").mark() == 1


DATA = {
    "__file__": """\
import json
from pathlib import Path
NAME = json.loads((Path(__file__).parent / "data/x.json").read_text())
""",
    "os.path": """\
import json, os
with open(os.path.join(os.path.dirname(__file__), "data", "x.json")) as file:
    NAME = json.load(file)
""",
    "resources": """\
import json
from importlib import resources
NAME = json.loads((resources.files(__package__) / "data/x.json").read_text())
""",
    "files": """\
import json
from importlib.resources import files
NAME = json.loads(files(__package__).joinpath("data", "x.json").read_text())
""",
    "pkgutil": "import json, pkgutil\nNAME = json.loads(pkgutil.get_data(__name__, 'data/x.json'))",
}


@pytest.mark.parametrize("way", DATA)
@pytest.mark.parametrize("form", ["folder", "file", "hub"])
def test_d26_data_files_come_along(way, form, tmp_path, put):
    """A data file that the code reads as its own is part of the tree, wherever the code came from."""
    files = {"pipeline.py": painter(Code("NAME"), head=DATA[way]), "data/x.json": "1", "data/unused.bin": "0"}
    if form == "hub":
        put("maria/castle", files)
        cls = load_class("maria/castle", trust_remote_code=True)
    else:
        folder = lay(tmp_path / "code", files)
        cls = load_class(folder if form == "folder" else folder / "pipeline.py")
        shutil.rmtree(folder)
    assert cls.mark() == 1


def test_d26_a_missing_module_says_where_it_is_missed(tmp_path):
    """An import that nothing answers is reported with its file and line when the code runs."""
    folder = lay(tmp_path / "code", {"pipeline.py": painter(head="from . import a"), "a.py": "\nfrom .gone import x"})
    with pytest.raises(CodeFailed, match=r"a\.py, line 2"):
        load_class(folder)


def test_d27_the_class_of_the_entry_file_is_meant(tmp_path, sd_folder):
    """A pipeline that derives from a base in a helper file is the one, not its base."""
    base = painter("base", name="Base")
    entry = "from .base import Base\n\n\nclass Painter(Base):\n    pass\n"
    pipe = DiffusionPipeline.from_pretrained(
        sd_folder, custom_pipeline=lay(tmp_path / "code", {"pipeline.py": entry, "base.py": base})
    )
    assert type(pipe).__name__ == "Painter"
    assert pipe.mark() == "base"


def test_d27_a_base_in_the_same_file_is_not_meant(tmp_path):
    """Of two classes of which one derives from the other, the derived one is meant."""
    text = painter("red", name="Base") + "\n\nclass Painter(Base):\n    pass\n"
    assert load_class(lay(tmp_path / "code", {"pipeline.py": text})).__name__ == "Painter"


def test_d27_several_classes_are_listed(tmp_path):
    """Where the file defines two unrelated pipelines, the error lists them and ``class_name`` chooses."""
    text = painter("one", name="One") + "\n" + painter("two", name="Two")
    folder = lay(tmp_path / "code", {"pipeline.py": text})
    with pytest.raises(SeveralClasses, match="class_name") as caught:
        load_class(folder)
    assert set(caught.value.names) == {"One", "Two"}
    assert load_class(folder, class_name="Two").mark() == "two"


def test_d27_no_class_says_so(tmp_path):
    """A file without a pipeline is refused before it is run."""
    folder = lay(tmp_path / "code", {"pipeline.py": textwrap.dedent("raise RuntimeError('it ran')")})
    with pytest.raises(NoClass):
        load_class(folder)
