"""What the environment says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import gremio
from gremio.errors import OptionError
from gremio.machine.settings import Settings


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, {"endpoint": "https://huggingface.co", "offline": False, "policy": "default"}),
        ({"HF_HOME": "/hf"}, {"home": Path("/hf/gremio"), "cache_dir": Path("/hf/hub")}),
        ({"XDG_CACHE_HOME": "/xdg"}, {"home": Path("/xdg/huggingface/gremio")}),
        ({"HF_HOME": "/hf", "XDG_CACHE_HOME": "/xdg"}, {"home": Path("/hf/gremio")}),
        ({"HF_HOME": "~/hf"}, {"home": Path("~/hf/gremio").expanduser()}),
        ({"HF_HOME": "/hf", "GREMIO_HOME": "/g"}, {"home": Path("/g"), "cache_dir": Path("/hf/hub")}),
        ({"HF_HUB_CACHE": "/cache"}, {"cache_dir": Path("/cache")}),
        ({"HUGGINGFACE_HUB_CACHE": "/old"}, {"cache_dir": Path("/old")}),
        ({"HF_HUB_CACHE": "/cache", "HUGGINGFACE_HUB_CACHE": "/old"}, {"cache_dir": Path("/cache")}),
        ({"HF_ENDPOINT": "http://127.0.0.1:1/"}, {"endpoint": "http://127.0.0.1:1"}),
        ({"HF_ENDPOINT": ""}, {"endpoint": "https://huggingface.co"}),
        ({"HF_HUB_OFFLINE": "1"}, {"offline": True}),
        ({"HF_HUB_OFFLINE": "true"}, {"offline": True}),
        ({"HF_HUB_OFFLINE": "ON"}, {"offline": True}),
        ({"HF_HUB_OFFLINE": "0"}, {"offline": False}),
        ({"HF_HUB_OFFLINE": "no"}, {"offline": False}),
        ({"TRANSFORMERS_OFFLINE": "1"}, {"offline": True}),
        ({"DIFFUSERS_DISABLE_REMOTE_CODE": "yes"}, {"remote_code_disabled": True}),
        ({"DIFFUSERS_DISABLE_REMOTE_CODE": ""}, {"remote_code_disabled": False}),
        ({"GREMIO_POLICY": "approved"}, {"policy": "approved"}),
        ({"GREMIO_POLICY": ""}, {"policy": "default"}),
        ({"GREMIO_MIRROR": "a/b"}, {"mirror": "a/b"}),
        ({"GREMIO_GITHUB": "http://127.0.0.1/x/"}, {"github": "http://127.0.0.1/x"}),
    ],
)
def test_each_variable_means_what_it_means_everywhere(environ, expected):
    """One variable, one setting; an empty one is as good as none."""
    settings = Settings.from_environment(environ)
    assert {name: getattr(settings, name) for name in expected} == expected


@pytest.mark.parametrize("policy", ["Never", "none", "off", "1"])
def test_an_unknown_policy_is_refused(policy):
    """A policy that was mistyped never falls back to a laxer one."""
    with pytest.raises(OptionError, match="GREMIO_POLICY") as caught:
        Settings.from_environment({"GREMIO_POLICY": policy})
    assert "never" in caught.value.next_step


def test_the_environment_is_read_anew(monkeypatch):
    """A change counts from the next call on."""
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    assert Settings.from_environment().endpoint == "http://127.0.0.1:1"
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:2")
    assert Settings.from_environment().endpoint == "http://127.0.0.1:2"


@pytest.mark.parametrize("package", ["code", "sources", "trust", "loading/modules", "loading/components"])
def test_nothing_else_reads_the_environment(package):
    """``os.environ`` and ``os.getenv`` stand in ``settings.py`` only."""
    for path in (Path(gremio.__file__).parent / package).rglob("*.py"):
        names = {node.attr for node in ast.walk(ast.parse(path.read_bytes())) if isinstance(node, ast.Attribute)}
        assert not names & {"environ", "getenv"}, path
