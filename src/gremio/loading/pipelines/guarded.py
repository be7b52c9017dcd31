"""While files of a model are loaded, what the libraries that load them may do."""

from __future__ import annotations

import pkgutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from transformers import dynamic_module_utils

from gremio.code.libraries.packages import is_packaged

_LIBRARIES = frozenset({"diffusers", "transformers", "accelerate", "huggingface_hub", "kernels", "peft", "tokenizers"})


class _Here(threading.local):
    """How many loads are going on in this thread, one inside the other."""

    depth = 0


_lock = threading.Lock()
_here = _Here()
_finders: dict[str, Any] = {}
_open = 0
_seconds = dynamic_module_utils.TIME_OUT_REMOTE_CODE


@contextmanager
def guarded() -> Iterator[None]:
    """Let diffusers and transformers import installed packages only, and ask nobody whether to run code.

    A config names the method of its quantisation, a backend, a backbone; libraries look for a package of that name and
    would take a folder of the current directory or beside the script for it. Other importers, community code among
    them, find what they always find, and so does every other thread. Instead of the question that transformers asks on
    the standard input, it raises; that holds for the whole process while anything is loaded.
    """
    with _lock:
        _here.depth += 1
        _count(1)
    try:
        yield
    finally:
        with _lock:
            _here.depth -= 1
            _count(-1)


def _count(change: int) -> None:
    """Set up for the first of all loads that are going on, in whatever threads, and clear away after the last."""
    global _open, _seconds
    _open += change
    if change > 0 and _open == 1:
        # No time to answer: transformers then refuses, as it does on machines where nobody could.
        _seconds, dynamic_module_utils.TIME_OUT_REMOTE_CODE = dynamic_module_utils.TIME_OUT_REMOTE_CODE, 0
        _finders.update({place: pkgutil.get_importer(place) for place in _own_places()})
        sys.path_importer_cache.update({place: _Curtain(finder) for place, finder in _finders.items()})
    elif _open == 0:
        dynamic_module_utils.TIME_OUT_REMOTE_CODE = _seconds
        sys.path_importer_cache.update(_finders)
        _finders.clear()


def _own_places() -> set[str]:
    """Where people keep their own modules: the current directory, and the script's."""
    places = set(filter(None, sys.path[:1]))
    with suppress(FileNotFoundError):  # a current directory that somebody removed holds no modules
        places.add(str(Path.cwd()))
    return {place for place in places if not _is_packaged(place)}


@cache
def _is_packaged(place: str) -> bool:
    return is_packaged(Path(place))


class _Curtain:
    """A finder for a folder that library code does not see into while its thread loads a model."""

    def __init__(self, finder: Any) -> None:
        self._finder = finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._finder, name)

    def find_spec(self, fullname: str, target: Any = None) -> ModuleSpec | None:
        if self._finder is None or (_here.depth and _importer() in _LIBRARIES):
            return None
        found: ModuleSpec | None = self._finder.find_spec(fullname, target)
        return found


def _importer() -> str:
    """The top package of the code that is importing, past the import system itself."""
    frame = sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith(
        ("importlib", "_frozen_importlib")
    ):
        frame = frame.f_back
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
