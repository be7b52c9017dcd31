"""A tree of code in one line."""

from __future__ import annotations

import textwrap
from collections.abc import Callable

import pytest

from gremio.code import CodeTree, Origin

MakeTree = Callable[..., CodeTree]


@pytest.fixture
def make_tree() -> MakeTree:
    """Build a tree from ``{path: source}``; the first path is the entry."""

    def make(files: dict[str, str], entry: str | None = None) -> CodeTree:
        sources = {path: textwrap.dedent(text).encode() for path, text in files.items()}
        return CodeTree(sources, entry or next(iter(files)), Origin("local", "somewhere"))

    return make
