"""A stand-in for an installed library."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.files import lay

from gremio.code.libraries import library, packages
from gremio.code.review import relocation
from gremio.code.review.classes import _library_kinds

MakeLibrary = Callable[..., library.Library]


@pytest.fixture
def make_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forget: Callable[[], None]) -> Iterator[MakeLibrary]:
    """Install a tiny diffusers (or the like) from ``{path: source}`` in front of the real one."""
    place = tmp_path / "site"

    def make(name: str, files: dict[str, str]) -> library.Library:
        lay(place / name, {path: textwrap.dedent(text) for path, text in {"__init__.py": "", **files}.items()})
        monkeypatch.setattr(sys, "path", [str(place)])
        forget()
        made = library.library(name)
        assert made is not None
        return made

    yield make
    monkeypatch.undo()
    forget()


@pytest.fixture
def forget() -> Callable[[], None]:
    """What a process remembers of the installed libraries, forgotten."""

    def forget_all() -> None:
        packages.package_root.cache_clear()
        library.library.cache_clear()
        library._parse_file.cache_clear()
        relocation._relocated.cache_clear()
        _library_kinds.clear()

    return forget_all
