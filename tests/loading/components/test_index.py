"""``model_index.json``: what is read, and what is refused before anything it names is loaded."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.errors import BadModelIndex
from gremio.loading.components import ModelIndex

REF = "maria/castle"


def _parse(document):
    return ModelIndex.parse(json.dumps(document).encode(), ref=REF)


@pytest.mark.parametrize(
    ("written", "module", "name"),
    [
        ("StableDiffusionPipeline", None, "StableDiffusionPipeline"),
        (["pipeline", "Mine"], "pipeline", "Mine"),
        (["my_pipelines.walk", "Walk"], "my_pipelines.walk", "Walk"),
        (["diffusers_modules.local.pipeline", "Mine"], "pipeline", "Mine"),
        (["diffusers_modules.git.lpw_stable_diffusion", "Lpw"], "lpw_stable_diffusion", "Lpw"),
        ([f"gremio_code.{'a' * 64}.walk", "Walk"], "walk", "Walk"),
    ],
)
def test_the_class_is_a_name_or_a_module_of_the_repository_and_a_name(written, module, name):
    """What a process called the module, when it saved, is taken off."""
    index = _parse({"_class_name": written})
    assert (index.module, index.class_name) == (module, name)


def test_components_are_pairs_and_nothing_else_is():
    """Settings, underscored names and other lists are no components; null pairs are, and say so."""
    index = _parse(
        {
            "_class_name": "P",
            "_diffusers_version": "0.36.0",
            "unet": ["diffusers", "UNet2DConditionModel"],
            "unet_2": ["unet_2_code", "MyUNet"],
            "safety_checker": [None, None],
            "requires_safety_checker": True,
            "sizes": [64, 64],
            "names": ["a", "b", "c"],
            "empty": [],
            "_ignore_files": ["a", "b"],
        }
    )
    assert {name: entry.is_null for name, entry in index.components.items()} == {
        "unet": False,
        "unet_2": False,
        "safety_checker": True,
    }
    assert str(index.components["unet"]) == '"unet": ["diffusers", "UNet2DConditionModel"]'


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff\xfe", b"<html>", b"[]", b"null", b'"text"', b"{}", b'{"_class_name": 3}']
)
def test_what_is_no_index_is_refused(data):
    """No JSON, no object, no class: the error names the model and how to get a good copy."""
    with pytest.raises(BadModelIndex, match=r"model_index\.json") as caught:
        ModelIndex.parse(data, ref=REF)
    assert caught.value.ref == REF
    assert "force_download=True" in caught.value.next_step


@pytest.mark.parametrize(
    "document",
    [
        {"_class_name": ["../evil", "P"]},
        {"_class_name": ["/etc/evil", "P"]},
        {"_class_name": ["a/b", "P"]},
        {"_class_name": ["a..b", "P"]},
        {"_class_name": "P()"},
        {"_class_name": "os.system"},
        {"_class_name": "P", "unet": ["../../code", "U"]},
        {"_class_name": "P", "unet": ["diffusers", "models.U"]},
        {"_class_name": "P", "unet": ["diffusers", ""]},
        {"_class_name": "P", "../unet": ["diffusers", "U"]},
        {"_class_name": "P", "a/b": ["diffusers", "U"]},
    ],
)
def test_a_name_is_never_a_path(document):
    """Separators, dots that climb and calls are refused, with the entry that has them."""
    with pytest.raises(BadModelIndex, match="not a plain name") as caught:
        _parse(document)
    assert caught.value.ref == REF


@given(st.binary(max_size=80))
def test_any_bytes_parse_or_are_refused(data):
    """Nothing but ``BadModelIndex`` comes out of bytes."""
    with contextlib.suppress(BadModelIndex):
        ModelIndex.parse(data, ref=REF)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["_class_name", "unet", "a/b", ".", "x"]) | st.text(max_size=6), _json, max_size=5)
)
def test_what_is_read_has_plain_names_only(document):
    """Whatever an index holds, no name that is taken from it could be read as a path."""
    try:
        index = _parse(document)
    except BadModelIndex:
        return
    names = [index.class_name, index.module or "m"]
    names += [n for e in index.components.values() if not e.is_null for n in (e.name, e.library, e.class_name)]
    assert all(not set(name) & set("/\\:\0") and ".." not in name and name[:1] not in (".", "") for name in names)
