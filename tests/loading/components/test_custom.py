"""Which components bring their own code, by either convention, and what may not be named."""

import json

import pytest

from gremio.errors import BadModelIndex
from gremio.loading.components import ModelIndex, check_standard, custom_components


class Home:
    """A model of JSON documents and empty files."""

    name = "maria/castle"

    def __init__(self, files):
        self._files = {p: json.dumps(c).encode() if isinstance(c, dict) else c for p, c in files.items()}

    def paths(self):
        """All of them."""
        return sorted(self._files)

    def read(self, paths):
        """Some contents."""
        return {path: self._files[path] for path in paths}


def _custom(entry, files, name="unet"):
    index = ModelIndex.parse(json.dumps({"_class_name": "P", name: entry}).encode(), ref=Home.name)
    found = custom_components(index, Home(files), [name]).get(name)
    if found is None:
        check_standard(index, [name], ref=Home.name)
    return found and (found.path, found.class_name)


AUTO = {"auto_map": {"AutoModel": "code.Mine"}}
FOUND = {
    "beside its weights": (["code", "Mine"], {"unet/code.py": b""}, ("unet/code.py", "Mine")),
    "at the root": (["code", "Mine"], {"code.py": b""}, ("code.py", "Mine")),
    "its own folder first": (["code", "Mine"], {"code.py": b"", "unet/code.py": b""}, ("unet/code.py", "Mine")),
    "in a package": (["my.code", "Mine"], {"my/code.py": b""}, ("my/code.py", "Mine")),
    "saved by a process": (["diffusers_modules.local.code", "Mine"], {"unet/code.py": b""}, ("unet/code.py", "Mine")),
    "auto_map as diffusers writes it": (
        ["diffusers", "AutoModel"],
        {"unet/config.json": AUTO, "unet/code.py": b""},
        ("unet/code.py", "Mine"),
    ),
    "auto_map as transformers writes it": (
        ["transformers", "MineForText"],
        {
            "unet/config.json": {"auto_map": {"AutoConfig": "code.MineConfig", "AutoModelForText": "code.MineForText"}},
            "unet/code.py": b"",
        },
        ("unet/code.py", "MineForText"),
    ),
    "auto_map of a tokenizer, slow and fast": (
        ["transformers", "AutoTokenizer"],
        {"unet/tokenizer_config.json": {"auto_map": {"AutoTokenizer": ["code.Slow", None]}}, "unet/code.py": b""},
        ("unet/code.py", "Slow"),
    ),
    "auto_map to the root": (
        ["diffusers", "AutoModel"],
        {"unet/config.json": AUTO, "code.py": b""},
        ("code.py", "Mine"),
    ),
    "a standard class with an auto_map stays standard": (
        ["diffusers", "UNet2DConditionModel"],
        {"unet/config.json": AUTO, "unet/code.py": b""},
        None,
    ),
    "a standard class beside a file named like its library": (
        ["diffusers", "UNet2DConditionModel"],
        {"unet/diffusers.py": b"", "diffusers.py": b""},
        None,
    ),
    "a class of a pipeline's package": (["stable_diffusion", "StableDiffusionSafetyChecker"], {}, None),
    "the same beside a file of that name": (
        ["stable_diffusion", "StableDiffusionSafetyChecker"],
        {"unet/stable_diffusion.py": b"", "stable_diffusion.py": b""},
        None,
    ),
    "none": ([None, None], {"unet/code.py": b""}, None),
}


@pytest.mark.parametrize(("entry", "files", "found"), FOUND.values(), ids=FOUND.keys())
def test_where_a_components_code_lies(entry, files, found):
    """Each row: the entry of the index, the repository's files, the file and class that are meant."""
    assert _custom(entry, files) == found


REFUSED = {
    "a module of Python": (["os", "system"], {}, "neither a library"),
    "an installed package": (["torch", "Tensor"], {}, "neither a library"),
    "a file that isn't there": (["code", "Mine"], {"vae/code.py": b""}, r"nor a file unet/code\.py"),
    "a function of a library": (["transformers", "pipeline"], {}, "not a component"),
    "a class that can't be loaded": (["transformers", "TrainingArguments"], {}, "not a component"),
    "a submodule of a library": (["diffusers.utils", "logging"], {}, "neither a library"),
    "a private module": (["_private", "Mine"], {}, "neither a library"),
    "code of another repository": (
        ["diffusers", "AutoModel"],
        {"unet/config.json": {"auto_map": {"AutoModel": "other/repo--code.Mine"}}},
        "another repository",
    ),
    "a mapped file that isn't there": (["diffusers", "AutoModel"], {"unet/config.json": AUTO}, "there is no code.py"),
    "a mapping that climbs": (
        ["diffusers", "AutoModel"],
        {"unet/config.json": {"auto_map": {"AutoModel": "..code.Mine"}}, "code.py": b""},
        "there is no",
    ),
    "a config that is no JSON": (["diffusers", "AutoModel"], {"unet/config.json": b"{"}, "no JSON"),
}


@pytest.mark.parametrize(("entry", "files", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_an_entry_may_not_name(entry, files, words):
    """Each row is refused by name before anything is imported."""
    with pytest.raises(BadModelIndex, match=words) as caught:
        _custom(entry, files)
    assert caught.value.ref == Home.name
