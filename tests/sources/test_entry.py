"""Where a folder or a repository without a pipeline is entered."""

import json
from functools import partial

import pytest
from tests.files import lay

from gremio.errors import EntryNotFound

CODE = "class Mine:\n    pass\n"


@pytest.fixture
def folder(tmp_path):
    """``folder({"config.json": {...}, "a.py": "..."})``: with these files."""

    return partial(lay, tmp_path / "folder")


def mapped(*targets, **more):
    """A config that maps these."""
    return {"auto_map": {f"Auto{number}": target for number, target in enumerate(targets)}, **more}


@pytest.mark.parametrize("config", ["config.json", "scheduler_config.json", "modular_config.json"])
def test_the_module_that_a_config_names(get, folder, config):
    """A component's, a scheduler's or blocks' own."""
    tree = get(folder({config: mapped("mine.Mine"), "mine.py": CODE, "other.py": ""}))
    assert (tree.entry, set(tree.files)) == ("mine.py", {"mine.py", "other.py"})


def test_a_module_in_a_package(get, folder):
    """A dotted name."""
    files = {"config.json": mapped("inner.mine.Mine"), "inner/mine.py": CODE, "inner/__init__.py": ""}
    assert get(folder(files)).entry == "inner/mine.py"


def test_of_several_the_class_of_the_config(get, folder):
    """Not the config's own class that goes with a model."""
    config = mapped("settings.MineConfig", "mine.Mine", _class_name="Mine")
    assert get(folder({"config.json": config, "mine.py": CODE, "settings.py": ""})).entry == "mine.py"


def test_a_tokenizers_pair_is_read(get, folder):
    """Slow and fast, either of which may be missing."""
    tree = get(folder({"tokenizer_config.json": mapped([None, "mine.Mine"]), "mine.py": CODE}))
    assert (tree.entry, tree.meant) == ("mine.py", "Mine")


def test_the_class_that_is_named_is_meant(get, folder):
    """Where the file has several."""
    config = mapped("mine.Second", _class_name="Second")
    code = CODE + CODE.replace("Mine", "Second")
    assert get(folder({"config.json": config, "mine.py": code})).meant == "Second"


def test_a_pipeline_comes_first(get, folder):
    """And an index, with which a folder is a model's."""
    files = {"config.json": mapped("mine.Mine"), "mine.py": CODE, "pipeline.py": ""}
    assert get(folder(files)).entry == "pipeline.py"
    indexed = folder({"model_index.json": {"_class_name": ["pipe", "Pipe"]}, "pipe.py": ""})
    (indexed / "pipeline.py").unlink()
    assert get(indexed).entry == "pipe.py"


@pytest.mark.parametrize(
    "config",
    [
        mapped("../mine.Mine"),
        mapped("..mine.Mine"),
        mapped("owner/repo--mine.Mine"),
        mapped("/mine.Mine"),
        mapped("Mine"),
        mapped("gone.Mine"),
        mapped([1, None]),
        {"auto_map": "mine.Mine"},
        {"auto_map": None},
        ["mine.Mine"],
        "{",
        "[" * 100_000,
    ],
)
def test_what_names_no_module_here(get, folder, config):
    """A path, another repository, nothing, no JSON: as before, and the error lists the files."""
    with pytest.raises(EntryNotFound, match=r"there is no pipeline\.py") as caught:
        get(folder({"config.json": config, "mine.py": CODE}))
    assert "mine.py" in caught.value.next_step


def test_on_the_hub(put):
    """The class of a component's repository, by its name alone."""
    import gremio

    code = "from diffusers import ConfigMixin, SchedulerMixin\n\n\nclass Mine(SchedulerMixin, ConfigMixin):\n    pass\n"
    put("maria/mine", {"scheduler_config.json": json.dumps(mapped("mine.Mine")), "mine.py": code})
    assert gremio.load_class("maria/mine", trust_remote_code=True).__name__ == "Mine"
