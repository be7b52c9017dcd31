"""Code as authors have it: modules of their own, imported the plain way."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.files import lay

UNET = """
from diffusers import UNet2DConditionModel
from layers import scale


class BaseNet(UNet2DConditionModel):
    def forward(self, *args, **kwargs):
        return scale(super().forward(*args, **kwargs))
"""
FINAL = """
from base_net import BaseNet


class FinalNet(BaseNet):
    pass
"""
PIPELINE = """
from diffusers import StableDiffusionPipeline
import wrapping


class AuthorPipeline(StableDiffusionPipeline):
    @property
    def style(self):
        return wrapping.wrapped("plain")
"""

AUTHOR = {
    "base_net.py": UNET,
    "final_net.py": FINAL,
    "layers.py": "from deep import ONE\n\n\ndef scale(output):\n    return output\n",
    "deep.py": "ONE = 1\n",
    "author_pipeline.py": PIPELINE,
    "wrapping.py": "from brackets import LEFT, RIGHT\n\n\ndef wrapped(text):\n    return LEFT + text + RIGHT\n",
    "brackets.py": 'LEFT, RIGHT = "()"\n',
}


def _forget(*tops: str) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
        del sys.modules[name]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list[ModuleType]]]:
    """``modules({"mine.py": text}, "mine")``: write files to a folder on the import path, and import some of them."""
    folder = tmp_path / "author"
    names: list[str] = []

    def write(files: dict[str, str], *wanted: str) -> list[ModuleType]:
        lay(folder, files)
        names.extend(name.removesuffix(".py").partition("/")[0] for name in files)
        importlib.invalidate_caches()
        return [importlib.import_module(name) for name in wanted]

    monkeypatch.syspath_prepend(str(folder))
    yield write
    _forget(*names)


@pytest.fixture
def authors(modules: Callable[..., list[ModuleType]]) -> dict[str, Any]:
    """The author's classes by name, each from its file, with helpers that import helpers."""
    pipeline, unet = modules(AUTHOR, "author_pipeline", "final_net")
    return {"AuthorPipeline": pipeline.AuthorPipeline, "FinalNet": unet.FinalNet}
