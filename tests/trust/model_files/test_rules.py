"""Every rule about a model's files, on the samples that it brings."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gremio.sources.model import FolderModel
from gremio.trust.model_files import RULES, findings_in, findings_of, findings_of_model, kind_of, read_document

BAD = [(rule, sample) for rule in RULES for sample in rule.bad]
GOOD = [(rule, sample) for rule in RULES for sample in rule.good]


def _found(rule, sample):
    kind = kind_of(sample.file)
    return list(rule.findings(read_document(sample.text.encode(), sample.file, kind, frozenset([sample.file]))))


@pytest.mark.parametrize(("rule", "sample"), BAD, ids=lambda value: getattr(value, "code", None))
def test_a_bad_sample_is_found(rule, sample):
    """With the file, what is wrong there, why it matters, and what would be fine."""
    found = _found(rule, sample)
    assert found
    assert {(f.code, f.severity, f.file) for f in found} == {(rule.code, rule.severity, sample.file)}
    assert all(f.what and f.why and f.benign for f in found)


@pytest.mark.parametrize(("rule", "sample"), GOOD, ids=lambda value: getattr(value, "code", None))
def test_a_good_sample_is_left_alone(rule, sample):
    """What looks like it and is not."""
    assert _found(rule, sample) == []


def test_every_rule_has_its_own_code_and_both_kinds_of_samples():
    """So that none goes untested."""
    assert len({rule.code for rule in RULES}) == len(RULES)
    assert all(rule.bad and rule.good for rule in RULES)


def test_a_finding_has_the_line():
    """Of the text in question, counted from one."""
    text = '{\n  "a": 1,\n  "auto_map": {\n    "AutoModel": "other/repo--code.Mine"\n  }\n}'
    (found,) = findings_of(read_document(text.encode(), "unet/config.json", "config"))
    assert (found.line, found.snippet) == (4, "other/repo--code.Mine")


@pytest.mark.parametrize(
    ("packages", "name", "found"),
    [
        ({}, "flash_attention_2", False),
        ({"kernels"}, "flash_attention_2", True),
        ({"kernels", "flash-attn"}, "flash_attention_2", False),
        ({"kernels"}, "sonicmoe", True),
        ({"kernels"}, "sdpa", False),
        (set(), "evil/kernel", True),
    ],
)
def test_a_package_that_is_missing_is_a_kernel_where_kernels_are_fetched(monkeypatch, packages, name, found):
    """transformers takes a kernel from the Hub in its place, if it has the package for that."""
    monkeypatch.setattr(
        "gremio.trust.model_files.other_repositories.version_of", lambda package: package in packages and "1"
    )
    document = read_document(f'{{"_attn_implementation": "{name}"}}'.encode(), "text_encoder/config.json", "config")
    assert [f.code for f in findings_of(document)] == ["remote/named-kernel"] * found


def test_files_that_are_no_configs_are_judged_by_their_names_and_never_read():
    """Weights, pictures, compiled code, pickles; a pickle beside safetensors is nothing to know."""

    def never():
        raise AssertionError("it was read")

    paths = [
        "unet/a.safetensors",
        "unet/a.bin",
        "vae/a.bin",
        "old.ckpt",
        "x.png",
        "code.pyc",
        "native.so",
        "vocab.json",
    ]
    found = {f.file: (f.code, f.severity) for f in findings_in(dict.fromkeys(paths, never))}
    assert found == {
        "vae/a.bin": ("pickles/weights", "medium"),
        "old.ckpt": ("pickles/weights", "medium"),
        "code.pyc": ("native/compiled", "low"),
        "native.so": ("native/compiled", "low"),
    }


def test_a_link_that_leads_out_is_a_finding_and_is_not_read():
    """Its target is told."""
    (found,) = findings_in({"unet/config.json": lambda: b"{" * 10**6}, links={"unet/config.json": "/etc/token"})
    assert (found.code, found.severity, found.snippet) == ("files/link", "high", "/etc/token")


def test_a_library_may_be_a_file_of_the_repository():
    """Beside the component's weights or at the root; what the file of another component is called does not count."""
    index = {"model_index.json": lambda: b'{"unet": ["diffusers_modules.local.code", "U"], "vae": ["my.code", "V"]}'}
    files = dict.fromkeys(["unet/code.py", "my/code.py"])
    assert findings_in(index | files) == []
    found = findings_in(index | dict.fromkeys(["vae/code.py", "unet/my/code.py"]))
    assert {(f.code, f.snippet) for f in found} == {
        ("config/foreign-library", "diffusers_modules.local.code"),
        ("config/foreign-library", "my.code"),
    }


def test_a_model_is_read_as_a_whole(sd_folder, tmp_path):
    """A good one has nothing to tell; links are told and not read."""
    assert findings_of_model(FolderModel(sd_folder)) == []
    folder = shutil.copytree(sd_folder, tmp_path / "model")
    (folder / "unet" / "config.json").unlink()
    (folder / "unet" / "config.json").symlink_to(tmp_path / "token")
    assert [(f.code, f.file) for f in findings_of_model(FolderModel(folder))] == [("files/link", "unet/config.json")]


def test_an_adapter_beside_a_whole_model_is_fine():
    """transformers then loads the model that is there, whatever the adapter was trained on."""
    adapter = {"text_encoder/adapter_config.json": lambda: b'{"base_model_name_or_path": "openai/clip"}'}
    assert [f.code for f in findings_in(adapter)] == ["remote/named-model"]
    assert findings_in(adapter | {"text_encoder/config.json": lambda: b"{}"}) == []


@given(st.binary(max_size=60), st.sampled_from(["model_index.json", "a/config.json", "a/m.safetensors.index.json"]))
def test_any_bytes_can_be_read(data, file):
    """Nothing is raised, whatever a file holds."""
    findings_in({file: lambda: data})


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
_KEYS = [
    "auto_map",
    "_attn_implementation",
    "num_x",
    "vocab_file",
    "trust_remote_code",
    "weight_map",
    "_class_name",
    "b",
]


@given(
    st.dictionaries(st.sampled_from(_KEYS), _json, max_size=4), st.sampled_from(["model_index.json", "a/config.json"])
)
def test_any_document_can_be_judged(document, file):
    """Keys of interest with values of any kind raise nothing."""
    findings_in({file: lambda: json.dumps(document).encode()})
