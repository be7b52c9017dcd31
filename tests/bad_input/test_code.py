"""Code that isn't there, can't be read, or isn't a pipeline: each error names the ref, what happened, what to do."""

from importlib.metadata import version

import pytest
from tests.samples.code import PLAIN

from gremio import DiffusionPipeline, load_class
from gremio.errors import (
    CodeFailed,
    ComponentMissing,
    EntryNotFound,
    GremioError,
    MissingPackages,
    NoClass,
    RefError,
    RefNotFound,
    RevisionNotFound,
    SeveralClasses,
    UnreadableCode,
)

MIRROR = "diffusers/community-pipelines-mirror"


@pytest.fixture
def mirror(put):
    """A community folder of three pipelines, at two versions and main."""
    folders = ("main", "v0.30.0", f"v{version('diffusers')}")
    names = ("lpw_stable_diffusion", "lpw_stable_diffusion_xl", "tiled_upscaling")
    files = {f"{folder}/{name}.py": PLAIN for folder in folders for name in names}
    put(MIRROR, files | {"main/only_on_main.py": PLAIN}, repo_type="dataset")


def test_an_unknown_name_suggests_the_nearest(mirror):
    """A slip in a community pipeline's name gives the names of the mirror's own listing."""
    with pytest.raises(RefNotFound, match=r"has no lpw_stable_difusion\.py") as caught:
        load_class("lpw_stable_difusion")
    assert caught.value.ref == "lpw_stable_difusion"
    assert caught.value.nearest[0] == "lpw_stable_diffusion"
    assert "Did you mean lpw_stable_diffusion" in caught.value.next_step


def test_a_name_that_another_revision_has_says_which(mirror):
    """What the installed version's folder lacks and main has."""
    with pytest.raises(RefNotFound) as caught:
        load_class("only_on_main")
    assert "custom_revision='main'" in caught.value.next_step


@pytest.mark.parametrize(("revision", "hint"), [("v9.9.9", "v0.30.0"), ("1234567", "in full, 40 digits")])
def test_a_version_that_does_not_exist_lists_some_that_do(mirror, revision, hint):
    """The mirror's versions are named; of a short commit it is said how to write one."""
    with pytest.raises(RevisionNotFound, match=revision) as caught:
        load_class("lpw_stable_diffusion", custom_revision=revision)
    assert caught.value.ref == "lpw_stable_diffusion"
    assert hint in caught.value.next_step
    assert "v0.30.0" in caught.value.nearest


def test_a_branch_that_does_not_exist_lists_those_that_do(put):
    """The branches and tags of the repository are named."""
    put("ana/code", {"pipeline.py": PLAIN})
    with pytest.raises(RevisionNotFound, match="'dev'") as caught:
        load_class("ana/code", custom_revision="dev", trust_remote_code=True)
    assert caught.value.ref == "ana/code"
    assert "main" in caught.value.next_step


def test_a_folder_without_pipeline_py_says_what_it_has(write):
    """The Python files that are there are named, and how to name one of them."""
    folder = write(PLAIN, "my_pipeline.py").parent
    with pytest.raises(EntryNotFound, match=r"there is no pipeline\.py") as caught:
        load_class(folder)
    assert caught.value.ref == str(folder)
    assert "my_pipeline.py" in caught.value.next_step


def test_a_file_that_does_not_parse_gives_file_and_line(write):
    """As an editor would show it."""
    code = write("import torch\n\nclass Broken(:\n")
    with pytest.raises(UnreadableCode) as caught:
        load_class(code)
    assert caught.value.path.endswith("pipeline.py")
    assert caught.value.line == 3
    assert caught.value.ref == str(code)
    assert "line 3" in str(caught.value)


def test_a_file_without_a_pipeline_class(write):
    """It is said that there is none."""
    code = write("import torch\nx = 1\n")
    with pytest.raises(NoClass) as caught:
        load_class(code)
    assert caught.value.ref == str(code)
    assert caught.value.next_step


def test_several_classes_are_listed_and_one_can_be_chosen(write):
    """The names, and the argument that says which."""
    code = write(PLAIN + PLAIN.replace("Plain", "Other"))
    with pytest.raises(SeveralClasses) as caught:
        load_class(code)
    assert set(caught.value.names) == {"Plain", "Other"}
    assert "class_name=" in caught.value.next_step
    assert caught.value.ref == str(code)
    assert load_class(code, class_name="Other").__name__ == "Other"


def test_a_class_name_that_is_not_there(write):
    """The classes that are there are named."""
    code = write(PLAIN)
    with pytest.raises(NoClass, match="Plan") as caught:
        load_class(code, class_name="Plan")
    assert "Plain" in str(caught.value)


def test_a_constructor_that_needs_what_the_model_lacks(write, sd_folder):
    """The component is named, before any weights are read."""
    code = write(
        "from diffusers import DiffusionPipeline\n"
        "class Needs(DiffusionPipeline):\n"
        "    def __init__(self, unet, controlnet, prior):\n"
        "        super().__init__()\n"
    )
    with pytest.raises(ComponentMissing, match="Needs needs controlnet, prior") as caught:
        DiffusionPipeline.from_pretrained(sd_folder, custom_pipeline=code)
    assert caught.value.names == ("controlnet", "prior")
    assert caught.value.ref == str(sd_folder)
    assert "pass controlnet=" in caught.value.next_step


def test_missing_packages_come_with_the_command(write):
    """Which, imported where, and how to install them."""
    code = write("import no_such_package\n" + PLAIN)
    with pytest.raises(MissingPackages, match=r"no_such_package \(pipeline\.py, line 1\)") as caught:
        load_class(code)
    assert caught.value.next_step == "pip install no-such-package"
    assert caught.value.ref == str(code)


def test_code_that_raises_says_where(write):
    """The error of the code is chained, with file and line."""
    code = write(PLAIN + "\nraise ValueError('not today')\n")
    with pytest.raises(CodeFailed, match=r"ValueError.*pipeline\.py, line 7.*not today") as caught:
        load_class(code)
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.ref == str(code)
    with pytest.raises(CodeFailed):
        load_class(code)


@pytest.mark.parametrize("ref", ["", "  ", "https://github.com/x/y.py", "a\0b", None, 3, "what is this"])
def test_what_can_not_be_a_ref(ref):
    """The error shows the forms that a ref has."""
    with pytest.raises(RefError) as caught:
        load_class(ref)
    assert "owner/repo" in caught.value.next_step
    assert caught.value.ref


def test_nothing_half_written_is_left(write, leftovers, mirror):
    """After failures of several kinds neither our store nor the cache has temporary files."""
    for ref in ("lpw_stable_difusion", write("class Broken(:\n"), write("raise OSError\n" + PLAIN, "fails.py")):
        with pytest.raises(GremioError):
            load_class(ref)
    assert leftovers() == []
